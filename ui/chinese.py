"""Chinese (simplified), for what `core` says: the templates of its sentences, and words that they hold.

The reader is 你, and is told what to do with 请. One word for a thing, everywhere:

    clip 片段            bar 小节             beat 节拍, hit 鼓点    note 音符
    drums 鼓             drummer 鼓手         melody 旋律            bass 贝斯
    trio 三重奏          track 音轨           tap 敲击               part (of a file) 部分
    tempo 速度           metre 拍号           4-4 4/4 拍             velocity, dynamics 力度
    timing 节奏偏移      groove 律动          humanise 人性化        feel 感觉
    sample 采样          interpolate 插值     blend 融合             path 路径, its steps 步
    model 模型           checkpoint 检查点    weights 权重           latent space 潜空间
    temperature 温度     seed 种子            recipe 配方            link 链接
    fetch 下载           cache 缓存           example 示例           SoundFont 音色库

MIDI, Magenta, names of files, settings and formats stay as they are. Signs of punctuation are full-width, quotation
marks “ ”; a space stands between Chinese and a number or a Latin word.
"""

from __future__ import annotations

# English → Chinese; the fields in braces are the same on both sides.
SENTENCES: dict[str, str] = {
    # Joined sentences and words.
    "{first} {second}": "{first}{second}",
    "{first}, {second}": "{first}、{second}",
    "{first}; {second}": "{first}；{second}",
    "{names}, …": "{names}等",
    # Names of settings, and what is wrong with one.
    "The seed": "种子",
    "The temperature": "温度",
    "The tempo": "速度",
    "The amount of timing": "节奏偏移的强度",
    "The amount of dynamics": "力度变化的强度",
    "The number of clips": "片段数量",
    "The number of steps": "步数",
    "The number of bars": "小节数",
    "empty": "空",
    "{what} must be a number from {least:g} to {most:g}, not {value}.": (
        "{what}必须是 {least:g} 到 {most:g} 之间的数，不能是“{value}”。"
    ),
    "{what} must be a whole number from {least} to {most}, not {value}.": (
        "{what}必须是 {least} 到 {most} 之间的整数，不能是“{value}”。"
    ),
    # Recipes and links.
    "sample": "采样",
    "interpolate": "插值",
    "groove": "律动",
    "The operation must be one of {known}, not {operation}.": "操作必须是 {known} 之一，不能是“{operation}”。",
    "This recipe is damaged.": "这份配方已损坏。",
    "To {operation}, no input clips are needed, not {count}.": "{operation}不需要输入片段，但收到了 {count} 个。",
    "To {operation}, 1 input clip is needed, not {count}.": "{operation}需要 1 个输入片段，但收到了 {count} 个。",
    "To {operation}, {needed} input clips are needed, not {count}.": (
        "{operation}需要 {needed} 个输入片段，但收到了 {count} 个。"
    ),
    "At most {most} bars can be humanised at once, not {bars}. Choose a part.": (
        "一次最多能人性化 {most} 小节，这里有 {bars} 小节。请选取其中一部分。"
    ),
    "These clips hold too many notes for a link. Send the MIDI file instead.": (
        "这些片段的音符太多，放不进链接。请直接发送 MIDI 文件。"
    ),
    "This is no recipe.json of Latent Jam, or it is damaged. Take it from the zip again.": (
        "这不是 Latent Jam 的 recipe.json，或者它已损坏。请从 zip 里重新取出。"
    ),
    "In this recipe.json the {setting} was changed, but the settings there are only for reading. Make the music anew "
    "with other settings instead.": (
        "这份 recipe.json 里的 {setting} 被改过，但其中的设置只供查看。想用别的设置，请重新生成音乐。"
    ),
    "This link is damaged or incomplete. Ask for it again, or start from a new clip.": (
        "这个链接已损坏或不完整。请让对方重新发送，或者从新的片段开始。"
    ),
    "This link was made by another version of Latent Jam and cannot be opened here.": (
        "这个链接来自另一个版本的 Latent Jam，无法在这里打开。"
    ),
    # MIDI files that cannot be read.
    "This file": "这个文件",
    "{file} is larger than {most} MiB. Export only the part you need.": (
        "{file}超过了 {most} MiB。请只导出你需要的部分。"
    ),
    "{file} is not a MIDI file, or it is damaged. Export it again as Standard MIDI (.mid).": (
        "{file}不是 MIDI 文件，或者已损坏。请重新导出为标准 MIDI（.mid）。"
    ),
    "{file} counts time in frames of film (SMPTE), not in beats. Export it again with a tempo.": (
        "{file}按影片帧（SMPTE）计时，而不是按拍。请带上速度重新导出。"
    ),
    "{file} has more than {most:,} notes. Export only the part you need.": (
        "{file}的音符超过了 {most:,} 个。请只导出你需要的部分。"
    ),
    "{file} changes its tempo all the time, as a performance without a click does. Set one tempo in your DAW and "
    "export it again.": "{file}的速度一直在变，像没有跟节拍器的演奏。请在 DAW 里设定一个速度，再重新导出。",
    "{file} lasts more than {minutes} minutes or {bars:,} bars. Export only the part you need.": (
        "{file}超过了 {minutes} 分钟或 {bars:,} 小节。请只导出你需要的部分。"
    ),
    "{file} has no notes in it.": "{file}里没有音符。",
    # What was taken of an upload.
    "drums": "鼓",
    "melody": "旋律",
    "bass": "贝斯",
    "melody, bass and drums": "旋律、贝斯和鼓",
    "notes": "音符",
    "hits": "鼓点",
    "Drums": "鼓",
    "Trio": "三重奏",
    "Track {number}": "音轨 {number}",
    "1 bar": "1 小节",
    "{bars} bars": "{bars} 小节",
    "Bar {last}": "第 {last} 小节",
    "Bars {first}–{last}": "第 {first}–{last} 小节",
    "{track} · {bars}": "{track} · {bars}",
    "There is nothing in “{name}” that could be used.": "“{name}”里没有可用的内容。",
    "The first {count} different parts are shown, there are more.": "这里列出前 {count} 个不同的部分，后面还有。",
    "Only its first {most} bars were searched.": "只搜索了它的前 {most} 小节。",
    "“{name}” has only {length} of {what} in 4-4, and {bars} are needed. Loop it to {bars} bars.": (
        "“{name}”里 4/4 拍的{what}只有 {length}，而这里需要 {bars} 小节。请把它循环到 {bars} 小节。"
    ),
    "“{name}” has no {bars} bars in a row with {what} in each. Choose a denser part.": (
        "“{name}”里没有连续 {bars} 个小节都有{what}。请选一个更密集的部分。"
    ),
    "Its tempo or metre changes: the part with the most hits was taken, {length}.": (
        "它的速度或拍号有变化：取了鼓点最多的部分，共 {length}。"
    ),
    "The first {most} bars were taken.": "取了前 {most} 小节。",
    "Notes beyond the range of a piano were moved by octaves.": "超出钢琴音域的音符已移动若干个八度。",
    "Where several notes begin together, the highest was taken.": "几个音符同时开始时，取了最高的一个。",
    "None of the notes in “{name}” has an end. Export it again from your DAW.": (
        "“{name}”里的音符都没有结束。请从 DAW 重新导出。"
    ),
    "Nothing is on channel 10; the track {names} was taken as drums.": "通道 10 上没有内容，音轨{names}被当作鼓。",
    "The trio: melody from “{melody}”, bass from “{bass}”, and the drums.": (
        "三重奏：旋律来自“{melody}”，贝斯来自“{bass}”，再加上鼓。"
    ),
    "The drums were taken": "取了鼓",
    "The melody was taken": "取了旋律",
    "The trio was taken": "取了三重奏",
    "{count} tracks can be chosen": "有 {count} 条音轨可选",
    "{choice}, 1 other track was left out.": "{choice}，另有 1 条音轨没有使用。",
    "{choice}, {others} other tracks were left out.": "{choice}，另有 {others} 条音轨没有使用。",
    "There are no drums in “{name}”. Put them on MIDI channel 10, or give their track a name with “drums” in it.": (
        "“{name}”里没有鼓。请把鼓放到 MIDI 通道 10，或者给它的音轨起一个带“drums”的名字。"
    ),
    "There is no melody in “{name}”: all its notes are drums. Take drums for both A and B.": (
        "“{name}”里没有旋律：全部音符都是鼓。请让 A 和 B 都用鼓。"
    ),
    "A trio needs a melody, a bass and drums, each on a track of its own, and in “{name}” {missing}.": (
        "三重奏需要旋律、贝斯和鼓，各占一条音轨，而“{name}”里{missing}。"
    ),
    "there are no drums on channel 10": "通道 10 上没有鼓",
    "beside drums it has only {lines} of the two": "除了鼓，另外两样只有 {lines} 样",
    "Its tempo of {qpm:.0f} is out of our range and was changed to {changed:.0f}.": (
        "它的速度 {qpm:.0f} 超出了可用范围，已改为 {changed:.0f}。"
    ),
    "The drums in “{name}” are not in 4-4, the only metre that the models know.": (
        "“{name}”里的鼓不是 4/4 拍，而模型只懂 4/4 拍。"
    ),
    "The notes in “{name}” are not in 4-4, the only metre that the models know.": (
        "“{name}”里的音符不是 4/4 拍，而模型只懂 4/4 拍。"
    ),
    "Bars in other metres than 4-4 were left out.": "不是 4/4 拍的小节没有使用。",
    "Its {notes} do not follow the sixteenth notes of its tempo, so they were moved to the nearest. If it was played "
    "without a click, set its tempo in your DAW first.": (
        "它的{notes}不在其速度的十六分音符上，所以移到了最近的位置。如果演奏时没有跟节拍器，请先在 DAW 里设定它的速度。"
    ),
    # Taps.
    "Taps": "敲击",
    "These are more than {most} taps in two bars. Tap the rhythm once more, slower.": (
        "两小节里的敲击超过了 {most} 次。请放慢一点，再敲一遍节奏。"
    ),
    "No taps were heard. Start the metronome, and tap after the four beats of the count-in.": (
        "没有听到敲击。请启动节拍器，等四拍预备拍之后再敲。"
    ),
    # Examples.
    "There are no examples of “{kind}”, only of {known}.": "没有“{kind}”的示例，只有 {known}。",
    "There is no example “{name}”.": "没有名为“{name}”的示例。",
    "The file of the example “{name}” is missing. Install Latent Jam again.": (
        "示例“{name}”的文件不见了。请重新安装 Latent Jam。"
    ),
    # Pictures, for screen readers.
    "kick": "底鼓",
    "snare": "军鼓",
    "closed hi-hat": "闭合踩镲",
    "open hi-hat": "开放踩镲",
    "low tom": "低音通鼓",
    "mid tom": "中音通鼓",
    "high tom": "高音通鼓",
    "crash": "吊镲",
    "ride": "叮叮镲",
    "other": "其他",
    "{length} {music}": "{length}，{music}",
    "{count} {drum}": "{drum} {count} 次",
    "of drums: {hits} hit": "鼓：{hits}",
    "of drums: {hits} hits": "鼓：{hits}",
    "of {part}: {count} note from {lowest} to {highest}": "{part}：{count} 个音符，从 {lowest} 到 {highest}",
    "of {part}: {count} notes from {lowest} to {highest}": "{part}：{count} 个音符，从 {lowest} 到 {highest}",
    "of silence": "没有声音",
    # Making music.
    "Playing": "正在演奏",
    "Loading {name}": "正在加载 {name}",
    "Waiting for {name}, which is being loaded already": "{name} 已经在加载，请稍等",
    "Waiting for {name} was stopped.": "已停止等待 {name}。",
    "Playing was stopped.": "已停止演奏。",
    "Other models are being fetched at the moment. Try again in a few minutes, or choose one in the box.": (
        "目前正在下载其他模型。请过几分钟再试，或选择一个自带的模型。"
    ),
    "{name} takes {needed:.0f} MB of memory, and models may take {most:.0f} MB here. Choose a smaller one, or set "
    "LATENT_JAM_MODELS_BYTES.": (
        "{name} 需要 {needed:.0f} MB 内存，而这里的模型最多可用 {most:.0f} MB。请换一个小一点的模型，或者设置 "
        "LATENT_JAM_MODELS_BYTES。"
    ),
    "{name} makes grooves of drums that are there, and has none to {operation}. Choose another model.": (
        "{name} 只会给现成的鼓加上律动，没有鼓就不能{operation}。请换一个模型。"
    ),
    "{name} always plays {bars} bars. Leave the number of bars out.": (
        "{name} 每次都演奏 {bars} 小节。请不要填写小节数。"
    ),
    "A path has at most {most_bars} bars, so of clips of {bars} bars it has at most {most} steps, not {count}.": (
        "一条路径最多 {most_bars} 小节，所以 {bars} 小节的片段最多走 {most} 步，不能是 {count} 步。"
    ),
    "There is no configuration “{name}”. Choose one of: {known}.": "没有名为“{name}”的配置。可以选择：{known}。",
    "There is no model “{name}”. Choose one of: {known}.": "没有名为“{name}”的模型。可以选择：{known}。",
    "melody, bass and drums together": "同时有旋律、贝斯和鼓的内容",
    "Clip {number} has no {bars} bars of {what} in 4-4 time that {model} could encode.": (
        "片段 {number} 里没有 {model} 能编码的 {bars} 小节 4/4 拍{what}。"
    ),
    "Clip {number} is longer than the {bars} bars that {model} takes: choose one part of it.": (
        "片段 {number} 比 {model} 能用的 {bars} 小节长：请选取其中一部分。"
    ),
    "There is nothing to encode: give at least one clip.": "没有可以编码的内容：请至少给出一个片段。",
    "{model} cannot groove: choose a groove model.": "{model} 不会律动：请选一个律动模型。",
    "{model} makes new drums from taps, so it cannot keep the notes.": "{model} 用敲击生成新的鼓，所以无法保留音符。",
    "There are no drums in this music that the model knows (MIDI channel 10).": (
        "这段音乐里没有模型认识的鼓（MIDI 通道 10）。"
    ),
    "{model} needs a length in steps, for example length={length}.": (
        "{model} 需要以步为单位的长度，例如 length={length}。"
    ),
    "{model} needs controls: c_input with {depth} numbers a step.": (
        "{model} 需要控制信号：c_input，每步 {depth} 个数。"
    ),
    "This model takes no controls.": "这个模型不接受控制信号。",
    "The temperature must be above 0, not {temperature}.": "温度必须大于 0，不能是 {temperature}。",
    "This music changes its tempo. Cut it into parts of one tempo each.": (
        "这段音乐的速度有变化。请把它切成几部分，每部分只用一个速度。"
    ),
    "This music is not in 4-4, the only metre that the model knows.": "这段音乐不是 4/4 拍，而模型只懂 4/4 拍。",
    # Sound.
    "To hear clips here, install FluidSynth: “apt install fluidsynth” on Debian or Ubuntu, “brew install fluid-synth” "
    "on a Mac. Then start the app again. The MIDI files work without it.": (
        "想在这里听片段，请安装 FluidSynth：Debian 或 Ubuntu 上用“apt install fluidsynth”，Mac 上用"
        "“brew install fluid-synth”，然后重新启动应用。MIDI 文件不装它也能用。"
    ),
    "SOUNDFONT is set to {path}, but there is no such file.": "SOUNDFONT 设为 {path}，但没有这个文件。",
    "No SoundFont was found. Set SOUNDFONT to the path of an .sf2 file.": (
        "没有找到音色库。请把 SOUNDFONT 设为一个 .sf2 文件的路径。"
    ),
    "The SoundFont {name} cannot be read. Set SOUNDFONT to another .sf2 file.": (
        "无法读取音色库 {name}。请把 SOUNDFONT 设为另一个 .sf2 文件。"
    ),
    # Fetching models.
    "Checking {name}": "正在检查 {name}",
    "Fetching {name}": "正在下载 {name}",
    "Fetching {name}: {how_far}": "正在下载 {name}：{how_far}",
    "Reading {name}": "正在读取 {name}",
    "Waiting for {name}, which is being fetched already": "{name} 已经在下载，请稍等",
    "{done} of {total} MB": "已下载 {done}/{total} MB",
    "{done:.0f} MB": "已下载 {done:.0f} MB",
    "{so_far}, {rate} MB/s": "{so_far}，每秒 {rate} MB",
    "{so_far}, {time} left": "{so_far}，还需 {time}",
    "{seconds:.0f} s": "{seconds:.0f} 秒",
    "{minutes:.0f} min": "{minutes:.0f} 分钟",
    "Fetching {name} was stopped. What has come is kept for the next time.": (
        "已停止下载 {name}。下载好的部分会留到下次。"
    ),
    "The kept weights of {name} were damaged and have been removed. Try again to fetch them anew.": (
        "{name} 保存的权重已损坏，所以删除了。请再试一次，重新下载。"
    ),
    "{name} takes {needed:.0f} MB, and the cache may hold only {most:.0f} MB. Choose a smaller model, or set "
    "LATENT_JAM_CACHE_BYTES.": (
        "{name} 需要 {needed:.0f} MB，而缓存最多只能放 {most:.0f} MB。请换一个小一点的模型，或者设置 "
        "LATENT_JAM_CACHE_BYTES。"
    ),
    "{name} is not the file that was fetched before: its SHA-256 has changed. It was removed. If you know why, remove "
    "{record} and try again.": (
        "{name} 和以前下载的文件不同：SHA-256 变了，所以已删除。如果你知道原因，请删除 {record} 后再试。"
    ),
    "{name} could not be fetched from {url}: {why}.": "无法从 {url} 下载 {name}：{why}。",
    "{name} could not be fetched from {host} ({why}). Check the connection and try again: what has come is kept.": (
        "无法从 {host} 下载 {name}（{why}）。请检查网络后再试：下载好的部分会保留。"
    ),
    "the server sent another part of the file than was asked for": "服务器发来的不是请求的那一部分",
    "the file at the server is shorter than it was": "服务器上的文件比以前短了",
    "the server answered {status}": "服务器返回 {status}",
    "more came than was announced": "收到的数据比预告的多",
    "the connection was closed too early": "连接过早断开",
    "{name} is not at {url} (the server answered {status}). Choose another model.": (
        "{url} 上没有 {name}（服务器返回 {status}）。请换一个模型。"
    ),
    "What came for {name} is no checkpoint but something else, perhaps the login page of a network. Open {url} in a "
    "browser to see what is in the way.": (
        "下载 {name} 时收到的不是检查点，可能是某个网络的登录页。请在浏览器里打开 {url}，看看是什么挡住了。"
    ),
    "{name} has {gigabytes:.1f} GB, more than a checkpoint may have.": (
        "{name} 有 {gigabytes:.1f} GB，超过了检查点允许的大小。"
    ),
    "{name} needs {needed} MB in {folder}, where {free} MB are free. Make room, or set LATENT_JAM_CACHE to a folder on "
    "another disk.": (
        "{name} 在 {folder} 需要 {needed} MB，而那里只剩 {free} MB。请腾出空间，或者把 LATENT_JAM_CACHE "
        "设为另一块硬盘上的文件夹。"
    ),
    "The disk of {folder} is full. Make room and try again, or set LATENT_JAM_CACHE to a folder on another disk.": (
        "{folder} 所在的硬盘已满。请腾出空间后再试，或者把 LATENT_JAM_CACHE 设为另一块硬盘上的文件夹。"
    ),
    "Nothing can be written to {folder} ({why}). Set LATENT_JAM_CACHE to a folder of yours.": (
        "无法写入 {folder}（{why}）。请把 LATENT_JAM_CACHE 设为你自己的文件夹。"
    ),
    # Checkpoints.
    "There is no weights file {path}. Check the path.": "没有权重文件 {path}。请检查路径。",
    "There is no checkpoint {path}. Give a .safetensors or .tar file, a checkpoint's prefix (without .index) or its "
    "folder.": "没有检查点 {path}。请给出 .safetensors 或 .tar 文件、检查点的前缀（不带 .index）或它的文件夹。",
    "The folder {folder} holds no TensorFlow checkpoint (no .index file).": (
        "文件夹 {folder} 里没有 TensorFlow 检查点（没有 .index 文件）。"
    ),
    "{file} holds no TensorFlow checkpoint (no .index file).": "{file} 里没有 TensorFlow 检查点（没有 .index 文件）。",
    "{file} could not be unpacked: {why}.": "{file} 无法解包：{why}。",
    "{file} is damaged or not a safetensors file. Fetch or export it again.": (
        "{file} 已损坏，或者不是 safetensors 文件。请重新下载或导出。"
    ),
    "{file} is damaged or incomplete. Fetch it again.": "{file} 已损坏或不完整。请重新下载。",
    "{file} is damaged or not a tar archive. Fetch it again.": "{file} 已损坏，或者不是 tar 归档。请重新下载。",
    "{file} is refused: it holds two files {name}.": "{file} 被拒绝：里面有两个名为 {name} 的文件。",
    "{file} is no honest checkpoint and is refused: {why}.": "{file} 不是可信的检查点，已被拒绝：{why}。",
    "it holds more than {most} files": "里面的文件超过 {most} 个",
    "its file {name} would leave the folder": "里面的文件 {name} 会跑到文件夹之外",
    "{name} in it is a link": "里面的 {name} 是一个链接",
    "{name} in it is neither file nor folder": "里面的 {name} 既不是文件也不是文件夹",
    "it unpacks to more than {most} GiB": "解包后超过 {most} GiB",
    "{file} does not fit {config}: it has no variable {name}.": "{file} 与 {config} 不符：缺少变量 {name}。",
    "{file} does not fit {config}: {name} has shape {shape}, not {needed}.": (
        "{file} 与 {config} 不符：{name} 的形状是 {shape}，应为 {needed}。"
    ),
    "{file} is damaged: {name} holds values that are not numbers.": "{file} 已损坏：{name} 里有不是数字的值。",
    "LATENT_JAM_RAY is set, but Ray is not installed. Install deploy/requirements.txt, or unset it.": (
        "已设置 LATENT_JAM_RAY，但没有安装 Ray。请安装 deploy/requirements.txt，或取消该设置。"
    ),
    "An engine was lost; another begins again": "一台演奏引擎中断了，由另一台重新开始",
    "The machines that make the music were lost. Try again in a minute.": "制作音乐的机器中断了。请一分钟后再试。",
    "What draws and plays the clips was lost. Try again in a minute.": "绘制和播放片段的程序中断了。请一分钟后再试。",
    "This version of FluidSynth is too old or too new. Install version 2.": (
        "此版本的 FluidSynth 太旧或太新。请安装第 2 版。"
    ),
    "The machines that make the music cannot be reached. Try again in a minute.": (
        "无法连接制作音乐的机器。请一分钟后再试。"
    ),
    "The machines that make the music do not answer. Try again in a minute.": (
        "制作音乐的机器没有回应。请一分钟后再试。"
    ),
    "The music was stopped before it was made.": "音乐在完成之前被停止了。",
}
