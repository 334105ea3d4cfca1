"""Messages to a unit as central would sign them, but for what a test asks to be otherwise."""

from __future__ import annotations

import msgspec

from edge.core.downward import Downward, MessageKind, protect, sign_message
from edge.core.downward_content import Command, VisitListChange, encode_content
from edge.core.envelope import seal
from tests.sync.loopback import ISSUED_UTC, Bench


def forged(bench: Bench, sequence: int, content: Command | VisitListChange, /, **how: object) -> bytes:
    """A message as central would sign it, but for `how`."""
    kind = how.pop("kind", MessageKind.COMMAND if isinstance(content, Command) else MessageKind.VISIT_LIST)
    signer = how.pop("signer", None) or bench.downlink._signers.by_kind[kind]
    message = Downward(
        message_id="m", central_id="central-test", unit_id="unit-a", sequence=sequence, kind=kind,
        issued_utc=ISSUED_UTC, content=b"",
    )
    own = bench.sync_keys.sealing.public_key().public_bytes_raw().hex()
    message = protect(encode_content(content), message, own)
    return sign_message(msgspec.structs.replace(message, **how), signer)


def as_later_central_signs(bench: Bench, sequence: int, payload_type: str, /, **how: object) -> bytes:
    """A message as a central of a later version would sign it: its place stands where it stands today."""
    signer = how.pop("signer", None) or bench.downlink._signers.by_kind[MessageKind.COMMAND]
    said = {"central_id": "central-test", "unit_id": "unit-a", "sequence": sequence, "format": "doorstep.downward/1"}
    payload = msgspec.json.encode({k: v for k, v in {**said, **how}.items() if v is not None})
    return seal(payload, payload_type, [signer])
