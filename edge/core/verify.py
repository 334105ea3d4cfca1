"""Verification of records and chains from bytes, in numbered steps.

For each record:
  1 format     the bytes are one DSSE envelope in its one permitted form
  2 type       the payload type is a record's, genuine or simulated
  3 key        beside the signatures that the record names there is one; its key is at hand, signs records, and its
               purpose fits the type
  4 signature  the signature fits type and payload (DSSE v1.0, pre-authentication encoding)
  5 payload    a known format, keeping its rules, of the key's owner and of the expected unit
  6 columns    what the store says beside the envelope is what the envelope says
  7 place      sequence and previous digest fit the records around it (edge/core/chain.py)
 10 workers    the worker and the witness that the record names have signed it (edge/core/cosigning.py), with keys
               known as theirs
For the chain:
  8 head       the stored head names the last record
  9 receipts   what central's signed receipts name is here
A step is made only when those before it passed, but 6 compares the digest in any case.
The time of a record is not checked: clocks of units are often wrong, which the record itself says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from securesystemslib.dsse import Envelope

from edge.core.chain import ChainFault, ChainHead, Finding, Link, StoredRecord, check_head, examine, last_of
from edge.core.cosigning import check_cosigned, check_known, unit_signature
from edge.core.envelope import RECORD_TYPES, SIMULATED_VISIT_TYPE, check_signature, digest, parse
from edge.core.errors import CouldNotBeChecked, DoesNotVerify, VerificationError
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument
from edge.core.receipts_held import check_receipts
from edge.core.record import VisitRecord, decode_record
from edge.core.verdict import RecordCheck, Report, Step, StepState

PASSED, FAILED, NOT_CHECKED = StepState.PASSED, StepState.FAILED, StepState.NOT_CHECKED


def verify_record(
    raw: bytes, keys: Sequence[PublicKeyDocument], *, unit_id: str | None = None
) -> tuple[RecordCheck, VisitRecord | None]:
    """Steps 1 to 5 on one envelope; 6 and 7 do not apply to a record alone. The record is given when all passed."""
    examination = _Examination(raw, keys, unit_id)
    steps = [*examination.run(), _step(6, NOT_CHECKED, "a record alone"), _step(7, NOT_CHECKED, "a record alone")]
    return examination.check(0, steps), examination.record


def verify_chain(
    items: Iterable[StoredRecord | bytes],
    keys: Sequence[PublicKeyDocument],
    *,
    unit_id: str | None = None,
    first_sequence: int = 1,
    head: ChainHead | None = None,
    receipts: Iterable[bytes] = (),
) -> Report:
    """All steps on a store's records (StoredRecord) or an exported stretch (bytes), in stored order.

    unit_id None: the unit of the first good record is the one expected of all.
    head None: there is no head to compare with. Nothing is raised; the report says all.
    """
    checks: list[RecordCheck] = []
    links: list[Link] = []
    findings: list[Finding] = []
    for position, item in enumerate(items):
        stored = item if isinstance(item, StoredRecord) else None
        raw = stored.envelope if stored else item
        assert isinstance(raw, bytes)
        examination = _Examination(raw, keys, unit_id)
        steps = [*examination.run(), _columns(stored, examination)]
        if examination.record:
            unit_id = unit_id or examination.record.unit_id
        if examination.other_unit:
            fault = ChainFault.OTHER_UNIT
            findings.append(Finding(fault=fault, detail=examination.other_unit, index=position))
        checks.append(examination.check(position, steps))
        links.append(examination.link(stored, accused=any(s.state is FAILED for s in steps)))
    findings += examine(links, first_sequence=first_sequence)
    last = last_of(links, first_sequence=first_sequence)
    whole = [_head(last, head, links, findings), check_receipts(receipts, keys, unit_id, links, last, findings)]
    by_index: dict[int | None, list[Finding]] = {}
    for finding in findings:
        by_index.setdefault(finding.index, []).append(finding)
    return Report(
        unit_id=unit_id,
        records=tuple(_with_place(c, links[c.position].sound, by_index.get(c.position, [])) for c in checks),
        chain=tuple(whole),
        findings=tuple(findings),
        last=last,
    )


class _Examination:
    """Steps 1 to 5 on one envelope, and what they brought to light."""

    def __init__(self, raw: bytes, keys: Sequence[PublicKeyDocument], unit_id: str | None) -> None:
        self.raw = raw
        self.sha256 = digest(raw)
        self.keys = keys
        self.unit_id = unit_id
        self.envelope: Envelope | None = None
        self.document: PublicKeyDocument | None = None
        self.record: VisitRecord | None = None
        self.claimed: VisitRecord | None = None
        self.other_unit = ""

    def run(self) -> list[Step]:
        makers = {
            1: self._format, 2: self._type, 3: self._key, 4: self._signature, 5: self._payload, 10: self._workers
        }  # fmt: skip
        steps: list[Step] = []
        for number, make in makers.items():
            try:
                steps.append(_step(number, PASSED, make()))
            except DoesNotVerify as e:
                steps.append(_step(number, FAILED, e.message))
                break
            except CouldNotBeChecked as e:
                steps.append(_step(number, NOT_CHECKED, e.message, wanting=True))
                break
        return steps + [_step(n, NOT_CHECKED, "not reached") for n in list(makers)[len(steps) :]]

    def _format(self) -> str:
        self.envelope = parse(self.raw)
        return f"{len(self.raw)} bytes"

    def _type(self) -> str:
        kind = self._parsed.payload_type
        if kind not in RECORD_TYPES:
            raise DoesNotVerify(f"payload type {kind!r} is no record's", step="type")
        self.claimed = self._read_claims()
        return kind

    def _key(self) -> str:
        signer = unit_signature(self._parsed, self.claimed.cosigners if self.claimed else ())
        known = [d for d in self.keys if d.keyid == signer]
        if not known:
            self._refuse_other_unit(self.claimed)
            raise CouldNotBeChecked(f"no public key at hand for {signer[:16]}…", step="key")
        self.document = next((d for d in known if d.role is KeyRole.RECORD), known[0])
        if self.document.role is not KeyRole.RECORD:
            raise DoesNotVerify(f"signed with a {self.document.role.value} key, not a record key", step="key")
        simulated = self._parsed.payload_type == SIMULATED_VISIT_TYPE
        if simulated is not (self.document.purpose is KeyPurpose.DEMONSTRATION):
            kind = "simulated" if simulated else "genuine"
            raise DoesNotVerify(f"a {self.document.purpose.value} key may not sign {kind} records", step="key")
        return f"{self.document.purpose.value} key of {self.document.owner}, {self.document.keyid[:16]}…"

    def _signature(self) -> str:
        assert self.document
        check_signature(self._parsed, self.document.key())
        return "Ed25519"

    def _payload(self) -> str:
        assert self.document
        record = decode_record(self._parsed.payload, self._parsed.payload_type)
        if record.unit_id != self.document.owner:
            raise DoesNotVerify(
                f"names unit {record.unit_id!r}, but the key is of {self.document.owner!r}", step="payload"
            )
        self._refuse_other_unit(record)
        self.record = record
        return f"record {record.sequence} of {record.unit_id}"

    def _workers(self) -> str:
        assert self.document and self.record
        check_cosigned(self._parsed, self.record)
        check_known(self.record, self.keys, self.document.purpose)
        return ", ".join(f"{c.role.value} {c.worker_id}" for c in self.record.cosigners) or "names none"

    def _refuse_other_unit(self, record: VisitRecord | None) -> None:
        """Without a key too: a record that names another unit is out of place, whoever wrote it."""
        if record and self.unit_id is not None and record.unit_id != self.unit_id:
            self.other_unit = f"record {record.sequence} is of unit {record.unit_id!r}, expected {self.unit_id!r}"
            raise DoesNotVerify(f"a record of another unit: {self.other_unit}", step="payload")

    @property
    def _parsed(self) -> Envelope:
        assert self.envelope
        return self.envelope

    def _read_claims(self) -> VisitRecord | None:
        """What the payload says of itself, believed by nobody: for messages, and for chains without a key."""
        try:
            return decode_record(self._parsed.payload, self._parsed.payload_type)
        except VerificationError:
            return None

    def check(self, position: int, steps: Sequence[Step]) -> RecordCheck:
        return RecordCheck(
            position=position,
            sequence=self.claimed.sequence if self.claimed else None,
            record_id=self.claimed.record_id if self.claimed else "",
            sha256=self.sha256,
            steps=_in_order(steps),
        )

    def link(self, stored: StoredRecord | None, *, accused: bool) -> Link:
        """A record that is not good by itself stands where the store has it, whatever it claims."""
        claimed = self.record or (None if stored else self.claimed)
        sequence = claimed.sequence if claimed else stored.sequence if stored else None
        previous = self.claimed.previous_sha256 if self.claimed else ""
        return Link(
            sequence=sequence,
            previous_sha256=previous,
            sha256=self.sha256,
            sound=self.record is not None,
            accused=accused and self.record is None,
        )


def _columns(stored: StoredRecord | None, examination: _Examination) -> Step:
    """Step 6. Without it, an index that lies would send a good record elsewhere, or hide an altered one."""
    if stored is None:
        return _step(6, NOT_CHECKED, "an export has no columns")
    if stored.sha256 != examination.sha256:
        detail = f"stored under digest {stored.sha256[:12]}…, its bytes have {examination.sha256[:12]}…"
        return _step(6, FAILED, detail)
    record = examination.record
    if record is None:
        return _step(6, NOT_CHECKED, "the digest agrees; the rest not reached")
    assert examination.envelope
    columns = {
        "sequence": (stored.sequence, record.sequence),
        "record_id": (stored.record_id, record.record_id),
        "payload_type": (stored.payload_type, examination.envelope.payload_type),
    }
    wrong = [f"{name} {a!r}, signed {b!r}" for name, (a, b) in columns.items() if a != b]
    return _step(6, FAILED, f"the store says {'; '.join(wrong)}") if wrong else _step(6, PASSED)


def _head(last: ChainHead, head: ChainHead | None, links: Sequence[Link], findings: list[Finding]) -> Step:
    if head is None:
        return _step(8, NOT_CHECKED, "no head to compare with")
    if last.sequence == head.sequence and any(k.accused and k.sha256 == last.sha256 for k in links):
        return _step(8, NOT_CHECKED, "the last record is itself at fault")
    finding = check_head(last, head)
    if finding:
        findings.append(finding)
        return _step(8, FAILED, finding.detail)
    return _step(8, PASSED, f"record {head.sequence}, {head.sha256[:12]}…")


def _with_place(check: RecordCheck, sound: bool, own: Sequence[Finding]) -> RecordCheck:
    faults = tuple(dict.fromkeys(f.fault for f in own if f.fault))
    wrong = [f.detail for f in own if f.fault and f.fault is not ChainFault.OTHER_UNIT]
    vague = [f.detail for f in own if f.fault is None]
    if wrong:
        place = _step(7, FAILED, "; ".join(wrong))
    elif not sound or vague:
        place = _step(7, NOT_CHECKED, vague[0] if vague else "not reached")
    else:
        place = _step(7, PASSED)
    return replace(check, steps=_in_order([*check.steps, place]), faults=faults)


def _in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: step.number))


def _step(number: int, state: StepState, detail: str = "", *, wanting: bool = False) -> Step:
    return Step(number=number, state=state, detail=detail, wanting=wanting)


