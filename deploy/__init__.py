"""Latent Jam on several machines: see README.md."""

# Before Ray comes with anything else, because it reads at import whether clusters ask for a token.
import core.cluster  # noqa: F401
