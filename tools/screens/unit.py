"""A demonstration unit that serves its pages while the block lasts, with a camera that plays a cooperative person."""

from __future__ import annotations

import contextlib
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edge.demo.page import make_page_unit, playing
from edge.wiring.serve import Plan, pages
from tools.bundle.places import cache_folder
from tools.evaluate.default_bundle import find_folder
from tools.portraits import fetch_portraits

PHONES = "127.0.0.2"


@contextlib.contextmanager
def served_unit() -> Iterator[tuple[str, str]]:
    """The addresses for the unit's own screen and for phones. Raises InputError where bundle or portraits lack."""
    portraits = fetch_portraits(cache_folder())
    with tempfile.TemporaryDirectory(prefix="doorstep-screens-") as folder:
        unit = make_page_unit(Path(folder) / "unit", portraits, find_folder())
        phones = f"{PHONES}:{_free_port(PHONES)}"
        with (
            unit,
            pages(unit, Plan(port=0, access_point=phones), playing(unit, portraits, seed=1)) as (address, _),
        ):
            yield address, f"https://{phones}"


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
