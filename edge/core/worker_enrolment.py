"""A worker's public key, vouched for: signed by the unit on which it lies, and by the key itself.

The worker's own signature shows that whoever asks to be registered holds the key; the unit's, that it lies sealed on
that unit and nowhere else. Whether it is the worker's, a person at central decides, who compares the fingerprint: a
unit alone could otherwise make up workers, and its two signatures would be worth one.
"""

from __future__ import annotations

import msgspec
from securesystemslib.signer import Signer

from edge.core.document import read_json
from edge.core.envelope import open_envelope, parse, seal
from edge.core.errors import DoesNotVerify
from edge.core.keys import KeyRole, PublicKeyDocument

ENROLMENT_TYPE = "application/vnd.doorstep.worker-enrolment.v1+json"
FORMAT = "doorstep.worker-enrolment/1"


class WorkerEnrolment(msgspec.Struct, frozen=True, kw_only=True):
    unit_id: str
    made_utc: str
    key: PublicKeyDocument
    format: str = FORMAT


def sign_enrolment(enrolment: WorkerEnrolment, unit: Signer, worker: Signer) -> bytes:
    return seal(msgspec.json.encode(enrolment, order="deterministic"), ENROLMENT_TYPE, [unit, worker])


def claimed_enrolment(raw: bytes) -> WorkerEnrolment:
    """What an enrolment says, believed by nobody yet. Raises DoesNotVerify, CouldNotBeChecked."""
    return read_json(parse(raw).payload, WorkerEnrolment, format_=FORMAT, what="the worker's enrolment")


def open_enrolment(raw: bytes, record_key: PublicKeyDocument) -> WorkerEnrolment:
    """The enrolment in `raw`, by the unit of `record_key` and the worker's own key.

    Raises DoesNotVerify or CouldNotBeChecked.
    """
    enrolment = claimed_enrolment(raw)
    key = enrolment.key
    if (key.role, key.purpose) != (KeyRole.WORKER, record_key.purpose) or key.keyid == record_key.keyid:
        raise DoesNotVerify(f"the key is no {record_key.purpose.value} key of a worker", step="key")
    keys = {record_key.keyid: record_key.key(), key.keyid: key.key()}
    opened = open_envelope(raw, keys=keys, payload_types={ENROLMENT_TYPE})
    if set(opened.key_ids) != set(keys):
        raise DoesNotVerify("an enrolment is signed by the unit and by the worker's own key", step="signature")
    if enrolment.unit_id != record_key.owner:
        raise DoesNotVerify(f"made on unit {enrolment.unit_id!r}, not {record_key.owner!r}", step="unit")
    return enrolment

