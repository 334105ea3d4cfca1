"""The demonstration of the field worker's page: a unit with a small list, two workers, and a camera that plays.

Everybody on the list has one of two photographs for a reference; the camera always shows the first man. So one visit
ends certified, one in review for a low similarity, and the rest show how a list looks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edge.capture.opencv_sources import read_picture
from edge.capture.script import Script
from edge.capture.scripted import ScriptedCamera
from edge.core.civil_time import civil_date
from edge.core.id_number import check_character
from edge.core.keys import KeyPurpose
from edge.demo.cast import REFERENCE
from edge.ports import Camera
from edge.wiring.unit import Unit, believe, found_unit, open_unit
from edge.wiring.visit import VisitSide

UNIT_ID = "demo-page"
WORKERS = {"demo-worker": "演示工作人员", "demo-witness": "演示见证人"}
PIN = "258036"
SHOWN, OTHER = "obama2.jpg", "biden.jpg"
PLAYED = Script(seconds=60, center=(0.58, 0.34), span=0.55, zoom_per_s=0.002, drift_per_s=(0.0008, -0.0004))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One row of the demonstration's list. due_days: from today."""

    name: str
    reference: str
    due_days: int
    facts: str = ""
    employer: str = ""
    scheme: str = "resident"


LIST = (
    Listed(name="演示甲", reference=REFERENCE, due_days=20, employer="演示单位", scheme="enterprise"),
    Listed(name="演示乙", reference=OTHER, due_days=-40),
    Listed(name="演示丙", reference="", due_days=35),
    Listed(name="演示丁", reference=REFERENCE, due_days=-200, facts="suspended"),
    Listed(name="演示戊", reference=REFERENCE, due_days=60, facts="certified_elsewhere"),
    Listed(name="演示己", reference=REFERENCE, due_days=15, facts="deceased_reported"),
)


def make_page_unit(folder: Path, portraits: Path, bundle: Path) -> Unit:
    """A demonstration unit in the new folder `folder`, with the list and the workers; the caller closes it."""
    found_unit(folder, UNIT_ID, KeyPurpose.DEMONSTRATION).close()
    named = msgspec.json.encode(str(bundle.resolve())).decode()
    with (folder / "unit.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[models]\nbundle = {named}\n")
    unit = open_unit(folder)
    believe(unit, bundle.with_name(bundle.name + ".pub.json"))
    today = dt.date.fromisoformat(civil_date(unit.clock.now_utc()))
    for worker_id, name in WORKERS.items():
        unit.workers.add(worker_id, PIN, name)
    VisitSide(unit).own_list.install(
        list_of(today), {name: (portraits / name).read_bytes() for name in (REFERENCE, OTHER)}
    )
    return unit


def list_of(today: dt.date) -> str:
    """The demonstration's list as CSV. Its numbers are well formed and given to nobody: their sequence is 000."""
    lines = ["person_id,name,id_number,scheme,reference,employer,due_date,facts,address_code"]
    for n, row in enumerate(LIST, start=1):
        first17 = f"110101194001{n:02d}000"
        due = today + dt.timedelta(days=row.due_days)
        lines.append(
            f"demo-{n},{row.name},{first17}{check_character(first17)},{row.scheme},{row.reference},"
            f"{row.employer},{due},{row.facts},110101001001"
        )
    return "\n".join(lines) + "\n"


def playing(unit: Unit, portraits: Path, *, seed: int) -> Callable[[], Camera]:
    """Opens the camera that plays the first man's photograph."""
    photograph = read_picture(portraits / SHOWN)
    return lambda: ScriptedCamera(photograph, PLAYED, seed=seed, config=unit.config.camera)
