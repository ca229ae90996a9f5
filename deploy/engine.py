"""The engine: performs recipes on a Ray cluster, as many replicas as there is work for.

    python -m deploy.engine --replicas 1 4      # on a cluster, or on this machine, which then becomes one

A page with `LATENT_JAM_RAY` set asks it: `core/cluster.py`. `deploy.engine:application` is what a RayService names.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator

import ray
from ray import serve
from ray.serve.config import AutoscalingConfig

from core import limits
from core.cluster import APPLICATION
from core.engine import MOST_ASKED
from core.errors import LatentJamError
from core.recipe import Recipe
from core.remote import Message
from deploy import machines

MOST_REPLICAS = 8
# Recipes that a replica performs at once, and how many each should have before another replica is started.
AT_ONCE = 4
WELL_USED = 2


def replicas(least: int, most: int) -> AutoscalingConfig:
    """How many replicas there are: more when there is work for a few seconds, fewer after minutes without."""
    return AutoscalingConfig(
        min_replicas=least,
        max_replicas=most,
        target_ongoing_requests=WELL_USED,
        upscale_delay_s=5,
        downscale_delay_s=300,
    )


@serve.deployment(
    name="Engine",
    max_ongoing_requests=AT_ONCE,
    # A replica that leaves ends what it has begun.
    graceful_shutdown_timeout_s=60,
    health_check_period_s=5,
    health_check_timeout_s=30,
    autoscaling_config=replicas(1, MOST_REPLICAS),
    ray_actor_options={"num_cpus": 1},
)
class Engine:
    """A replica: a process with a studio of its own."""

    def __init__(self) -> None:
        """Loads the models that are asked for most, so that whoever comes to a new replica does not wait for them."""
        from core import studio

        for model in MOST_ASKED:
            studio.warm_up(model)

    async def perform(self, text: str) -> AsyncIterator[Message]:
        """The messages that become of a recipe's string; see `core.remote.Message`."""
        from core import studio

        recipe = Recipe.from_string(text)
        loop, messages, cancel = asyncio.get_running_loop(), asyncio.Queue(), threading.Event()

        def say(message: Message | Exception) -> None:
            loop.call_soon_threadsafe(messages.put_nowait, message)

        def play() -> None:
            try:
                say(studio.perform(recipe, lambda share, what: say((share, what)), cancel))
            except Exception as error:  # noqa: BLE001 (it is raised below)
                say(error)

        loop.run_in_executor(None, play)
        try:
            while True:
                try:
                    message = await asyncio.wait_for(messages.get(), limits.ENGINE_BEAT_SECONDS)
                except asyncio.TimeoutError:
                    message = None
                if isinstance(message, Exception) and not isinstance(message, LatentJamError):
                    raise message
                yield message
                if message is not None and not isinstance(message, tuple):
                    return
        finally:
            # Also when whoever asked has gone.
            cancel.set()


application = Engine.bind()


def start(least: int, most: int) -> None:
    """Starts the engine on the cluster that Ray is connected to, with so many replicas; returns when the first ones
    are ready."""
    scaled = Engine.options(autoscaling_config=replicas(least, most))
    # Pages ask by handle; nobody needs an HTTP server here.
    serve.start(proxy_location="Disabled")
    serve.run(scaled.bind(), name=APPLICATION, route_prefix=None)


def main(arguments: list[str] | None = None) -> int:
    """Starts the engine and serves until it is stopped."""
    parser = argparse.ArgumentParser(prog="python -m deploy.engine", description=main.__doc__)
    machines.add_arguments(parser)
    parser.add_argument("--replicas", nargs=2, type=int, default=(1, MOST_REPLICAS), metavar=("LEAST", "MOST"))
    args = parser.parse_args(arguments)
    least, most = args.replicas
    if not 1 <= least <= most:
        parser.error("--replicas takes two numbers, at least 1 and the second not smaller")
    machines.connect(args)
    start(least, most)
    address = ray.get_runtime_context().gcs_address
    print(f"{least} to {most} engines play. For pages: LATENT_JAM_RAY={address}", flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    sys.exit(main())
