"""Two melodies that nobody wrote, and the path between them in ten steps.

python -m examples.melodies [--published] [--seed 1] [--output-dir output]
"""

from __future__ import annotations

from core import Recipe, perform
from examples.writing import options, write

BUNDLED, PUBLISHED = "bundled/melody_2bar", "magenta/cat-mel_2bar_big"
STEPS = 10


def main(argv: list[str] | None = None) -> None:
    """Samples and interpolates."""
    args = options("Two melodies and the path between them.", argv)
    model = PUBLISHED if args.published else BUNDLED
    melodies = perform(Recipe("sample", model, args.seed, count=2, temperature=0.5))
    path = perform(Recipe("interpolate", model, args.seed, count=STEPS, temperature=0.2, clips=melodies.clips))
    # The path begins and ends with the two, so its files are all there is.
    write(path, args.output_dir)


if __name__ == "__main__":
    main()
