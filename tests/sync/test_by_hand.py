"""A stick in the broker's place: the same envelopes, receipts and messages, and no harm when it is pulled out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from central.cli import main as central_main
from central.parcel import Carried, import_parcels
from edge.cli.main import main as unit_main
from edge.core.delivery import DeliveryState
from edge.core.downward_content import Command, CommandName
from edge.core.errors import VerificationError
from edge.wiring.sync import export_parcel, import_parcel
from tests.sync.loopback import ISSUED_UTC, Bench

UNLOCK = Command(name=CommandName.UNLOCK_WORKER, subject="w-1")


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    made = tmp_path / "stick"
    made.mkdir()
    return made


def carry(bench: Bench, stick: Path) -> list[Carried]:
    return import_parcels(stick, bench.ingest, bench.wire.post, at_utc=ISSUED_UTC)


def test_sync_09_envelopes_receipts_and_messages_travel_by_stick(bench: Bench, stick: Path) -> None:
    made = bench.visit(3)
    bench.issue(UNLOCK)
    export_parcel(bench.unit, stick)
    (carried,) = carry(bench, stick)
    assert (carried.stored, carried.messages, carried.whole) == (3, 1, True)
    assert bench.held() == made
    _, whole = import_parcel(bench.unit, stick)
    assert whole and not bench.unit.outbox.entries()
    assert bench.inbox_store.state().applied_sequence == 1
    export_parcel(bench.unit, stick)
    carry(bench, stick)
    assert [row["state"] for row in bench.messages()] == ["applied"]


def test_the_same_stick_twice_changes_nothing(bench: Bench, stick: Path) -> None:
    made = bench.visit(2)
    bench.issue(UNLOCK)
    for _ in range(2):
        export_parcel(bench.unit, stick)
        for _ in range(2):
            carry(bench, stick)
            import_parcel(bench.unit, stick)
    assert bench.held() == made
    assert len(list(bench.inbox_store.tasks())) == 0


def test_stick_pulled_out_at_any_point_on_the_way_to_central(bench: Bench, stick: Path) -> None:
    made = bench.visit(2)
    path, _ = export_parcel(bench.unit, stick)
    whole = path.read_bytes()
    reached = 0
    for end in cuts(whole):
        path.write_bytes(whole[:end])
        carry(bench, stick)
        assert bench.held() == made[: len(bench.held())], "what is held is whole and in order"
        assert len(bench.held()) >= reached
        reached = len(bench.held())
    path.write_bytes(whole)
    carry(bench, stick)
    assert bench.held() == made
    assert bench.unit.outbox.entry(1).state is DeliveryState.PENDING


def test_stick_pulled_out_at_any_point_on_the_way_back(bench: Bench, stick: Path) -> None:
    bench.visit(2)
    bench.issue(UNLOCK, UNLOCK)
    export_parcel(bench.unit, stick)
    carry(bench, stick)
    path = stick / "unit-a.to-unit"
    whole = path.read_bytes()
    for end in cuts(whole):
        path.write_bytes(whole[:end])
        try:
            _, complete = import_parcel(bench.unit, stick)
            assert not complete
        except VerificationError:
            assert b"\n" not in whole[:end]
    path.write_bytes(whole)
    assert import_parcel(bench.unit, stick)[1]
    assert not bench.unit.outbox.entries()
    assert bench.inbox_store.state().applied_sequence == 2


def cuts(whole: bytes) -> list[int]:
    """Every point near a line's ends, and a regular choice of those between; all would take minutes."""
    ends = [n for n, byte in enumerate(whole) if byte == 10]
    near = {n + step for n in ends for step in range(-3, 3)}
    return sorted(n for n in near | set(range(0, len(whole), 37)) if 0 <= n < len(whole) - 1)


def test_garbage_lines_are_refused_and_block_nothing(bench: Bench, stick: Path) -> None:
    made = bench.visit(2)
    path, _ = export_parcel(bench.unit, stick)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"not an envelope\n", b"x" * 600_000 + b"\n", *lines[1:]]))
    (carried,) = carry(bench, stick)
    assert carried.stored == 2 and carried.refused >= 1
    assert bench.held() == made


def test_parcel_of_another_unit_is_not_this_ones(bench: Bench, stick: Path) -> None:
    bench.visit()
    path, _ = export_parcel(bench.unit, stick)
    path.write_bytes(path.read_bytes().replace(b'"unit_id":"unit-a"', b'"unit_id":"unit-b"', 1))
    (carried,) = carry(bench, stick)
    assert carried.stored == 0 and carried.refused == 1


def test_full_stick_leaves_the_parcel_before_it(bench: Bench, stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.visit()
    path, _ = export_parcel(bench.unit, stick)
    before = path.read_bytes()
    (stick / "not-a-folder").write_bytes(b"")
    with pytest.raises(Exception, match="not-a-folder|Not a directory"):
        export_parcel(bench.unit, stick / "not-a-folder")
    assert path.read_bytes() == before
    assert [p.name for p in stick.iterdir() if p.name.startswith(".")] == []


def test_commands_say_what_they_did(bench: Bench, stick: Path) -> None:
    bench.visit(2)
    run = CliRunner()
    unit, central = ["--unit", str(bench.unit.root), "--json"], ["--dir", str(bench.scene.central), "--json"]
    exported = run.invoke(unit_main, ["export", str(stick), *unit])
    assert json.loads(exported.output)["records"] == 2
    taken = run.invoke(central_main, ["import", str(stick), *central])
    assert json.loads(taken.output)[0]["stored"] == 2, taken.output
    applied = run.invoke(unit_main, ["import", str(stick), *unit])
    assert json.loads(applied.output) == {"whole": True, "delivered": 2}
