"""Every text on the page, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterator

from core.limits import CLIPS_ON_THE_PAGE
from ui.languages import Text

TITLE = "Latent Jam"
TAGLINE = Text(
    "Beats and tunes that nobody wrote. Sample, blend, play them like a drummer, take the MIDI with you.",
    "没有人写过的节拍与旋律。采样、融合，像鼓手一样演奏，再把 MIDI 带走。",
)
FOOTER = Text(
    "MusicVAE (Roberts et al. 2018) and GrooVAE (Gillick et al. 2019), trained here on the Groove MIDI Dataset and "
    "POP909. Clips are yours to use; same seed and settings, same music.",
    "MusicVAE（Roberts 等，2018）与 GrooVAE（Gillick 等，2019），由我们用 Groove MIDI Dataset 和 POP909 训练。"
    "片段归你使用；种子和设置相同，音乐就相同。",
)

DUPLICATE = Text("Duplicate this Space", "复制这个 Space")

SAMPLE_TAB = Text("Sample", "采样")
INTERPOLATE_TAB = Text("Interpolate", "插值")
GROOVE_TAB = Text("Groove", "律动")

MODEL = Text("Model", "模型")
MODEL_INFO = Text(
    "What the clips are drawn from. Magenta's models are downloaded when they are first used.",
    "片段从哪里抽取。Magenta 的模型在第一次使用时下载。",
)
IN_THE_BOX = Text("In the box · {what}", "自带 · {what}")
PUBLISHED = Text("Magenta, {megabytes} MB · {name}: {what}", "Magenta，{megabytes} MB · {name}：{what}")
YOURS = Text("Yours · {name}: {what}", "你的 · {name}：{what}")
BUNDLED = {
    "drums_2bar.lokl": Text("drums, 2 bars: new beats", "鼓，2 小节：新节拍"),
    "drums_2bar.hikl": Text("drums, 2 bars: the wider space used for blending", "鼓，2 小节：用于融合的更宽的空间"),
    "melody_2bar": Text("melody, 2 bars", "旋律，2 小节"),
    "melody_16bar": Text("melody, 16 bars", "旋律，16 小节"),
    "trio_16bar": Text("trio, 16 bars: melody, bass and drums", "三重奏，16 小节：旋律、贝斯和鼓"),
    "groove_2bar_humanize": Text("a drummer", "一位鼓手"),
    "groove_2bar_tap": Text("a drummer who hears taps", "一位听你敲击的鼓手"),
    "groove_2bar_add_closed_hh": Text("a hi-hat player", "一位踩镲手"),
}
PLAYS_BARS = {
    "drums": Text("drums, {bars} bars", "鼓，{bars} 小节"),
    "melody": Text("melody, {bars} bars", "旋律，{bars} 小节"),
    "band": Text("trio, {bars} bars", "三重奏，{bars} 小节"),
}
BLENDER_INFO = Text(
    "“The one in the box” fits any two clips. Magenta's are downloaded when they are first used.",
    "“自带的模型”适合任何两个片段。Magenta 的模型在第一次使用时下载。",
)
THE_ONE_IN_THE_BOX = Text("The one in the box", "自带的模型")
WRONG_MODEL = Text(
    "{name} blends {its_kind} of {its_bars} bars, and A and B are {kind} of {bars}. Choose another model.",
    "{name} 融合的是 {its_bars} 小节的{its_kind}，而 A 和 B 是 {bars} 小节的{kind}。请换一个模型。",
)
DRUMMER = Text("Who plays", "谁来演奏")
DRUMMER_INFO = Text("Magenta's models are downloaded when they are first used.", "Magenta 的模型在第一次使用时下载。")
COUNT = Text("Number of clips", "片段数量")
TEMPERATURE = Text("Temperature", "温度")
TEMPERATURE_INFO = Text(
    "Low plays it safe: the likeliest clips, much alike. High takes risks: rarer clips, more stumbles.",
    "低则稳妥：最可能的片段，彼此相像。高则冒险：更少见的片段，也更容易出错。",
)
LOOP = Text("Loop", "循环")
KEYS = Text(
    "Space plays, 1 to 8 choose a clip, G makes new ones; a click on a roll goes there.",
    "空格键播放，1 到 8 选择片段，G 生成新的；点击卷帘谱可跳到那里。",
)
_COLOPHON = '{about} <span class="keys">{keys}</span>'
COLOPHON = Text(_COLOPHON, _COLOPHON).filled(about=FOOTER, keys=KEYS)
SOUND = Text("Sound of melodies", "旋律的音色")
SOUND_INFO = Text(
    "Only for listening: the MIDI file leaves the choice to you.", "只用于试听：MIDI 文件里的音色由你决定。"
)
# General MIDI programs, by name.
SOUNDS = [
    (Text("Grand piano", "三角钢琴"), 0),
    (Text("Electric piano", "电钢琴"), 4),
    (Text("Vibraphone", "颤音琴"), 11),
    (Text("Nylon guitar", "尼龙弦吉他"), 24),
    (Text("Violin", "小提琴"), 40),
    (Text("Choir", "合唱"), 52),
    (Text("Trumpet", "小号"), 56),
    (Text("Flute", "长笛"), 73),
    (Text("Square lead", "方波主音"), 80),
]
BARS = Text("Bars a clip", "每个片段的小节数")
BARS_INFO = Text(
    "As in the link that was opened; empty for the model's own length.", "与打开的链接一致；留空则用模型自己的长度。"
)
SAME_Z = Text("Same region of the latent space", "潜空间的同一区域")
SAME_Z_INFO = Text(
    "All clips start from one point: variations of one idea rather than different ideas.",
    "所有片段从同一点出发：同一个乐思的变化，而不是不同的乐思。",
)
SEED = Text("Seed", "种子")
SEED_INFO = Text("Same seed and settings, same clips.", "种子和设置相同，片段就相同。")
NEW_SEED = Text("A new seed each time", "每次用新的种子")
DICE = "⚄"
DICE_LABEL = Text("Draw a new seed", "抽一个新种子")
QPM = Text("Tempo (qpm)", "速度（每分钟四分音符数）")
GENERATE = Text("Generate", "生成")
SURPRISE = Text("Surprise me: sample, blend and play", "给我惊喜：采样、融合并演奏")
MIDI = "MIDI"
ALL_AS_ZIP = Text("Everything as one zip", "全部打包为 zip")
RESULT_GONE = Text(
    "This result is no longer here: the page was asleep for too long. Make it again, then take the zip.",
    "这个结果已经不在了：页面休眠太久。请重新生成，再下载 zip。",
)
COPY_LINK = Text("Copy link", "复制链接")
LINK = Text("Link to this result", "这个结果的链接")
LINK_COPIED = Text(
    "Copied. Whoever opens the link hears this and can change it.", "已复制。打开链接的人会听到它，也可以修改它。"
)
COPY_YOURSELF = Text(
    "Your browser did not let the page copy. The link is selected above: copy it from there.",
    "你的浏览器不允许页面复制。链接已在上方选中：请从那里复制。",
)
BRINGING_BACK = Text("Bringing back what you had here…", "正在恢复你之前的内容……")
OPENING = Text("Opening the link: the music is made again from its recipe…", "正在打开链接：音乐正按它的配方重新生成……")
PLAY_ELSEWHERE = Text(
    "The command line plays it: python -m core play, then the link in quotation marks.",
    "命令行可以播放它：python -m core play，后面是放在引号里的链接。",
)
TOO_MANY_FOR_THE_PAGE = Text(
    "This link makes {count} clips, and the page shows at most {most}.",
    "这个链接会生成 {count} 个片段，而页面最多显示 {most} 个。",
)
NOT_IN_THE_MENU = Text(
    "This link was made with {model}, which this page does not offer.", "这个链接用的是 {model}，本页面没有这个模型。"
)
OTHER_MODEL = Text(
    "This path was made with {model}. A new one will be made with {ours}.",
    "这条路径是用 {model} 生成的。新的路径将用 {ours} 生成。",
)
# By operation, while there is nothing to show.
EMPTY = {
    "sample": Text(
        "<h3>Nothing here yet</h3><p>Press <b>Generate</b>. Each clip comes as a piano roll, "
        "a player, and a MIDI file that loops in your DAW. From there, blend two of them or play them like a drummer; "
        "<b>Surprise me</b> does all of it at once.</p>",
        "<h3>这里还什么都没有</h3><p>按<b>生成</b>。每个片段都有卷帘谱、播放器和可以在你的 DAW 里循环的 MIDI 文件。"
        "然后可以融合其中两个，或让鼓手来演奏；<b>给我惊喜</b>一次完成所有这些。</p>",
    ),
    "interpolate": Text(
        "<h3>From one clip to another</h3><p>Fill <b>A</b> and <b>B</b> with two beats or two melodies: from the clips "
        "of the Sample tab, a MIDI file or the examples. The path between them is one long piece.</p>",
        "<h3>从一个片段到另一个</h3><p>给 <b>A</b> 和 <b>B</b> 放上两个节拍或两段旋律："
        "来自“采样”页的片段、MIDI 文件或示例。两者之间的路径就是一首长曲。</p>",
    ),
    "groove": Text(
        "<h3>Played by a drummer</h3><p>Take a clip, the path between two, your own drums or a tapped rhythm. "
        "You get it back with a drummer's timing and touch, the way it was above the way it is.</p>",
        "<h3>由鼓手演奏</h3><p>可以是一个片段、两个片段之间的路径、你自己的鼓，或敲出来的节奏。"
        "它会带着鼓手的节奏感和触感回来，上面是原样，下面是演奏后的样子。</p>",
    ),
}
OR_TRY = Text("Or try:", "或者试试：")
TRIES = {
    "beats": Text("four beats", "四个节拍"),
    "tunes": Text("four short melodies", "四段短旋律"),
    "band": Text("a band, 16 bars", "一支乐队，16 小节"),
    "rock": Text("from rock to bossa nova", "从摇滚到波萨诺瓦"),
    "tune": Text("from one melody to another", "从一段旋律到另一段"),
    "boom": Text("boom bap, played by a drummer", "由鼓手演奏的 boom bap"),
    "clave": Text("a tapped clave, turned into drums", "把敲出来的 clave 变成鼓"),
}
STOP = Text("Stop", "停止")
WAITING = Text("Playing…", "正在演奏……")
MADE_IN_SECONDS = Text(
    "{count} made with seed {seed} in {seconds:.1f} seconds.", "用种子 {seed} 生成了{count}，用时 {seconds:.1f} 秒。"
)
ONE_CLIP = Text("1 clip", " 1 个片段")
CLIPS = Text("{count} clips", " {count} 个片段")
CLIP = Text("Clip {number}", "片段 {number}")
CLIPS_NUMBERED = [CLIP.filled(number=number) for number in range(1, CLIPS_ON_THE_PAGE[1] + 1)]
PICTURES_AND_SOUND = Text("Drawing and rendering sound", "正在绘图和渲染声音")
BROKEN = Text(
    "Something went wrong on our side, not with your settings. What you had is still here; please try again.",
    "是我们这边出了问题，不是你的设置。你原来的内容都还在；请再试一次。",
)

# What of a band can be heard.
PARTS = {
    "mix": Text("All", "全部"),
    "melody": Text("Melody", "旋律"),
    "bass": Text("Bass", "贝斯"),
    "drums": Text("Drums", "鼓"),
}
_PART_OF = Text("What to hear of {clip}", "{clip}：听哪一部分")
PART_OF = [_PART_OF.filled(clip=clip) for clip in CLIPS_NUMBERED]
# What can be done with a clip, by the place that it goes to.
USES = {"a": Text("Use as A", "用作 A"), "b": Text("Use as B", "用作 B"), "groove": Text("Humanise", "人性化")}
NOW_IN_SLOT = Text(
    "{what} is {slot} on the Interpolate tab. Now choose {other}.",
    "{what}现在是“插值”页上的 {slot}。接着选择 {other}。",
)
ONE_STEP_FOR_SLOT = Text(
    "A and B each take one step of the path: choose which one, then press again.",
    "A 和 B 各只能放路径中的一步：先选择哪一步，再按一次。",
)

UPLOAD = Text("Upload MIDI", "上传 MIDI")
EXAMPLE = Text("Examples…", "示例……")
EXAMPLES = {
    "Straight rock": Text("Straight rock", "直拍摇滚"),
    "Four on the floor": Text("Four on the floor", "四踩到底"),
    "Boom bap": Text("Boom bap", "Boom bap 嘻哈"),
    "Bossa nova": Text("Bossa nova", "波萨诺瓦"),
    "Second line": Text("Second line", "新奥尔良 Second line"),
    "Train beat": Text("Train beat", "火车节奏"),
    "Chopped break": Text("Chopped break", "切碎的 Break"),
    "Trap hats": Text("Trap hats", "Trap 踩镲"),
    "Tom groove": Text("Tom groove", "通鼓律动"),
    "Walking home": Text("Walking home", "走回家"),
    "Pentatonic hook": Text("Pentatonic hook", "五声音阶动机"),
    "Blues lick": Text("Blues lick", "布鲁斯乐句"),
    "Minor arpeggio": Text("Minor arpeggio", "小调琶音"),
    "Slow ballad": Text("Slow ballad", "慢板抒情"),
    "Tap: son clave": Text("Tap: son clave", "敲击：颂 clave"),
    "Tap: tresillo": Text("Tap: tresillo", "敲击：tresillo"),
    "Tap: four to the bar with a push": Text("Tap: four to the bar with a push", "敲击：每小节四下，带一个抢拍"),
}
SLOT_NAMES = {"a": Text("A", "A"), "b": Text("B", "B"), "groove": Text("Input", "输入")}
_EXAMPLE_FOR = Text("Example for {slot}", "{slot} 的示例")
EXAMPLE_FOR = {place: _EXAMPLE_FOR.filled(slot=name) for place, name in SLOT_NAMES.items()}
SLOT_EMPTY = {
    "a": Text(
        "<b>A</b> is empty. Press “Use as A” on a clip, upload a MIDI file, or take an example.",
        "<b>A</b> 还是空的。在片段上按“用作 A”，上传 MIDI 文件，或选一个示例。",
    ),
    "b": Text(
        "<b>B</b> is empty. Press “Use as B” on a clip, upload a MIDI file, or take an example.",
        "<b>B</b> 还是空的。在片段上按“用作 B”，上传 MIDI 文件，或选一个示例。",
    ),
    "groove": Text(
        "<b>Input</b> is empty. Press “Humanise” on a clip or a path, upload drums, take an example, or tap.",
        "<b>输入</b>还是空的。在片段或路径上按“人性化”，上传鼓，选一个示例，或自己敲击。",
    ),
}
IN_SLOT = Text("{slot}: {clip} · {bars} bars at {qpm:g}", "{slot}：{clip} · {bars} 小节，速度 {qpm:g}")
UNNAMED = Text("a clip", "一个片段")
CHOOSE_WINDOW = Text(
    "The file holds {count} different parts: choose one.", "文件里有 {count} 个不同的部分：请选择一个。"
)
KINDS = {"drums": Text("drums", "鼓"), "melody": Text("a melody", "旋律"), "band": Text("a trio", "三重奏")}
TWO_KINDS = Text(
    "A is {a} of {a_bars} bars and B is {b} of {b_bars}: choose two of a kind and length, then press again.",
    "A 是 {a_bars} 小节的{a}，B 是 {b_bars} 小节的{b}：请选择种类和长度相同的两个，再按一次。",
)
NO_MODEL = Text(
    "No model blends {what} of {bars} bars. Choose clips of {known}.",
    "没有模型能融合 {bars} 小节的{what}。请选择 {known} 小节的片段。",
)
OR = Text(" or ", " 或 ")
AND = Text(" and ", " 和 ")
LENGTH = Text("What to take of MIDI files", "从 MIDI 文件里取什么")
LENGTHS = [
    (Text("2 bars: drums or a melody", "2 小节：鼓或旋律"), 2),
    (Text("16 bars: a melody or a trio", "16 小节：旋律或三重奏"), 16),
]
DRUMS_ONLY = Text(
    "{what} is a melody: only drums can be played like a drummer. Use it as A or B instead.",
    "{what}是旋律：只有鼓才能由鼓手来演奏。可以把它用作 A 或 B。",
)

STEPS = Text("Steps", "步数")
STEPS_INFO = Text("How many clips the path has, A and B included.", "路径有多少个片段，A 和 B 也算在内。")
PATH_TEMPERATURE_INFO = Text(
    "Low takes the likeliest clip at each point between A and B, high strays from it.",
    "低则在 A 与 B 之间的每一点取最可能的片段，高则会偏离它。",
)
OWN_ENDS = Text("Begin and end with A and B as they are", "以原样的 A 和 B 开始和结束")
OWN_ENDS_INFO = Text("Otherwise with what the model makes of them.", "否则用模型还原出的 A 和 B。")
INTERPOLATE = Text("Interpolate", "插值")
SLOT_MISSING = Text(
    "{slots} is still empty: press “Use as …” on a clip, upload a MIDI file, or take an example.",
    "{slots} 还是空的：在片段上按“用作……”，上传 MIDI 文件，或选一个示例。",
)
PATH_TITLE = Text("From A to B: {steps} steps, {bars} bars", "从 A 到 B：{steps} 步，{bars} 小节")
PATH_MADE = Text(
    "{steps} steps made with seed {seed} in {seconds:.1f} seconds.",
    "用种子 {seed} 生成了 {steps} 步，用时 {seconds:.1f} 秒。",
)
STEP = Text("Step", "步")
ALL_STEPS = Text("The whole path", "整条路径")
STEP_NUMBER = Text("Step {number}", "第 {number} 步")

MODE = Text("What to do", "做什么")
HUMANISE = Text("Humanise", "人性化")
TAP_TO_DRUMS = Text("Tap to drums", "敲击变鼓")
ADD_HI_HAT = Text("Add hi-hat", "加上踩镲")
AMOUNT = Text("Timing", "节奏偏移")
AMOUNT_INFO = Text("0 as it was, 1 as the drummer plays, more exaggerates.", "0 为原样，1 为鼓手的演奏，再大则是夸张。")
DYNAMICS = Text("Dynamics", "力度")
DYNAMICS_INFO = Text("The same for how hard each drum is struck.", "同样的道理，用于每一下敲得多重。")
KEEP_NOTES = Text("Keep the notes", "保留音符")
KEEP_NOTES_INFO = Text(
    "Every note stays and none is added: only timing and dynamics change. Taps always become new notes.",
    "每个音符都保留，也不增加：只改变节奏和力度。敲击总会变成新的音符。",
)
KEEP_DYNAMICS = Text("Build on the input's dynamics", "以输入的力度为基础")
KEEP_DYNAMICS_INFO = Text(
    "Accents are laid on the velocities that are there, for beats that have dynamics already.",
    "在原有的力度上加重音，适合本来就有力度变化的节拍。",
)
FEEL_TEMPERATURE_INFO = Text(
    "Low plays the safest feel, high a freer one. The seed decides which.",
    "低则是最稳妥的感觉，高则更自由。由种子决定是哪一种。",
)
GROOVE = Text("Groove", "律动")
GROOVE_MISSING = Text(
    "There is no input yet: press “Humanise” on a clip, upload drums, take an example, or tap a rhythm.",
    "还没有输入：在片段上按“人性化”，上传鼓，选一个示例，或敲一段节奏。",
)
GROOVE_MADE = Text(
    "{bars} bars played with seed {seed} in {seconds:.1f} seconds.",
    "用种子 {seed} 演奏了 {bars} 小节，用时 {seconds:.1f} 秒。",
)
BEFORE = Text("As it was", "原样")
AFTER = Text("As played", "演奏后")

TAP_PAD = Text("Tap a rhythm", "敲一段节奏")
TAP_START = Text("Start the metronome", "启动节拍器")
TAP_HERE = Text("Tap here", "敲这里")
TAP_HINT = Text(
    "Four beats count in, then tap for two bars: with the pointer, or with the space bar. The tempo is the one below.",
    "先数四拍，然后敲两小节：用鼠标、手指或空格键。速度是下面的那个。",
)
_PAD = f"""
<div class="pad" data-state="idle">
  <button type="button" class="start">{{start}}</button>
  <div class="lights" aria-hidden="true">{"<i></i>" * 12}</div>
  <button type="button" class="tap" disabled>{{here}}</button>
  <p class="hint" aria-live="polite">{{hint}}</p>
</div>
"""
PAD = Text(_PAD, _PAD).filled(start=TAP_START, here=TAP_HERE, hint=TAP_HINT)

SURPRISE_SAMPLING = Text("Sampling two beats", "正在采样两个节拍")
SURPRISE_BLENDING = Text("Finding the path between them", "正在寻找两者之间的路径")
SURPRISE_PLAYING = Text("Playing it like a drummer", "正在像鼓手一样演奏")
SURPRISE_MADE = Text(
    "Two beats (seed {seed}), {bars} bars from one to the other, and the same played: in {seconds:.1f} seconds.",
    "两个节拍（种子 {seed}），从一个到另一个的 {bars} 小节，以及它的演奏：用时 {seconds:.1f} 秒。",
)

# Of the queue, and for programs.
YOU_ARE_NEXT = Text("You are next.", "下一位就是你。")
ONE_AHEAD = Text("One person is ahead of you.", "你前面还有 1 人。")
AHEAD = Text("{count} people are ahead of you.", "你前面还有 {count} 人。")
ABOUT_SECONDS = Text("{ahead} About {seconds} seconds.", "{ahead}大约 {seconds} 秒。")
QUEUE_FULL = Text(
    "{count} people are waiting already, and there is no place for one more. What you had is still here: try again in "
    "a minute.",
    "已有 {count} 人在等，暂时没有位置了。你原来的内容都还在：请过一分钟再试。",
)
ENOUGH_OF_VISIT = Text(
    "{count} requests of yours are here already. Wait for one of them, or stop it, then ask again.",
    "你已有 {count} 个请求在这里。等其中一个完成，或停止它，然后再试。",
)
ENOUGH_OF_ADDRESS = Text(
    "{count} requests from your network are here already. Try again when some of them are done.",
    "你的网络已有 {count} 个请求在这里。等其中一些完成后再试。",
)
STOPPED = Text("This was stopped. What you had is still here.", "已停止。你原来的内容都还在。")
TOO_LONG = Text(
    "This took more than {seconds:.0f} seconds and was stopped. Ask for fewer or shorter clips, or try again when "
    "fewer people are here.",
    "超过 {seconds:.0f} 秒，已停止。请减少或缩短片段，或等人少的时候再试。",
)
RESULT_FORGOTTEN = Text(
    "This result is no longer here: the page was asleep for too long. Make it again, then use it.",
    "这个结果已经不在了：页面休眠太久。请重新生成，再使用它。",
)
WRONG_COUNT = Text(
    "This takes {expected} arguments, not {given}. “Use via API” at the foot of the page lists them.",
    "这里需要 {expected} 个参数，而不是 {given} 个。页面底部的“通过 API 使用”列出了它们。",
)
WRONG_ARGUMENT = Text(
    "“{name}” must be {what}. “Use via API” at the foot of the page shows an example.",
    "“{name}”必须是{what}。页面底部的“通过 API 使用”有示例。",
)
A_NUMBER = Text("a number", "数字")
A_TEXT = Text("a text", "文字")
A_CHOICE = Text("one of the choices", "选项之一")
YES_OR_NO = Text("true or false", "true 或 false")
A_FILE = Text("an uploaded file", "上传的文件")
FILE_GONE = Text("The file is not here, or no longer. Upload it again.", "文件不在这里，或已经不在了。请重新上传。")
NO_ANSWER = Text(
    "This could not be answered. Look at what you sent, or try again in a minute.",
    "无法回答。请检查你发送的内容，或过一分钟再试。",
)
NO_SUCH_FUNCTION = Text(
    "There is no such function here. “Use via API” at the foot of the page lists them all.",
    "这里没有这个功能。页面底部的“通过 API 使用”列出了所有功能。",
)
TOO_MUCH_SENT = Text(
    "This is more than the {megabytes} MB that a request may bring.", "这超过了一个请求可以带来的 {megabytes} MB。"
)
CLOSED = Text("This page does not offer that.", "本页面不提供这个。")


def constants() -> Iterator[Text]:
    """All of the above."""
    for value in list(globals().values()):
        if isinstance(value, Text):
            yield value
        elif isinstance(value, dict):
            yield from (text for text in value.values() if isinstance(text, Text))
        elif isinstance(value, list):
            yield from (each if isinstance(each, Text) else each[0] for each in value)


def example(name: str) -> Text | str:
    """The name of an example clip, or of any other."""
    return EXAMPLES.get(name, name)
