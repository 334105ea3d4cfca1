"""What docs/ says of the protocol is what the code does; the known answers stay what they are."""

from __future__ import annotations

import msgspec
import pytest

from central.refusal import ALARMS
from edge.core.bundle_fetch import offer_fault
from edge.core.certificate_renewal import open_renewal
from edge.core.confirmation import open_confirmation
from edge.core.downward import MessageKind, content_of, open_message
from edge.core.downward_content import decode_content
from edge.core.evidence import open_evidence_receipt, open_manifest
from edge.core.keys import KeyPurpose
from edge.core.protocol import Channel, decode_status
from edge.core.receipt_check import open_receipt
from edge.core.release import open_offer
from edge.core.unit_keys import open_unit_keys
from tests.assets import make_protocol_vectors as vectors
from tests.assets.protocol_contents import MESSAGES, ONLINE, PUBLISHER, RELEASE
from tools.protocol.__main__ import DOCS, generated
from tools.protocol.points import POINTS, point_tests

TRUSTED = [vectors.RECEIPT.public, *(key.public for key in vectors.SIGNERS.values())]


@pytest.mark.parametrize("name", ["asyncapi.yaml", "protocol.md", "points.md"])
def test_schemas_and_diagrams_are_those_of_the_code(name: str) -> None:
    text = generated()[DOCS / name]
    assert (DOCS / name).read_text("utf-8") == text, "run `python -m tools.protocol`"


def test_every_point_has_a_test_over_a_real_broker_with_central_on_both_databases() -> None:
    named = point_tests()
    proven = {point for test in named if test.mosquitto and test.both for point in test.points}
    assert proven == set(POINTS)


def test_every_topic_and_alarm_is_explained() -> None:
    text = (DOCS / "protocol.md").read_text("utf-8")
    for word in (*(f"UNIT/{channel}" for channel in Channel), *ALARMS, "unit_revoked"):
        assert word in text


def test_known_answers_are_made_again_to_the_byte() -> None:
    assert vectors.TARGET.read_bytes() == vectors.encoded()


def test_known_answers_are_what_the_product_accepts() -> None:
    kept = msgspec.json.decode(vectors.TARGET.read_bytes())
    raw = {name: entry["envelope"].encode() for name, entry in kept["envelopes"].items()}
    for sequence, (name, kind, said) in enumerate(MESSAGES, start=1):
        message = open_message(raw[name], TRUSTED, unit_id="unit-0001", purpose=KeyPurpose.DEMONSTRATION)
        content = content_of(message, vectors.UNIT_SEALING)
        assert (message.sequence, message.kind, content.decode()) == (sequence, kind, kept["contents"][name])
        assert decode_content(content, kind) == said
    assert {kind for _, kind, _ in MESSAGES} == set(MessageKind) - {MessageKind.CERTIFICATE}
    assert decode_status(kept["plain"]["status_online"].encode()) == ONLINE
    assert open_evidence_receipt(raw["evidence_receipt"], TRUSTED, unit_id="unit-0001").missing == (1,)
    assert open_receipt(raw["receipt"], TRUSTED, unit_id="unit-0001").gap_free_sequence == 1
    keys = open_unit_keys(raw["unit_keys"], vectors.RECORD.public)
    assert open_confirmation(raw["confirmation"], keys.confirmation).applied_sequence == 1
    wanted = open_confirmation(raw["confirmation_bundle_wanted"], keys.confirmation).bundle
    assert wanted is not None and wanted.missing == ((1, 2),)
    assert open_offer(RELEASE.envelope, [PUBLISHER]).sha256 == RELEASE.file_sha256 and not offer_fault(RELEASE)
    asked = open_renewal(raw["renewal_request"])
    assert asked.record_key == vectors.RECORD.public
    assert len(open_manifest(raw["evidence_manifest"], vectors.RECORD.public).chunks) == 2
