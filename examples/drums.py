"""Two beats that nobody wrote, the path between them in six steps, and all of it played like a drummer.

python -m examples.drums [--published] [--seed 1] [--output-dir output]
"""

from __future__ import annotations

from core import Recipe, perform
from examples.writing import options, write

BUNDLED = ("bundled/drums_2bar.lokl", "bundled/drums_2bar.hikl", "bundled/groove_2bar_humanize")
PUBLISHED = (
    "magenta/cat-drums_2bar_small.lokl",
    "magenta/cat-drums_2bar_small.hikl",
    "magenta/groovae_2bar_humanize",
)
STEPS = 6


def main(argv: list[str] | None = None) -> None:
    """Samples, interpolates and humanises."""
    args = options("Two beats, the path between them, played like a drummer.", argv)
    sampler, blender, drummer = PUBLISHED if args.published else BUNDLED
    beats = perform(Recipe("sample", sampler, args.seed, count=2, temperature=0.5))
    path = perform(Recipe("interpolate", blender, args.seed, count=STEPS, clips=beats.clips))
    played = perform(Recipe("groove", drummer, args.seed, clips=(path.joined,)))
    for performance in (beats, path, played):
        write(performance, args.output_dir)


if __name__ == "__main__":
    main()
