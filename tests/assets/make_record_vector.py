"""Make the known-answer record: `python -m tests.assets.make_record_vector` writes record_vector.json.

Ed25519 signatures are deterministic, so key seed and fields fix every byte. Run it again only when the record's
format changes on purpose, and then change the numbers of docs/record-format.md with it.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner

from edge.core.envelope import digest, parse
from edge.core.keys import KeyPurpose, KeyRole
from edge.device.clock import ManualClock
from edge.ports.workers import OpenWorker
from edge.services.keep import keep_visit
from edge.signing.keyfile import KeyFile, public_document
from tests.samples import UNIT, MemoryStore, sample_draft

PATH = Path(__file__).with_name("record_vector.json")
SEED = bytes(range(32))
WORKER_SEED, WITNESS_SEED = b"\x11" * 32, b"\x12" * 32


def vector() -> dict[str, object]:
    """Two records of one unit, with everything a receiver needs to check its own reading of them.

    The first is signed by the unit alone, the second by worker and witness too.
    """
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    public = public_document(key, role=KeyRole.RECORD, purpose=KeyPurpose.DEMONSTRATION, owner=UNIT)
    store, clock = MemoryStore(), ManualClock()
    people = (_worker("worker-1", WORKER_SEED), _worker("witness-1", WITNESS_SEED))
    for number, cosigners in ((1, ()), (2, people)):
        keep_visit(sample_draft(number), store=store, signer=KeyFile(key, public), clock=clock, cosigners=cosigners)
        clock.advance(600)
    return {
        "private_seed_hex": SEED.hex(),
        "public_key": msgspec.to_builtins(public),
        "worker_keys": [msgspec.to_builtins(worker.public) for worker in people],
        "records": [_describe(record.envelope) for record in store.stored],
    }


def _worker(worker_id: str, seed: bytes) -> OpenWorker:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = public_document(key, role=KeyRole.WORKER, purpose=KeyPurpose.DEMONSTRATION, owner=worker_id)
    return OpenWorker(worker_id=worker_id, public=public, signer=CryptoSigner(key))


def _describe(envelope: bytes) -> dict[str, object]:
    parsed = parse(envelope)
    return {
        "payload_type": parsed.payload_type,
        "payload": parsed.payload.decode(),
        "pae_sha256": digest(parsed.pae()),
        "signatures_hex": {keyid: signature.signature for keyid, signature in parsed.signatures.items()},
        "envelope": envelope.decode(),
        "envelope_sha256": digest(envelope),
    }


if __name__ == "__main__":
    PATH.write_text(json.dumps(vector(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(PATH)
