"""The lists of units: snapshots, differences, and messages that are small enough."""

from __future__ import annotations

import pytest

from central.list_import import ListImport
from central.listing import changes
from central.rows.people import People
from edge.core.downward import MAX_CONTENT_BYTES
from edge.core.downward_content import VisitListChange, encode_content
from tests.central.conftest import AT_UTC, Desk
from tests.central.lists import HEADER, csv_list, number, row


def assigned(task: ListImport, unit_id: str | None, village: str = "village-1") -> list[VisitListChange]:
    """The messages that an assignment makes due at unit-a."""
    with task.store.transaction() as transaction:
        people = People(transaction, task.vault)
        people.assign(unit_id, address_code=village)
        return list(changes(people, "unit-a", task.vault, at_utc=AT_UTC))


def test_first_message_is_a_snapshot_and_later_ones_only_what_changed(task: ListImport) -> None:
    task.take("l.csv", csv_list(row(1), row(2)), at_utc=AT_UTC)
    (snapshot,) = assigned(task, "unit-a")
    assert (snapshot.base_version, snapshot.version, len(snapshot.put)) == (0, 1, 2)
    assert snapshot.put[0].id_number == number(1)
    assert assigned(task, "unit-a") == [], "nothing changed, nothing goes down"
    task.take("l.csv", csv_list(row(2, scheme="enterprise"), row(1)), at_utc=AT_UTC)
    (delta,) = assigned(task, "unit-a")
    assert (delta.base_version, delta.version, [p.person_id for p in delta.put]) == (1, 2, ["p-2"])
    (emptied,) = assigned(task, None)
    assert (emptied.version, emptied.put, emptied.removed) == (3, (), ("p-1", "p-2"))


def test_list_too_large_for_one_message_goes_in_several(task: ListImport) -> None:
    employer = "e" * 20_000
    rows = [f"{row(n)},{employer}" for n in range(1, 12)]
    raw = "\n".join([f"{HEADER},employer", *rows, ""]).encode()
    task.take("l.csv", raw, at_utc=AT_UTC)
    sent = assigned(task, "unit-a")
    assert [(c.base_version, c.version) for c in sent] == [(0, 1), (1, 2)]
    assert sum(len(c.put) for c in sent) == 11
    assert all(len(encode_content(c)) <= MAX_CONTENT_BYTES for c in sent)


def test_stolen_database_shows_no_name_number_or_employer(task: ListImport, desk: Desk) -> None:
    if not desk.database.startswith("sqlite"):
        pytest.skip("the bytes of one file are looked at")
    task.take("l.csv", csv_list(row(1)), at_utc=AT_UTC)
    assigned(task, "unit-a")
    desk.store.close()
    files = [p.read_bytes() for p in (desk.folder / "central").glob("central.sqlite3*")]
    for secret in (b"code-1", number(1).encode(), number(1)[6:14].encode()):
        assert not any(secret in raw for raw in files)
