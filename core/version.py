"""The version of the app, as in pyproject.toml."""

VERSION = "0.1.0"
