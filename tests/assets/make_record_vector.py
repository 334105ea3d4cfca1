"""Make the known-answer record: `python -m tests.assets.make_record_vector` writes record_vector.json.

Ed25519 signatures are deterministic, so key seed and fields fix every byte. Run it again only when the record's
format changes on purpose, and then change the numbers of docs/record-format.md with it.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.core.envelope import digest, parse
from edge.core.keys import KeyPurpose, KeyRole
from edge.device.clock import ManualClock
from edge.services.keep import keep_visit
from edge.signing.keyfile import KeyFile, public_document
from tests.samples import UNIT, MemoryStore, sample_draft

PATH = Path(__file__).with_name("record_vector.json")
SEED = bytes(range(32))


def vector() -> dict[str, object]:
    """Two records of one unit, with everything a receiver needs to check its own reading of them."""
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    public = public_document(key, role=KeyRole.RECORD, purpose=KeyPurpose.DEMONSTRATION, owner=UNIT)
    store, clock = MemoryStore(), ManualClock()
    for number in (1, 2):
        keep_visit(sample_draft(number), store=store, signer=KeyFile(key, public), clock=clock)
        clock.advance(600)
    return {
        "private_seed_hex": SEED.hex(),
        "public_key": msgspec.to_builtins(public),
        "records": [_describe(record.envelope) for record in store.stored],
    }


def _describe(envelope: bytes) -> dict[str, object]:
    parsed = parse(envelope)
    return {
        "payload_type": parsed.payload_type,
        "payload": parsed.payload.decode(),
        "pae_sha256": digest(parsed.pae()),
        "signature_hex": next(iter(parsed.signatures.values())).signature,
        "envelope": envelope.decode(),
        "envelope_sha256": digest(envelope),
    }


if __name__ == "__main__":
    PATH.write_text(json.dumps(vector(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(PATH)
