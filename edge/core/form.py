"""The application form (养老保险待遇领取资格认证表) as content: which line says what, from the record and the list.

Only the record decides what is said of the visit; the list adds who the person is, for the form is a paper for that
person's file. Nothing here is words: a cell is a text of the data, or codes that the catalogue puts into words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from edge.core.civil_time import civil_minute
from edge.core.record import VisitRecord
from edge.core.visit import ConsentGiver, Guardian, Witness


class Listed(Protocol):
    """What a visit list says of a person; the full number and the name are for the paper only."""

    @property
    def name(self) -> str: ...

    @property
    def id_number(self) -> str: ...

    @property
    def employer(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One line. label: a key of room `form`. codes: `room.key` each, in reading order. wide: over two columns."""

    label: str
    text: str = ""
    codes: tuple[str, ...] = ()
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationForm:
    """photo_agreed: whether a face may stand on the paper. signatures: labels of the lines to be signed by hand."""

    simulated: bool
    made_utc: str
    record_id: str
    photo_agreed: bool
    sections: tuple[Section, ...]
    signatures: tuple[str, ...] = field(default=())


def form_of(
    record: VisitRecord, record_sha256: str, listed: Listed | None, *, next_due: str, simulated: bool
) -> ApplicationForm:
    """The form of one record. listed: None for somebody whom no list names; the number is then masked."""
    guardian = record.consents.given_by is ConsentGiver.GUARDIAN
    attested = record.attestation is not None
    return ApplicationForm(
        simulated=simulated,
        made_utc=record.visit.ended_utc,
        record_id=record.record_id,
        photo_agreed=record.consents.keep_photo,
        sections=(
            Section(title="about_person", cells=_person(record, listed)),
            Section(title="about_visit", cells=_visit(record, next_due)),
            Section(title="about_consent", cells=_agreed(record)),
            *((Section(title="about_attestation", cells=_attested(record)),) if attested else ()),
            Section(title="about_record", cells=_proof(record, record_sha256)),
        ),
        signatures=(
            "sign_guardian" if guardian else "sign_person",
            "sign_worker",
            *(("sign_witness",) if record.attestation and record.attestation.witnessed_by else ()),
            "sign_agency",
        ),
    )


def _person(record: VisitRecord, listed: Listed | None) -> tuple[Cell, ...]:
    served = record.visit.person_served
    number = listed.id_number if listed else served.id_number_masked
    born = number[6:14] if number[6:14].isdigit() else ""
    sex = number[16:17]
    return (
        Cell(label="name", text=listed.name if listed else ""),
        Cell(label="sex", codes=("form.male" if int(sex) % 2 else "form.female",) if sex.isdigit() else ()),
        Cell(label="id_number", text=number),
        Cell(label="born", text=f"{born[:4]}-{born[4:6]}-{born[6:]}" if born else ""),
        Cell(label="person_id", text=served.person_id),
        Cell(label="scheme", codes=(f"scheme.{served.scheme.value}",)),
        Cell(label="employer", text=listed.employer if listed else "", wide=True),
    )


def _visit(record: VisitRecord, next_due: str) -> tuple[Cell, ...]:
    outcome = record.outcome
    reasons = tuple(f"reason.{reason.value}" for reason in outcome.reasons)
    return (
        Cell(label="way", codes=("form.at_home",)),
        Cell(label="date", text=record.visit.date),
        Cell(label="outcome", codes=(f"outcome.{outcome.kind.value}",)),
        Cell(label="next_due", text=next_due),
        Cell(label="reasons", codes=reasons, wide=True),
        Cell(label="worker", text=record.visit.person_serving),
        Cell(label="place", text=record.visit.place.address_code),
    )


def _agreed(record: VisitRecord) -> tuple[Cell, ...]:
    consents = record.consents

    def answer(agreed: bool) -> tuple[str, ...]:
        if consents.given_by is ConsentGiver.NOT_ASKED:
            return ()
        return ("form.yes" if agreed else "form.no",)

    return (
        Cell(label="match", codes=answer(consents.match_on_unit)),
        Cell(label="keep", codes=answer(consents.keep_photo)),
        Cell(label="send", codes=answer(consents.send_photo)),
        Cell(label="given_by", codes=(f"form.given_by_{consents.given_by.value}", *_relation(consents.guardian))),
    )


def _attested(record: VisitRecord) -> tuple[Cell, ...]:
    attestation = record.attestation
    assert attestation is not None
    declared = attestation.person_seen and attestation.no_mask_or_photo
    relation = _relation(attestation.witness)
    # Who is no worker is in the record by a commitment only; the paper has the line to be signed.
    witness = Cell(label="witness", text="" if relation else attestation.witnessed_by, codes=relation)
    kinds = tuple(f"document.{kind}" for kind in attestation.document_kinds)
    return (
        Cell(label="declared", codes=("form.declared_yes" if declared else "form.declared_no",), wide=True),
        Cell(label="recognised", codes=(f"how.{attestation.recognised_how}",) if attestation.recognised_how else ()),
        witness,
        Cell(label="documents", codes=kinds, wide=True),
    )


def _relation(person: Guardian | Witness | None) -> tuple[str, ...]:
    return (f"relation.{person.relation.value}",) if person and person.relation else ()


def _proof(record: VisitRecord, record_sha256: str) -> tuple[Cell, ...]:
    return (
        Cell(label="unit", text=record.unit_id),
        Cell(label="record", text=str(record.sequence)),
        Cell(label="begun", text=civil_minute(record.visit.begun_utc)),
        Cell(label="ended", text=civil_minute(record.visit.ended_utc)),
        Cell(label="digest", text=record_sha256, wide=True),
    )
