"""The machines that the owner's programs here work on: those of a Ray cluster, or this one."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import ray

from core import settings
from core.cluster import join

settings.light_tensorflow()
settings.one_thread_a_product()

ROOT = Path(__file__).resolve().parent.parent
# For Ray's store on a single machine, because recipes and clips are small.
OBJECT_STORE_BYTES = 100 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which machines, as arguments of a command line."""
    parser.add_argument("--address", help="the Ray cluster, HOST:PORT or auto; left out: this machine alone")
    parser.add_argument("--cpus", type=int, help="how many CPUs of this machine alone; left out: all")


def connect(args: argparse.Namespace) -> None:
    """Connects Ray to the machines that were chosen, starting it if that is this one."""
    address = args.address or os.environ.get("RAY_ADDRESS")
    # Other processes on this machine import core and deploy from here; on others they are in the image.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    if address:
        join(address)
    else:
        # Without that, Ray would join whatever cluster there is.
        ray.init(
            "local",
            num_cpus=args.cpus,
            object_store_memory=OBJECT_STORE_BYTES,
            include_dashboard=False,
            log_to_driver=False,
        )
