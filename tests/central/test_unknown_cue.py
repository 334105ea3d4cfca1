"""A unit may be newer than central: a liveness cue that central does not know is kept, shown around, and no fault."""

from __future__ import annotations

import msgspec
import pytest

from edge.core.chain import ChainHead
from edge.core.envelope import VISIT_TYPE, seal
from edge.core.receipt import Verdict
from tests.central.conftest import Desk
from tests.central.desks import open_desk
from tests.central.test_attack_fields import full_record

ODOUR = {"mode": "decisive", "score": 0.5, "confidence": 1.0, "refuses": True, "spectrum": [1, 2]}


@pytest.mark.parametrize("cues", [{"odour": ODOUR}, {"texture": ODOUR}, {}])
def test_a_record_with_a_cue_that_central_does_not_know_is_stored_and_can_be_reviewed(
    desk: Desk, cues: dict[str, object]
) -> None:
    plain = msgspec.to_builtins(full_record())
    plain["face"]["cues"] = cues
    plain |= {"sequence": 1, "record_id": "r-1", "previous_sha256": ChainHead().sha256}
    raw = seal(msgspec.json.encode(plain, order="deterministic"), VISIT_TYPE, [desk.signer])
    item = desk.said(raw)
    assert item.verdict is Verdict.STORED, item.reason
    (row,) = desk.rows("records")
    assert row["envelope"] == raw, "what was signed is kept to the byte"
    client = open_desk(desk).as_("sup-1")
    assert client.get("/").status_code == 200 and client.get(f"/reviews/{row['sha256']}").status_code == 200
