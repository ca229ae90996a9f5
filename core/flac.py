"""Sound as FLAC, for listening over a network: exactly as long as it is, so that it loops."""

from __future__ import annotations

import io

import numpy as np
import soundfile

# What is kept of the 16 bits of a sample. The rest lies 77 dB below full scale, some 45 below our clips, and is silent
# where they are; without it a file has little more than half the bytes.
BITS = 12
STEP = 1 << 16 - BITS
# libsndfile's scale from 0 to 1.
EFFORT = 0.4


def encode(sound: np.ndarray, rate: int) -> bytes:
    """A sound, int16 stereo [samples, 2], `rate` samples a second, as a FLAC file of `BITS` a sample: always the same
    bytes for the same sound.

    That takes a quarter of the time of an MP3 of 160 kbit/s, for as many bytes (melodies) or about twice (drums).
    """
    # Rounded, not cut off, and the loudest down rather than beyond what fits.
    coarse = np.minimum(sound, 32767 - STEP // 2) + np.int16(STEP // 2) & np.int16(-STEP)
    out = io.BytesIO()
    soundfile.write(out, coarse, rate, "PCM_16", format="FLAC", compression_level=EFFORT)
    return out.getvalue()
