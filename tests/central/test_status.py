"""What units say of themselves: shown to people, believed for nothing, and no way to fill the disk."""

from __future__ import annotations

import msgspec
import pytest

from central.rows import status as rows
from central.status import Said, hear_status, last_status
from edge.core.protocol import LinkState, UnitStatus, encode_status
from tests.central.conftest import AT_UTC, Desk

HERE = UnitStatus(unit_id="unit-a", state=LinkState.ONLINE, software="doorstep 1", outbox_open=7, free_mb=900)
GONE = UnitStatus(unit_id="unit-a", state=LinkState.OFFLINE)
LATER_UTC = "2026-03-03T02:00:00.000Z"


def said(status: UnitStatus, *, unit_id: str = "unit-a", retained: bool = False) -> Said:
    return Said(unit_id=unit_id, raw=encode_status(status), retained=retained, protocol="1")


def hear(desk: Desk, *heard: Said, at_utc: str = AT_UTC) -> list[str]:
    with desk.store.transaction() as transaction:
        return hear_status(transaction, heard, at_utc=at_utc)


def kept(desk: Desk) -> list[dict[str, object]]:
    with desk.store.transaction() as transaction:
        return rows.all_known(transaction.connection)


def test_unit_that_went_away_is_shown_with_what_it_last_said(desk: Desk) -> None:
    assert hear(desk, said(HERE), said(GONE)) == []
    (row,) = kept(desk)
    assert (row["state"], row["protocol"], last_status(row)) == ("offline", "1", HERE)


def test_kept_status_heard_again_does_not_make_a_unit_seen_now(desk: Desk) -> None:
    hear(desk, said(HERE))
    hear(desk, said(HERE, retained=True), at_utc=LATER_UTC)
    assert kept(desk)[0]["seen_utc"] == AT_UTC
    hear(desk, said(HERE), at_utc=LATER_UTC)
    assert kept(desk)[0]["seen_utc"] == LATER_UTC


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff{",
        encode_status(HERE) + b" " * 5000,
        encode_status(msgspec.structs.replace(HERE, unit_id="unit-b")),
        encode_status(msgspec.structs.replace(HERE, software="x" * 100)),
        encode_status(msgspec.structs.replace(HERE, software="<script>\0")),
        encode_status(msgspec.structs.replace(HERE, format="doorstep.status/9")),
    ],
)
def test_status_that_is_none_is_told_and_not_kept(demonstration_desk: Desk, raw: bytes) -> None:
    assert len(hear(demonstration_desk, Said(unit_id="unit-a", raw=raw, retained=False))) == 1
    assert kept(demonstration_desk) == []


def test_stranger_and_revoked_unit_are_not_listened_to(desk: Desk) -> None:
    stranger = msgspec.structs.replace(HERE, unit_id="unit-b")
    assert hear(desk, said(stranger, unit_id="unit-b")) == []
    with desk.store.transaction() as transaction:
        transaction.revoke_unit("unit-a", at_utc=AT_UTC)
    hear(desk, said(HERE))
    assert kept(desk) == []
