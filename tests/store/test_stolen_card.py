"""A stolen card: the whole image is searched, freed blocks and journal too, for whoever stood on the lists."""

from __future__ import annotations

import base64
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from central.config import load_config
from central.downward import Downlink
from central.keys import message_signers
from central.rows.messages import messages_of
from edge.core.downward_content import (
    Command,
    CommandName,
    ListedPerson,
    ListedReference,
    VisitListChange,
    kind_of_content,
)
from edge.core.id_number import check_character
from edge.core.session import Document, DocumentKind, Person, VisitSession
from edge.core.visit import Scheme
from edge.services.keep import keep_visit
from edge.store.sessions import SqliteSessions
from edge.wiring.people import keep_copy
from edge.wiring.sync import make_inbox
from edge.wiring.unit import Unit, open_unit
from edge.wiring.visit import VisitSide
from tools.faults.power_disk import Disk
from tools.faults.scene import Scene, draft

ISSUED_UTC = "2026-03-02T02:00:00.000Z"
PEOPLE = 12
BLOCK_BYTES = 4096
NAMES = [f"{family}{given}" for family in ("欧阳", "司马", "诸葛") for given in ("试甲", "试乙", "试丙", "试丁")]


def number(n: int) -> str:
    body = f"4301021941010{n % 9 + 1}{n:03d}"
    return body + check_character(body)


NUMBERS = [number(n) for n in range(PEOPLE)]
TEMPLATES = [os.urandom(512) for _ in range(PEOPLE)]
PHOTOGRAPHS = [b"\xff\xd8\xff" + os.urandom(3000) for _ in range(PEOPLE)]


def needles() -> Iterator[tuple[str, bytes]]:
    """Every name, number, template and photograph, as it might be written."""
    for n in range(PEOPLE):
        for what, text in (("name", NAMES[n]), ("number", NUMBERS[n])):
            for encoding in ("utf-8", "utf-16-le", "utf-16-be", "gb18030"):
                yield f"{what} {n} {encoding}", text.encode(encoding)
            yield f"{what} {n} json", json.dumps(text)[1:-1].encode()
            yield from _in_text(f"{what} {n}", text.encode())
        for what, raw in (("template", TEMPLATES[n]), ("photograph", PHOTOGRAPHS[n])):
            for place in (3, len(raw) // 2, len(raw) - 40):
                yield f"{what} {n}", raw[place : place + 24]
                yield from _in_text(f"{what} {n}", raw[place : place + 24])


def _in_text(what: str, raw: bytes) -> Iterator[tuple[str, bytes]]:
    yield f"{what} hex", raw.hex().encode()
    for shift in range(3):
        # However it lies among other bytes, one of three base64 forms of its middle stands there.
        yield f"{what} base64", base64.b64encode(b"\0" * shift + raw)[4 : (shift + len(raw)) // 3 * 4]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path / "disks")
    print(f"on {made.kind}")
    yield made
    made.close()


def all_bytes(disk: Disk) -> bytes:
    """The image, all of it that was ever written to; of a folder, every file and file name."""
    if not disk.why_not:
        with next(disk.place.parent.glob("*.img")).open("rb") as image:
            blocks = iter(lambda: image.read(BLOCK_BYTES), b"")
            return b"".join(block for block in blocks if any(block))
    files = [p for p in disk.place.rglob("*")]
    return b"\n".join(str(p).encode() + b"\n" + (p.read_bytes() if p.is_file() else b"") for p in files)


def found_in(raw: bytes) -> list[str]:
    return [what for what, needle in needles() if needle in raw]


def live_through(unit: Unit, scene: Scene, stick: Path) -> None:
    """All that brings a person's data to a unit, and some of what takes it away again."""
    people = tuple(
        ListedPerson(
            person_id=f"p-{n}", name=NAMES[n], id_number=NUMBERS[n], scheme=Scheme.RESIDENT, employer=NAMES[n],
            references=(ListedReference(sha256="ab" * 32, embedding=TEMPLATES[n], model_sha256="cd" * 32),),
        )
        for n in range(PEOPLE)
    )  # fmt: skip
    take(unit, scene, VisitListChange(version=1, base_version=0, put=people))
    take(unit, scene, VisitListChange(version=2, base_version=1, removed=("p-3", "p-4")))
    side = VisitSide(unit)
    assert {p.name for p in side.central_list.values()} == set(NAMES) - {NAMES[3], NAMES[4]}
    side.install_list(stick / "visits.csv")
    side.install_list(stick / "visits.csv")
    unit.workers.add("w-1", "280617", NAMES[5])
    sessions = SqliteSessions(unit.store_file, unit.at_rest)
    for n in range(2):
        person = Person(person_id=f"p-{n}", name=NAMES[n], id_number=NUMBERS[n], scheme=Scheme.RESIDENT, listed=True)
        name = uuid.uuid4().hex
        session = VisitSession(visit_id=name, record_id=name, worker_id=f"w-{n}", begun_utc=ISSUED_UTC, person=person)
        sessions.begin(session)
        document = Document(kind=next(iter(DocumentKind)), photo_id=f"photo-{n}")
        sessions.save(
            msgspec.structs.replace(session, revision=1, documents=(document,)), {f"photo-{n}": PHOTOGRAPHS[n]}
        )
        visit = draft(unit.config.unit_id, name)
        stored = keep_visit(visit, store=unit.store, signer=unit.record_key, clock=unit.clock)
        keep_copy(unit, stored, PHOTOGRAPHS[n])
    sessions.close(name)
    take(unit, scene, Command(name=CommandName.PURGE, subject="p-6", reason="moved"))


def take(unit: Unit, scene: Scene, content: VisitListChange | Command) -> None:
    config = load_config(scene.central)
    with scene.store() as store, store.transaction() as transaction:
        downlink = Downlink(message_signers(scene.central, config))
        downlink.issue(transaction, unit.config.unit_id, kind_of_content(content), content, at_utc=ISSUED_UTC)
        raw = messages_of(transaction.connection, unit.config.unit_id)[-1]["envelope"]
    assert make_inbox(unit).take(raw).settled


def test_stolen_card_shows_nobody_of_the_lists(disk: Disk, tmp_path: Path) -> None:
    scene, stick = Scene(tmp_path / "scene"), tmp_path / "stick"
    root = disk.place / "unit"
    shutil.copytree(scene.add_unit("unit-a"), root)
    stick.mkdir()
    rows = [f"p-{n},{NAMES[n]},{NUMBERS[n]},resident,{NAMES[n]}.jpg" for n in range(PEOPLE)]
    (stick / "visits.csv").write_text("person_id,name,id_number,scheme,reference\n" + "\n".join(rows), "utf-8")
    for n in range(PEOPLE):
        (stick / f"{NAMES[n]}.jpg").write_bytes(PHOTOGRAPHS[n])
    with open_unit(root) as unit:
        live_through(unit, scene, stick)
        disk.settle()
        disk.cut()  # while it runs, the log beside the store and all
    assert found_in(all_bytes(disk)) == []
    (disk.place / "note.txt").write_text(f"call {NUMBERS[7]}")
    (disk.place / f"{NAMES[2]}.jpg").write_bytes(PHOTOGRAPHS[1])
    disk.settle()
    assert {what.split()[0] for what in found_in(all_bytes(disk))} == {"number", "name", "photograph"}, "it can find"
