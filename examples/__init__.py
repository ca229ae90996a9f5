"""What the app does, as short programs: `python -m examples.drums`, `examples.melodies`, `examples.trio`."""
