"""The visit list (访问名单) as a table: who is to be visited, and what the file says of them.

Columns: person_id, name, id_number, scheme, reference; employer, due_date, facts, address_code may follow.
`reference` names photographs beside the list, separated by `;`. `facts` are codes such as `deceased_reported`,
separated by `;`.
Wrong rows are reported by line and reason; the right ones are taken.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass, field

from edge.core import id_number
from edge.core.errors import DoorstepError, InputError
from edge.core.visit import PersonServed, Scheme

REQUIRED = ("person_id", "name", "id_number", "scheme", "reference")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """One person of the list. The full number and the name stay on the unit; records carry `served()`.

    address_code: the village, as in a record's place. line: where the row ends in the file, the header being 1.
    """

    person_id: str
    name: str
    id_number: str
    scheme: Scheme
    references: tuple[str, ...]
    employer: str = ""
    due_date: str = ""
    facts: tuple[str, ...] = ()
    address_code: str = ""
    line: int = field(default=0, compare=False)

    def served(self) -> PersonServed:
        return PersonServed(
            person_id=self.person_id, id_number_masked=id_number.mask(self.id_number), scheme=self.scheme
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongRow:
    """A row that was not taken. line: as an editor counts, the header being 1. code: see DoorstepError.

    photograph: which of the row's, from 1, where one of them is at fault.
    """

    line: int
    reason: str
    code: str = ""
    photograph: int = 0


def read_list(text: str, *, today: dt.date) -> tuple[list[ListEntry], list[WrongRow]]:
    """Read a list from CSV text. Raises InputError when the header lacks a column; wrong rows are returned."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [c for c in REQUIRED if c not in (reader.fieldnames or ())]
    if missing:
        raise InputError(
            f"the visit list lacks the column(s) {', '.join(missing)}",
            remedy=f"Its first line names the columns: {','.join(REQUIRED)},employer,due_date,facts",
            code="columns",
        )
    entries: dict[str, ListEntry] = {}
    wrong: list[WrongRow] = []
    for row in reader:
        try:
            entry = _entry(row, today, reader.line_num)
            if entry.person_id in entries:
                said = f"person_id {entry.person_id} stands in the list twice (个人编号重复)"
                raise InputError(said, code="twice")
            entries[entry.person_id] = entry
        except DoorstepError as e:
            wrong.append(WrongRow(line=reader.line_num, reason=e.message, code=e.code))
    return list(entries.values()), wrong


def find(entries: list[ListEntry], person_id: str) -> ListEntry:
    """The entry of a person. Raises InputError (查无此人) when the list has none."""
    for entry in entries:
        if entry.person_id == person_id:
            return entry
    raise InputError(
        f"the visit list has no person {person_id} (查无此人)",
        remedy="Check the number; somebody not on the list is visited with --person-id and always goes to review.",
    )


def _entry(row: dict[str, str | None], today: dt.date, line: int) -> ListEntry:
    cells = {k: (v or "").strip() for k, v in row.items() if isinstance(k, str)}
    if not cells["person_id"] or not cells["name"]:
        raise InputError("person_id and name must not be empty (个人编号和姓名不能为空)", code="empty")
    try:
        scheme = Scheme(cells["scheme"])
    except ValueError as e:
        known = ", ".join(s.value for s in Scheme)
        said = f"scheme {cells['scheme']!r} is not one of {known} (险种不在范围内)"
        raise InputError(said, code="scheme") from e
    due_date = cells.get("due_date", "")
    if due_date:
        try:
            dt.date.fromisoformat(due_date)
        except ValueError as e:
            said = f"due_date {due_date!r} is not YYYY-MM-DD (认证到期日格式应为年-月-日)"
            raise InputError(said, code="due_date") from e
    return ListEntry(
        person_id=cells["person_id"],
        name=cells["name"],
        id_number=id_number.check(cells["id_number"], today=today),
        scheme=scheme,
        references=_split(cells["reference"]),
        employer=cells.get("employer", ""),
        due_date=due_date,
        facts=_split(cells.get("facts", "")),
        address_code=cells.get("address_code", ""),
        line=line,
    )


def _split(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())
