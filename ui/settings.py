"""What the owner of a copy decides by environment variables. All of it is off unless said otherwise: visits leave no
trace but what the page needs."""

from __future__ import annotations

import os
from dataclasses import dataclass

from core.settings import ON


@dataclass(frozen=True)
class Settings:
    """run_history: Gradio keeps a visitor's runs in their browser and links to them (`LATENT_JAM_RUN_HISTORY`).
    monitoring: Gradio's page of usage figures at /monitoring (`LATENT_JAM_MONITORING`).
    analytics: Gradio reports to its makers (`GRADIO_ANALYTICS_ENABLED`, Gradio's own name).
    mcp_server: assistants can use the endpoints as tools (`LATENT_JAM_MCP`; on unless it is switched off).
    metrics: figures for Prometheus at /metrics (`LATENT_JAM_METRICS`; on unless it is switched off).
    space: the Space's id, 'owner/name', None elsewhere (`SPACE_ID`, set by Hugging Face).
    """

    run_history: bool = False
    monitoring: bool = False
    analytics: bool = False
    mcp_server: bool = True
    metrics: bool = True
    space: str | None = None


def read(environment: dict[str, str] | None = None) -> Settings:
    """The settings in an environment, this process's if not given."""
    of = os.environ if environment is None else environment

    def on(name: str, usually: str = "") -> bool:
        return of.get(name, usually).strip().lower() in ON

    return Settings(
        run_history=on("LATENT_JAM_RUN_HISTORY"),
        monitoring=on("LATENT_JAM_MONITORING"),
        analytics=on("GRADIO_ANALYTICS_ENABLED"),
        mcp_server=on("LATENT_JAM_MCP", "on"),
        metrics=on("LATENT_JAM_METRICS", "on"),
        space=of.get("SPACE_ID") or None,
    )
