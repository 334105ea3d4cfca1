"""Taking a visit list in: right rows with their references are kept, wrong ones are reported by line and reason.

Wrong is also a row whose photograph is missing or shows no usable face: without a reference the visit could only
go to review, and the list's maker can mend that better than the worker at the bedside. No reason names a person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from central.reference_maker import ReferenceMaker
from central.rows.people import People, Person, Personal, PersonReference
from central.spreadsheet import list_text
from central.store import CentralStore
from central.vault import Vault
from edge.core.civil_time import civil_date
from edge.core.errors import DoorstepError, InputError, ModelError
from edge.core.visit_list import ListEntry, WrongRow, read_list

LONGEST_ID = 64
MOST_REFERENCES = 5


class PhotographRefused(InputError):
    """One photograph of a row cannot serve; which, from 1, and why."""

    def __init__(self, number: int, why: DoorstepError) -> None:
        super().__init__(f"photograph {number} (照片{number}): {why.message}", remedy=why.remedy, code=why.code)
        self.number = number


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """taken: person_ids. units: those whose lists changed by it."""

    taken: list[str]
    references: int
    wrong: list[WrongRow]
    units: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListImport:
    """What taking a list needs. photographs: a photograph's bytes by the name in the list; raises InputError."""

    store: CentralStore
    vault: Vault
    maker: ReferenceMaker
    photographs: Callable[[str], bytes]

    def take(self, name: str, raw: bytes, *, at_utc: str, tell: Callable[[int, int], None] | None = None) -> Imported:
        """Import a file. tell: gets the rows done and their number. Raises InputError, ModelError, StoreError."""
        entries, wrong = read_list(list_text(name, raw), today=dt.date.fromisoformat(civil_date(at_utc)))
        taken: list[tuple[Person, list[PersonReference]]] = []
        for done, entry in enumerate(entries, start=1):
            try:
                taken.append(self._examined(entry, at_utc))
            except ModelError:
                raise
            except DoorstepError as e:
                wrong.append(_wrong(entry.line, e))
            if tell is not None:
                tell(done, len(entries))
        units = self._keep(taken)
        return Imported(
            taken=[person.person_id for person, _ in taken],
            references=sum(len(references) for _, references in taken),
            wrong=sorted(wrong, key=lambda w: w.line),
            units=units,
        )

    def _examined(self, entry: ListEntry, at_utc: str) -> tuple[Person, list[PersonReference]]:
        for text in (entry.person_id, entry.address_code):
            if len(text) > LONGEST_ID or not text.isprintable():
                said = f"person_id and address_code have at most {LONGEST_ID} printable characters (过长)"
                raise InputError(said, code="id_too_long")
        if len(entry.references) > MOST_REFERENCES:
            count = len(entry.references)
            said = f"{count} photographs, at most {MOST_REFERENCES} are taken (照片过多)"
            raise InputError(said, code="photographs")
        person = Person(
            person_id=entry.person_id,
            scheme=entry.scheme.value,
            address_code=entry.address_code,
            due_date=entry.due_date,
            facts=entry.facts,
            personal=Personal(name=entry.name, id_number=entry.id_number, employer=entry.employer),
            unit_id=None,
            imported_utc=at_utc,
        )
        return person, [self._reference(number, name) for number, name in enumerate(entry.references, start=1)]

    def _reference(self, number: int, name: str) -> PersonReference:
        try:
            picture = self.photographs(name)
            made = self.maker.make(picture)
        except ModelError:
            raise
        except DoorstepError as e:
            # The file's name may be the person's.
            raise PhotographRefused(number, e) from e
        return PersonReference(
            sha256=made.sha256, model_sha256=made.model_sha256, embedding=made.embedding, picture=picture
        )

    def _keep(self, taken: Sequence[tuple[Person, list[PersonReference]]]) -> list[str]:
        units: set[str] = set()
        with self.store.transaction() as transaction:
            people = People(transaction, self.vault)
            for person, references in taken:
                people.put(person, references)
                kept = people.get(person.person_id)
                if kept is not None and kept.unit_id is not None:
                    units.add(kept.unit_id)
        return sorted(units)


def _wrong(line: int, error: DoorstepError) -> WrongRow:
    photograph = error.number if isinstance(error, PhotographRefused) else 0
    return WrongRow(line=line, reason=error.message, code=error.code, photograph=photograph)


def photographs_beside(folder: Path) -> Callable[[str], bytes]:
    """Photographs in the list's folder or below it, and nowhere else."""
    root = folder.resolve()

    def read(name: str) -> bytes:
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            said = "lies outside the folder of the list (照片不在名单所在文件夹内)"
            raise InputError(said, code="photograph_outside")
        try:
            return path.read_bytes()
        except OSError as e:
            raise InputError(f"cannot be read: {e.strerror} (照片文件打不开)", code="photograph_missing") from e

    return read
