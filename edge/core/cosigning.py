"""The people who sign a record beside the unit: the field worker of the visit, and the witness where there is one.

Rules:
- the signatures of a record are the unit's and those of the cosigners that its payload names: none is missing, none
  is there that is not named;
- a record with cosigners names its field worker, once, and its witness at most once; the two are two people with two
  keys, and neither key is the unit's; a witness who is said to have signed by PIN is among them;
- each signature holds under the key that the payload gives for it; whether that key is really the person's is told by
  the key documents at hand (`check_known`). Not knowing accuses nobody.
A record that names nobody was signed by the unit alone, as all were before there were workers' keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from securesystemslib.dsse import Envelope

from edge.core.envelope import check_signature
from edge.core.errors import CouldNotBeChecked, DoesNotVerify
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument
from edge.core.record import VisitRecord, decode_record
from edge.core.visit import Cosigner, CosignerRole, WitnessMethod

STEP = "workers"


def unit_signature(envelope: Envelope, cosigners: Iterable[Cosigner]) -> str:
    """The key id of the one signature that no cosigner is named for. Raises DoesNotVerify (step `key`)."""
    named = {c.keyid for c in cosigners}
    others = [keyid for keyid in envelope.signatures if keyid not in named]
    if len(others) != 1:
        raise DoesNotVerify(f"a record has one signature beside those it names, got {len(others)}", step="key")
    return others[0]


def check_cosigned(envelope: Envelope, record: VisitRecord) -> None:
    """Whether all that the record names have signed it. The unit's own signature is checked by the caller.

    Raises DoesNotVerify (step `workers`).
    """
    check_people(record)
    for cosigner in record.cosigners:
        whose = f"the signature of {cosigner.role.value} {cosigner.worker_id!r}"
        if cosigner.keyid not in envelope.signatures:
            raise DoesNotVerify(f"{whose} is missing", step=STEP)
        try:
            check_signature(envelope, key_document(cosigner).key())
        except (DoesNotVerify, ValueError) as e:
            raise DoesNotVerify(f"{whose} does not fit", step=STEP) from e


def check_people(record: VisitRecord) -> None:
    """Whether the cosigners named are the people of the visit. Raises DoesNotVerify (step `workers`)."""
    witness = record.attestation.witness if record.attestation else None
    signed = any(c.role is CosignerRole.WITNESS for c in record.cosigners)
    if witness and witness.how is WitnessMethod.PIN and not signed:
        raise DoesNotVerify("the witness is said to have signed and has not", step=STEP)
    if not record.cosigners:
        return
    workers = [c.worker_id for c in record.cosigners if c.role is CosignerRole.WORKER]
    witnesses = [c.worker_id for c in record.cosigners if c.role is CosignerRole.WITNESS]
    if workers != [record.visit.person_serving]:
        raise DoesNotVerify(f"the visit is {record.visit.person_serving!r}'s, signed by {workers}", step=STEP)
    witnessed_by = record.attestation.witnessed_by if record.attestation else None
    if witnesses not in ([], [witnessed_by]):
        raise DoesNotVerify(f"the witness is {witnessed_by!r}, signed by {witnesses}", step=STEP)
    for what in ("worker_id", "keyid", "public_hex"):
        if len({getattr(c, what) for c in record.cosigners}) != len(record.cosigners):
            raise DoesNotVerify("worker and witness are one person", step=STEP)


def check_known(record: VisitRecord, documents: Sequence[PublicKeyDocument], purpose: KeyPurpose) -> None:
    """Whether the cosigners' keys are known as theirs.

    Raises CouldNotBeChecked for a key that no document tells of, DoesNotVerify for one that is known as somebody
    else's or was made for another purpose than the unit's (both step `workers`).
    """
    by_keyid = {d.keyid: d for d in documents}
    for cosigner in record.cosigners:
        document = by_keyid.get(cosigner.keyid)
        if document is None:
            message = f"no public key at hand of {cosigner.role.value} {cosigner.worker_id!r}"
            raise CouldNotBeChecked(message, step=STEP)
        told = (document.role, document.owner, document.public_hex, document.purpose)
        if told != (KeyRole.WORKER, cosigner.worker_id, cosigner.public_hex, purpose):
            known_as = f"a {document.purpose.value} {document.role.value} key of {document.owner!r}"
            raise DoesNotVerify(f"the key of {cosigner.worker_id!r} is known as {known_as}", step=STEP)


def key_document(cosigner: Cosigner) -> PublicKeyDocument:
    """The key as the record gives it; nobody has vouched for it yet."""
    return PublicKeyDocument(
        role=KeyRole.WORKER,
        purpose=KeyPurpose.DEMONSTRATION,
        owner=cosigner.worker_id,
        keyid=cosigner.keyid,
        public_hex=cosigner.public_hex,
    )


def open_record(envelope: Envelope, unit_key: PublicKeyDocument, payload_type: str) -> VisitRecord:
    """The record in a parsed envelope, signed by the unit of `unit_key` and by all that it names.

    For a receiver, who finds out by itself whose keys those are. Raises CouldNotBeChecked (steps `key`, `payload`)
    and DoesNotVerify (`type`, `key`, `signature`, `payload`, `workers`).
    """
    if envelope.payload_type != payload_type:
        raise DoesNotVerify(f"payload type {envelope.payload_type!r}, expected {payload_type!r}", step="type")
    if unit_key.role is not KeyRole.RECORD or unit_key.keyid not in envelope.signatures:
        first = next(iter(envelope.signatures), None)
        if first is None:
            raise DoesNotVerify("the envelope carries no signature", step="signature")
        raise CouldNotBeChecked(f"no public key at hand for signature by {first[:16]}…", step="key")
    check_signature(envelope, unit_key.key())
    record = decode_record(envelope.payload, payload_type)
    if unit_signature(envelope, record.cosigners) != unit_key.keyid:
        raise DoesNotVerify("the record names the unit's own key as a person's", step="key")
    check_cosigned(envelope, record)
    return record
