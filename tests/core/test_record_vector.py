"""Known answers: a record's bytes must not change unnoticed, and the document must show the true ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge.core.envelope import SIMULATED_VISIT_TYPE, digest
from edge.core.errors import DoesNotVerify
from edge.core.keys import decode_public_key
from edge.core.record import VisitRecord, decode_record
from edge.core.verdict import Verdict
from edge.core.verify import verify_chain
from edge.core.visit import Scheme, SchemeChange, SchemeReason
from tests.assets.make_record_vector import PATH, vector

DOCUMENT = Path(__file__).parents[2] / "docs" / "record-format.md"


def test_same_key_and_fields_give_the_same_bytes() -> None:
    assert vector() == json.loads(PATH.read_text("utf-8"))


def test_stored_answer_verifies_without_our_signing_code() -> None:
    answer = json.loads(PATH.read_text("utf-8"))
    documents = [answer["public_key"], *answer["worker_keys"]]
    public = {d["keyid"]: Ed25519PublicKey.from_public_bytes(bytes.fromhex(d["public_hex"])) for d in documents}
    for record in answer["records"]:
        kind, payload = record["payload_type"].encode(), record["payload"].encode()
        signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
        assert digest(signed) == record["pae_sha256"]
        for keyid, signature in record["signatures_hex"].items():
            public[keyid].verify(bytes.fromhex(signature), signed)
        assert digest(record["envelope"].encode()) == record["envelope_sha256"]
    keys = [decode_public_key(json.dumps(document).encode()) for document in documents]
    report = verify_chain([r["envelope"].encode() for r in answer["records"]], keys)
    assert report.verdict is Verdict.VERIFIES


def test_records_from_before_there_were_workers_keys_still_verify() -> None:
    answer = json.loads(PATH.with_name("record_vector_unit_alone.json").read_text("utf-8"))
    keys = [decode_public_key(json.dumps(answer["public_key"]).encode())]
    report = verify_chain([r["envelope"].encode() for r in answer["records"]], keys)
    assert report.verdict is Verdict.VERIFIES
    assert "cosigners" not in answer["records"][0]["payload"]


def test_document_shows_the_true_bytes() -> None:
    text = DOCUMENT.read_text("utf-8")
    answer = json.loads(PATH.read_text("utf-8"))
    first, second = answer["records"]
    for fact in (
        answer["private_seed_hex"],
        answer["public_key"]["keyid"],
        answer["public_key"]["public_hex"],
        first["payload"],
        first["pae_sha256"],
        *first["signatures_hex"].values(),
        first["envelope_sha256"],
        second["envelope_sha256"],
    ):
        assert fact in text


def _fields(struct: Any, seen: set[str]) -> set[str]:
    """The names of all fields below a struct, as they stand on the wire."""
    for field in msgspec.structs.fields(struct):
        seen.add(field.encode_name)
        for inner in (field.type, *get_args(field.type)):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                _fields(inner, seen)
    return seen


def test_document_explains_every_field() -> None:
    text = DOCUMENT.read_text("utf-8")
    missing = {name for name in _fields(VisitRecord, set()) if f"`{name}`" not in text and f'"{name}"' not in text}
    assert missing == set()


def test_change_of_scheme_that_changes_nothing_is_refused() -> None:
    record = json.loads(vector()["records"][0]["payload"])
    served = record["visit"]["person_served"]
    served["scheme_change"] = {"listed": "enterprise", "reason": "transferred"}
    change = decode_record(json.dumps(record).encode(), SIMULATED_VISIT_TYPE).visit.person_served.scheme_change
    assert change == SchemeChange(listed=Scheme.ENTERPRISE, reason=SchemeReason.TRANSFERRED)
    served["scheme_change"]["listed"] = served["scheme"]
    with pytest.raises(DoesNotVerify, match="names none"):
        decode_record(json.dumps(record).encode(), SIMULATED_VISIT_TYPE)


def test_a_cue_that_a_reader_does_not_know_is_passed_over() -> None:
    record = json.loads(vector()["records"][0]["payload"])
    score = {"value": 0.9, "review": 0.2, "accept": 0.5}
    record["face"] = {
        "frames_seen": 1, "frames_used": 1, "people_seen": 1, "ambiguous": False, "comparison": score,
        "liveness": score, "continuity": score, "roll_deg": None, "quality": {}, "reference_count": 0,
        "reference_verified": False,
        "cues": {"odour": {"mode": "decisive", "score": 0.5, "confidence": 1.0, "spectrum": [1, 2]}},
    }  # fmt: skip
    decoded = decode_record(json.dumps(record).encode(), SIMULATED_VISIT_TYPE)
    assert decoded.face and decoded.face.cues["odour"].mode == "decisive"
    del record["face"]["cues"]
    assert decode_record(json.dumps(record).encode(), SIMULATED_VISIT_TYPE).face.cues == {}
