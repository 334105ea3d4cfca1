"""Renewal of the units' TLS certificates: requests kept for the technicians' authority, its answers sent down.

Central signs no certificate and needs no key for it: a request waits here until a technician carries it to the
authority, whose key is under a passphrase (docs/adr/0014). A revoked unit's request is not kept. Whether an answer is
good is decided by the unit; here it only must fit the request that waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from central.downward import Downlink, storable
from central.rows import certificates as rows
from central.rows.messages import QUEUED, messages_of
from central.store import Transaction
from edge.core.certificate_renewal import (
    REQUEST_TYPE,
    CertificateAnswer,
    CertificateStanding,
    CertificateState,
    open_renewal,
)
from edge.core.config import UNIT_ID
from edge.core.document import read_json
from edge.core.downward import MessageKind
from edge.core.envelope import digest, parse
from edge.core.errors import DoorstepError, VerificationError
from edge.core.provisioning import ANSWER_FORMAT, ProvisionAnswer, open_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What became of one answer. sequence: of the message that carries it; None when it was not sent, for
    `reason`."""

    unit_id: str
    sequence: int | None
    reason: str = ""


def is_request(raw: bytes) -> bool:
    try:
        return parse(raw).payload_type == REQUEST_TYPE
    except VerificationError:
        return False


def take_request(transaction: Transaction, unit_id: str, raw: bytes, *, at_utc: str) -> str:
    """Keep a request; gives a remark for the log, empty when all is usual. No content raises."""
    unit = transaction.unit(unit_id)
    if unit is None or unit.revoked_utc is not None:
        return f"{unit_id}: asks for a certificate and is {'revoked' if unit else 'not registered'}"
    try:
        request = open_renewal(raw)
        public = request.tls_public
    except DoorstepError as e:
        return f"{unit_id}: renewal request: {e.message}"
    if request.unit_id != unit_id or request.record_key != unit.key:
        return f"{unit_id}: renewal request under another key than is registered"
    key_sha256 = digest(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    known = rows.of_unit(transaction.connection, unit_id)
    if known is not None and known["key_sha256"] == key_sha256 and not _came_to_nothing(transaction, known):
        return ""
    fresh = {"state": rows.WAITING, "key_sha256": key_sha256, "request": raw, "asked_utc": at_utc}
    rows.save(transaction.connection, unit_id, answered_utc=None, **fresh)
    return ""


def hear(transaction: Transaction, unit_id: str, said: CertificateStanding, *, at_utc: str) -> None:
    """Note what a unit says of its certificate."""
    values = {"sha256": storable(said.sha256)[:64], "until_utc": storable(said.until_utc)[:32], "told_utc": at_utc}
    known = rows.of_unit(transaction.connection, unit_id)
    if known is not None and known["state"] == rows.ANSWERED:
        if said.state is CertificateState.REFUSED:
            values |= {"state": rows.REFUSED, "reason": storable(said.reason)}
        elif said.state is CertificateState.IN_FORCE and said.sha256 != known["sha256"]:
            values |= {"state": rows.INSTALLED, "reason": ""}
    rows.save(transaction.connection, unit_id, **values)


def pass_on(transaction: Transaction, downlink: Downlink, answers: Iterable[bytes], *, at_utc: str) -> list[Passed]:
    """Send each answer to the unit that waits for it."""
    return [_pass_one(transaction, downlink, raw, at_utc) for raw in answers]


def _pass_one(transaction: Transaction, downlink: Downlink, raw: bytes, at_utc: str) -> Passed:
    unit_id = "?"
    try:
        claimed = read_json(parse(raw).payload, ProvisionAnswer, format_=ANSWER_FORMAT, what="the answer")
        unit_id = claimed.unit_id if UNIT_ID.fullmatch(claimed.unit_id) else "?"
        unit, known = transaction.unit(unit_id), rows.of_unit(transaction.connection, unit_id)
        if unit is None or unit.revoked_utc is not None:
            return Passed(unit_id=unit_id, sequence=None, reason="revoked" if unit else "not registered here")
        if known is None or known["state"] != rows.WAITING:
            return Passed(unit_id=unit_id, sequence=None, reason="does not wait for one")
        open_answer(raw, unit_id=unit_id, tls_public=open_renewal(known["request"]).tls_public)
        content = CertificateAnswer(answer=raw)
        sequence = downlink.issue(transaction, unit_id, MessageKind.CERTIFICATE, content, at_utc=at_utc)
    except DoorstepError as e:
        return Passed(unit_id=unit_id, sequence=None, reason=e.message)
    rows.save(transaction.connection, unit_id, state=rows.ANSWERED, reason="", answered_utc=at_utc)
    return Passed(unit_id=unit_id, sequence=sequence)


def _came_to_nothing(transaction: Transaction, known: dict[str, object]) -> bool:
    """Whether the answer was refused by the unit, which still asks, or withdrawn: then it waits for another."""
    if known["state"] != rows.ANSWERED:
        return False
    sent = messages_of(transaction.connection, str(known["unit_id"]))
    answer = (MessageKind.CERTIFICATE.value, known["answered_utc"])
    states = {row["state"] for row in sent if (row["kind"], row["issued_utc"]) == answer}
    return not states & {QUEUED, "applied"}
