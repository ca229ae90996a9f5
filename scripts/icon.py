"""Draws the app's icon, a few notes of a piano roll, into assets/icon.png: python scripts/icon.py"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

SIZE = 512
PAPER, KICK, SNARE, HAT = "#1e293b", "#5b7fe0", "#e0516f", "#f97316"
# Colour, row from the top, and where each hit begins, in eighths of the width within the margin.
ROWS = ((HAT, (0, 1, 2, 3, 4, 5, 6, 7)), (SNARE, (2, 6)), (KICK, (0, 3, 4)))
# Room that a phone may cut off around it.
MARGIN = 104


def main() -> None:
    """Writes the file."""
    icon = Image.new("RGB", (SIZE, SIZE), PAPER)
    draw = ImageDraw.Draw(icon)
    step, row = (SIZE - 2 * MARGIN) / 8, (SIZE - 2 * MARGIN) / len(ROWS)
    for number, (colour, hits) in enumerate(ROWS):
        top = MARGIN + number * row + row * 0.18
        for hit in hits:
            left = MARGIN + hit * step + step * 0.12
            draw.rounded_rectangle((left, top, left + step * 0.76, top + row * 0.64), step * 0.2, colour)
    icon.save(Path(__file__).resolve().parent.parent / "assets" / "icon.png", optimize=True)


if __name__ == "__main__":
    main()
