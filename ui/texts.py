"""Every text on the page."""

from __future__ import annotations

TITLE = "Latent Jam"
TAGLINE = "Beats and tunes that nobody wrote. Sample, blend, play them like a drummer, take the MIDI with you."
FOOTER = (
    "MusicVAE (Roberts et al. 2018) and GrooVAE (Gillick et al. 2019), trained here on the Groove MIDI Dataset and "
    "POP909. Clips are yours to use; same seed and settings, same music."
)

DUPLICATE = "Duplicate this Space"

SAMPLE_TAB = "Sample"
INTERPOLATE_TAB = "Interpolate"
GROOVE_TAB = "Groove"

MODEL = "Model"
MODEL_INFO = "What the clips are drawn from. Magenta's models are downloaded when they are first used."
IN_THE_BOX = "In the box"
PUBLISHED = "Magenta, {megabytes} MB"
YOURS = "Yours"
BUNDLED = {
    "drums_2bar.lokl": "drums, 2 bars: new beats",
    "drums_2bar.hikl": "drums, 2 bars: the wider space used for blending",
    "melody_2bar": "melody, 2 bars",
    "melody_16bar": "melody, 16 bars",
    "trio_16bar": "trio, 16 bars: melody, bass and drums",
    "groove_2bar_humanize": "a drummer",
    "groove_2bar_tap": "a drummer who hears taps",
    "groove_2bar_add_closed_hh": "a hi-hat player",
}
PLAYS_BARS = {"drums": "drums, {bars} bars", "melody": "melody, {bars} bars", "band": "trio, {bars} bars"}
BLENDER_INFO = "“The one in the box” fits any two clips. Magenta's are downloaded when they are first used."
THE_ONE_IN_THE_BOX = "The one in the box"
WRONG_MODEL = "{name} blends {its_kind} of {its_bars} bars, and A and B are {kind} of {bars}. Choose another model."
DRUMMER = "Who plays"
DRUMMER_INFO = "Magenta's models are downloaded when they are first used."
COUNT = "Number of clips"
TEMPERATURE = "Temperature"
TEMPERATURE_INFO = "Low plays it safe: the likeliest clips, much alike. High takes risks: rarer clips, more stumbles."
LOOP = "Loop"
KEYS = "Space plays, 1 to 8 choose a clip, G makes new ones; a click on a roll goes there."
SOUND = "Sound of melodies"
SOUND_INFO = "Only for listening: the MIDI file leaves the choice to you."
# General MIDI programs, by name.
SOUNDS = [
    ("Grand piano", 0),
    ("Electric piano", 4),
    ("Vibraphone", 11),
    ("Nylon guitar", 24),
    ("Violin", 40),
    ("Choir", 52),
    ("Trumpet", 56),
    ("Flute", 73),
    ("Square lead", 80),
]
BARS = "Bars a clip"
BARS_INFO = "As in the link that was opened; empty for the model's own length."
SAME_Z = "Same region of the latent space"
SAME_Z_INFO = "All clips start from one point: variations of one idea rather than different ideas."
SEED = "Seed"
SEED_INFO = "Same seed and settings, same clips."
NEW_SEED = "A new seed each time"
DICE = "⚄"
QPM = "Tempo (qpm)"
GENERATE = "Generate"
SURPRISE = "Surprise me: sample, blend and play"
MIDI = "MIDI"
ALL_AS_ZIP = "Everything as one zip"
RESULT_GONE = "This result is no longer here: the page was asleep for too long. Make it again, then take the zip."
COPY_LINK = "Copy link"
LINK = "Link to this result"
LINK_COPIED = "Copied. Whoever opens the link hears this and can change it."
COPY_YOURSELF = "Your browser did not let the page copy. The link is selected above: copy it from there."
OPENING = "Opening the link: the music is made again from its recipe…"
PLAY_ELSEWHERE = "The command line plays it: python -m core play, then the link in quotation marks."
TOO_MANY_FOR_THE_PAGE = "This link makes {count} clips, and the page shows at most {most}."
NOT_IN_THE_MENU = "This link was made with {model}, which this page does not offer."
OTHER_MODEL = "This path was made with {model}. A new one will be made with {ours}."
EMPTY = (
    "<h3>Nothing here yet</h3><p>Press <b>Generate</b>. Each clip comes as a piano roll, "
    "a player, and a MIDI file that loops in your DAW. From there, blend two of them or play them like a drummer; "
    "<b>Surprise me</b> does all of it at once.</p>"
)
STOP = "Stop fetching"
WAITING = "Playing…"
MADE_IN_SECONDS = "{count} made with seed {seed} in {seconds:.1f} seconds."
ONE_CLIP = "1 clip"
CLIPS = "{count} clips"
CLIP = "Clip {number}"
PICTURES_AND_SOUND = "Drawing and rendering sound"
BROKEN = "Something went wrong on our side, not with your settings. What you had is still here; please try again."

# What of a band can be heard.
PARTS = {"mix": "All", "melody": "Melody", "bass": "Bass", "drums": "Drums"}
PART_OF = "What to hear of {clip}"
# What can be done with a clip, by the place that it goes to.
USES = {"a": "Use as A", "b": "Use as B", "groove": "Humanise"}
NOW_IN_SLOT = "{what} is {slot} on the Interpolate tab. Now choose {other}."
ONE_STEP_FOR_SLOT = "A and B each take one step of the path: choose which one, then press again."

UPLOAD = "Upload MIDI"
EXAMPLE = "Examples…"
EXAMPLE_FOR = "Example for {slot}"
SLOT_EMPTY = "is empty. Press “Use as …” on a clip, upload a MIDI file, or take an example."
GROOVE_SLOT_EMPTY = "is empty. Press “Humanise” on a clip or a path, upload drums, take an example, or tap."
UNNAMED = "a clip"
BARS_AT = "{bars} bars at {qpm:g}"
CHOOSE_WINDOW = "The file holds {count} different parts: choose one."
KINDS = {"drums": "drums", "melody": "a melody", "band": "a trio"}
TWO_KINDS = "A is {a} of {a_bars} bars and B is {b} of {b_bars}: choose two of a kind and length, then press again."
NO_MODEL = "No model blends {what} of {bars} bars. Choose clips of {known}."
LENGTH = "What to take of MIDI files"
LENGTHS = [("2 bars: drums or a melody", 2), ("16 bars: a melody or a trio", 16)]
DRUMS_ONLY = "{what} is a melody: only drums can be played like a drummer. Use it as A or B instead."

STEPS = "Steps"
STEPS_INFO = "How many clips the path has, A and B included."
PATH_TEMPERATURE_INFO = "Low takes the likeliest clip at each point between A and B, high strays from it."
OWN_ENDS = "Begin and end with A and B as they are"
OWN_ENDS_INFO = "Otherwise with what the model makes of them."
INTERPOLATE = "Interpolate"
INTERPOLATE_EMPTY = (
    "<h3>From one clip to another</h3><p>Fill <b>A</b> and <b>B</b> with two beats or two melodies: from the clips of "
    "the Sample tab, a MIDI file or the examples. The path between them is one long piece.</p>"
)
SLOT_MISSING = "{slots} is still empty: press “Use as …” on a clip, upload a MIDI file, or take an example."
PATH_TITLE = "From A to B: {steps} steps, {bars} bars"
PATH_MADE = "{steps} steps made with seed {seed} in {seconds:.1f} seconds."
STEP = "Step"
ALL_STEPS = "The whole path"
STEP_NUMBER = "Step {number}"

INPUT = "Input"
MODE = "What to do"
HUMANISE = "Humanise"
TAP_TO_DRUMS = "Tap to drums"
ADD_HI_HAT = "Add hi-hat"
AMOUNT = "Timing"
AMOUNT_INFO = "0 as it was, 1 as the drummer plays, more exaggerates."
DYNAMICS = "Dynamics"
DYNAMICS_INFO = "The same for how hard each drum is struck."
KEEP_NOTES = "Keep the notes"
KEEP_NOTES_INFO = "Every note stays and none is added: only timing and dynamics change. Taps always become new notes."
KEEP_DYNAMICS = "Build on the input's dynamics"
KEEP_DYNAMICS_INFO = "Accents are laid on the velocities that are there, for beats that have dynamics already."
FEEL_TEMPERATURE_INFO = "Low plays the safest feel, high a freer one. The seed decides which."
GROOVE = "Groove"
GROOVE_EMPTY = (
    "<h3>Played by a drummer</h3><p>Take a clip, the path between two, your own drums or a tapped rhythm. "
    "You get it back with a drummer's timing and touch, the way it was above the way it is.</p>"
)
GROOVE_MISSING = "There is no input yet: press “Humanise” on a clip, upload drums, take an example, or tap a rhythm."
GROOVE_MADE = "{bars} bars played with seed {seed} in {seconds:.1f} seconds."
BEFORE = "As it was"
AFTER = "As played"

TAP_PAD = "Tap a rhythm"
TAP_START = "Start the metronome"
TAP_HERE = "Tap here"
TAP_HINT = (
    "Four beats count in, then tap for two bars: with the pointer, or with the space bar. The tempo is the one below."
)

SURPRISE_SAMPLING = "Sampling two beats"
SURPRISE_BLENDING = "Finding the path between them"
SURPRISE_PLAYING = "Playing it like a drummer"
SURPRISE_MADE = (
    "Two beats (seed {seed}), {bars} bars from one to the other, and the same played: in {seconds:.1f} seconds."
)

# From the branch crowds: waiting, stopping, and what programs send.
YOU_ARE_NEXT = "You are next."
ONE_AHEAD = "One person is ahead of you."
AHEAD = "{count} people are ahead of you."
ABOUT_SECONDS = "About {seconds} seconds."
QUEUE_FULL = (
    "{count} people are waiting already, and there is no place for one more. What you had is still here: try again in "
    "a minute."
)
ENOUGH_OF_VISIT = "{count} requests of yours are here already. Wait for one of them, or stop it, then ask again."
ENOUGH_OF_ADDRESS = "{count} requests from your network are here already. Try again when some of them are done."
STOPPED = "This was stopped. What you had is still here."
TOO_LONG = (
    "This took more than {seconds:.0f} seconds and was stopped. Ask for fewer or shorter clips, or try again when "
    "fewer people are here."
)
RESULT_FORGOTTEN = "This result is no longer here: the page was asleep for too long. Make it again, then use it."
WRONG_COUNT = "This takes {expected} arguments, not {given}. “Use via API” at the foot of the page lists them."
WRONG_ARGUMENT = "“{name}” must be {what}. “Use via API” at the foot of the page shows an example."
A_NUMBER = "a number"
A_TEXT = "a text"
A_CHOICE = "one of the choices"
YES_OR_NO = "true or false"
A_FILE = "an uploaded file"
FILE_GONE = "The file is not here, or no longer. Upload it again."
NO_ANSWER = "This could not be answered. Look at what you sent, or try again in a minute."
NO_SUCH_FUNCTION = "There is no such function here. “Use via API” at the foot of the page lists them all."
TOO_MUCH_SENT = "This is more than the {megabytes} MB that a request may bring."
CLOSED = "This page does not offer that."
