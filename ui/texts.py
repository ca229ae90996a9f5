"""Every text on the page."""

from __future__ import annotations

TITLE = "Latent Jam"
TAGLINE = "Beats that nobody wrote. Sample them, take the MIDI with you."
FOOTER = (
    "MusicVAE (Roberts et al. 2018), trained here on the Groove MIDI Dataset. "
    "Clips are yours to use; same seed and settings, same music."
)

SAMPLE_TAB = "Sample"
MODEL = "Model"
MODEL_INFO = "What the clips are drawn from."
COUNT = "Number of clips"
TEMPERATURE = "Temperature"
TEMPERATURE_INFO = "Low plays it safe: the likeliest beats, much alike. High takes risks: rarer beats, more stumbles."
SAME_Z = "Same region of the latent space"
SAME_Z_INFO = "All clips start from one point: variations of one idea rather than different ideas."
SEED = "Seed"
SEED_INFO = "Same seed and settings, same clips."
NEW_SEED = "A new seed each time"
DICE = "⚄"
QPM = "Tempo (qpm)"
GENERATE = "Generate"
MIDI = "MIDI"
ALL_AS_ZIP = "All clips as one zip (MIDI, sound, pictures)"
EMPTY = (
    "<h3>Nothing here yet</h3><p>Press <b>Generate</b>. Each clip comes as a piano roll, "
    "a player, and a MIDI file that loops in your DAW.</p>"
)
WAITING = "Generating…"
MADE_IN_SECONDS = "{count} made with seed {seed} in {seconds:.1f} seconds."
ONE_CLIP = "1 clip"
CLIPS = "{count} clips"
CLIP = "Clip {number}"
PICTURES_AND_SOUND = "Drawing and rendering sound"
BROKEN = "Something went wrong on our side, not with your settings. What you had is still here; please try again."
