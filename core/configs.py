"""The published configurations as data (`musicvae_configs.json`); `CONFIG_MAP[name]` works as in Magenta."""

from __future__ import annotations

from dataclasses import dataclass

from core.converters.drums import DrumsConverter


@dataclass(frozen=True)
class HParams:
    """Sizes of a network: `z_size`, the widths of the encoder's and decoder's layers, and `max_seq_len` in steps."""

    z_size: int
    enc_rnn_size: tuple[int, ...]
    dec_rnn_size: tuple[int, ...]
    max_seq_len: int


@dataclass(frozen=True)
class Config:
    """A model family: its name, its sizes and its converter."""

    name: str
    hparams: HParams
    data_converter: DrumsConverter

    @property
    def bars(self) -> int:
        """Length of a clip in bars."""
        return self.data_converter.slice_bars


CONFIG_MAP: dict[str, Config] = {
    config.name: config
    for config in (
        Config(
            name="cat-drums_2bar_small",
            hparams=HParams(z_size=256, enc_rnn_size=(512,), dec_rnn_size=(256, 256), max_seq_len=32),
            data_converter=DrumsConverter(slice_bars=2),
        ),
    )
}
