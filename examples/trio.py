"""Sixteen bars of a band that never met: melody, bass and drums.

python -m examples.trio [--published] [--seed 1] [--output-dir output]
"""

from __future__ import annotations

from core import Recipe, perform
from examples.writing import options, write

BUNDLED, PUBLISHED = "bundled/trio_16bar", "magenta/hierdec-trio_16bar"


def main(argv: list[str] | None = None) -> None:
    """Samples one trio."""
    args = options("A sixteen-bar trio.", argv)
    model = PUBLISHED if args.published else BUNDLED
    write(perform(Recipe("sample", model, args.seed, count=1, temperature=0.5)), args.output_dir)


if __name__ == "__main__":
    main()
