"""The configurations as data (`musicvae_configs.json`); `CONFIG_MAP[name]` works as in Magenta."""

from __future__ import annotations

from dataclasses import dataclass

from core.converters.drums import FULL_CLASSES, DrumsConverter
from core.converters.groove import CLOSED_HI_HAT, GrooveConverter
from core.converters.melody import MELODY_PROGRAMS, MelodyConverter
from core.converters.trio import TrioConverter


@dataclass(frozen=True)
class HParams:
    """Sizes of a network: `z_size`, the widths of the encoder's and decoder's layers (of the conductor's, too, where
    there is one), `max_seq_len` in steps, the bins of each velocity and offset that a groove decoder tells apart
    (0: it gives their means), whether the encoder is a `bar_encoder` (then `enc_rnn_size` are its widths), and whether
    only what is plausible is ever drawn (`decoding.PlausibleDecoding`)."""

    z_size: int
    enc_rnn_size: tuple[int, ...]
    dec_rnn_size: tuple[int, ...]
    max_seq_len: int
    feel_bins: int = 0
    nade_num_hidden: int = 0
    reads_bars: bool = False
    draws_plausibly: bool = False


@dataclass(frozen=True)
class Config:
    """A model family: its name, its sizes, its converter, and whether a conductor leads the decoding bar by bar."""

    name: str
    hparams: HParams
    data_converter: DrumsConverter | GrooveConverter | MelodyConverter | TrioConverter
    is_hierarchical: bool = False

    @property
    def bars(self) -> int:
        """Length of a clip in bars."""
        return self.data_converter.slice_bars

    @property
    def is_groove(self) -> bool:
        """Whether it plays velocities and micro-timing."""
        return isinstance(self.data_converter, GrooveConverter)


SMALL = HParams(z_size=256, enc_rnn_size=(512,), dec_rnn_size=(256, 256), max_seq_len=32)
NADE = HParams(256, enc_rnn_size=(1024,), dec_rnn_size=(512, 512), max_seq_len=32, nade_num_hidden=128)
BIG = HParams(z_size=512, enc_rnn_size=(2048,), dec_rnn_size=(2048, 2048, 2048), max_seq_len=32)
LONG = HParams(z_size=512, enc_rnn_size=(2048, 2048), dec_rnn_size=(1024, 1024), max_seq_len=256)
# Of a size that two cores can train.
OUR_MELODY = HParams(256, enc_rnn_size=(384, 128), dec_rnn_size=(256, 256), max_seq_len=256, reads_bars=True)
OUR_TRIO = HParams(
    256, enc_rnn_size=(320, 112), dec_rnn_size=(176, 176), max_seq_len=256, reads_bars=True, draws_plausibly=True
)
# Half of Magenta's sizes and less: sixteen thousand windows are soon learnt by heart.
OUR_GROOVE = HParams(z_size=64, enc_rnn_size=(256,), dec_rnn_size=(256, 256), max_seq_len=32, feel_bins=32)

CONFIG_MAP: dict[str, Config] = {
    config.name: config
    for config in (
        Config("cat-drums_2bar_small", SMALL, DrumsConverter(slice_bars=2)),
        Config("nade-drums_2bar_full", NADE, DrumsConverter(slice_bars=2, classes=FULL_CLASSES, as_roll=True)),
        Config("cat-mel_2bar_small", SMALL, MelodyConverter(slice_bars=2, programs=MELODY_PROGRAMS)),
        Config("cat-mel_2bar_big", BIG, MelodyConverter(slice_bars=2, programs=MELODY_PROGRAMS)),
        Config("hierdec-mel_16bar", LONG, MelodyConverter(slice_bars=16), is_hierarchical=True),
        Config("hierdec-trio_16bar", LONG, TrioConverter(slice_bars=16), is_hierarchical=True),
        Config("melody_16bar", OUR_MELODY, MelodyConverter(16, MELODY_PROGRAMS, rests=True), True),
        Config("trio_16bar", OUR_TRIO, TrioConverter(slice_bars=16, drums_as_roll=True), True),
        Config("groovae_4bar", HParams(256, (512,), (256, 256), max_seq_len=64), GrooveConverter(slice_bars=4)),
        Config("groovae_2bar_humanize", SMALL, GrooveConverter(humanize=True)),
        Config("groovae_2bar_tap_fixed_velocity", SMALL, GrooveConverter(tapify=True)),
        Config("groovae_2bar_add_closed_hh", SMALL, GrooveConverter(add_class=CLOSED_HI_HAT)),
        Config("groovae_2bar_hits_control_tfds", SMALL, GrooveConverter(hits_as_controls=True)),
        # Ours: the decoder is told what the encoder hears, and gives distributions.
        Config("groove_2bar_humanize", OUR_GROOVE, GrooveConverter(humanize=True, input_as_controls=True)),
        Config("groove_2bar_tap", OUR_GROOVE, GrooveConverter(tapify=True, input_as_controls=True)),
        Config(
            "groove_2bar_add_closed_hh", OUR_GROOVE, GrooveConverter(add_class=CLOSED_HI_HAT, input_as_controls=True)
        ),
    )
}
