"""A unit whose software is older than central's: what it cannot read holds nothing up, and opens no door."""

from __future__ import annotations

import pytest

from edge.core.confirmation import Applied
from edge.core.downward import PAYLOAD_TYPES, MessageKind
from edge.core.downward_content import Command, CommandName
from edge.core.keys import KeyRole
from tests.samples import sample_key
from tests.sync.forging import as_later_central_signs, forged
from tests.sync.loopback import Bench

UNLOCK = Command(name=CommandName.UNLOCK_WORKER, subject="w-1")


@pytest.mark.parametrize(
    ("payload_type", "how"),
    [
        ("application/vnd.doorstep.recipe.v1+json", {"kind": "recipe"}),
        ("application/vnd.doorstep.recipe.v1+json", {"kind": None, "kinds": ["recipe"]}),
        ("application/vnd.doorstep.command.v2+json", {"format": "doorstep.downward/2", "content": {"sealed": "x"}}),
        (PAYLOAD_TYPES[MessageKind.COMMAND], {"format": "doorstep.downward/2", "issued_utc": 12}),
    ],
)
def test_message_of_a_later_version_is_refused_in_its_turn_and_blocks_nothing(
    bench: Bench, payload_type: str, how: dict[str, object]
) -> None:
    later = as_later_central_signs(bench, 1, payload_type, **how)
    assert bench.inbox.takes(later)
    (item,) = bench.inbox.take(later).settled
    assert (item.sequence, item.outcome, item.reason) == (1, Applied.REFUSED, "unknown_format")
    (behind,) = bench.inbox.take(forged(bench, 2, UNLOCK)).settled
    assert behind.outcome is Applied.APPLIED
    assert bench.inbox.take(later).repeated == (item,)


@pytest.mark.parametrize(
    ("how", "step"),
    [
        ({"unit_id": "unit-b"}, "unit"),
        ({"central_id": "central-x"}, "issuer"),
        ({"format": "doorstep.receipt/2"}, "payload"),
        ({"sequence": "1"}, "payload"),
        ({"signer": sample_key("central-test", role=KeyRole.COMMAND).signer}, "key"),
        ({"signer": sample_key("central-test", role=KeyRole.RECEIPT).signer}, "key"),
    ],
)
def test_nobody_else_takes_a_place_in_the_sequence_by_claiming_a_later_version(
    bench: Bench, how: dict[str, object], step: str
) -> None:
    taken = bench.inbox.take(as_later_central_signs(bench, 1, "application/vnd.doorstep.recipe.v1+json", **how))
    assert taken.remark.startswith(f"{step}:") and not taken.settled
