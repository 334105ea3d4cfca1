"""The scheme of a visit: the list's, unless the worker corrects it and says why; both stand in the signed record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.core.envelope import parse
from edge.core.session import Step
from edge.core.visit import Scheme, SchemeChange, SchemeReason
from edge.services.slip import record_of
from tests.web.kiosk import WORKER
from tests.web.rooms import Screen, begin, post


@pytest.fixture
def screen(root: Path) -> Iterator[Screen]:
    made = Screen(root)
    yield made
    made.close()


def test_corrected_scheme_needs_a_reason_and_is_signed_with_the_lists(screen: Screen) -> None:
    client = screen.worker()
    begin(client)
    refused = post(client, "/visit/confirm", scheme="resident")
    assert refused.status_code == 400 and "没有说明险种更改的原因" in refused.text
    session = screen.room.visiting.open_of(WORKER)
    assert session and session.step is Step.CONFIRM and session.person.scheme is Scheme.ENTERPRISE
    assert post(client, "/visit/confirm", scheme="resident", why="transferred").status_code == 303
    post(client, "/visit/leave", "/visit/leave", reason="asleep")
    (stored,) = screen.unit.store.records()
    served = record_of(stored).visit.person_served
    assert served.scheme is Scheme.RESIDENT
    assert served.scheme_change == SchemeChange(listed=Scheme.ENTERPRISE, reason=SchemeReason.TRANSFERRED)


def test_untouched_scheme_leaves_no_trace_in_the_record(screen: Screen) -> None:
    client = screen.worker()
    begin(client)
    assert post(client, "/visit/confirm", scheme="enterprise", why="pirate").status_code == 303
    post(client, "/visit/leave", "/visit/leave", reason="asleep")
    (stored,) = screen.unit.store.records()
    assert b"scheme_change" not in parse(stored.envelope).payload
    assert record_of(stored).visit.person_served.scheme is Scheme.ENTERPRISE
