"""Statements over persons, their references, and what units' lists hold. Personal fields are sealed here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, select, update

from central.store import Transaction
from central.tables_people import FaceUse, list_versions, listed, person_references, persons
from central.vault import Drawer, Vault
from edge.core.errors import InputError


class Personal(msgspec.Struct, frozen=True, kw_only=True):
    """What names a person; only ever stored sealed."""

    name: str
    id_number: str
    employer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReference:
    """A face of the file: its embedding (little-endian float32), and the photograph it was made from."""

    sha256: str
    model_sha256: str
    embedding: bytes
    picture: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person on central's list. unit_id: who is to visit, None while nobody is."""

    person_id: str
    scheme: str
    address_code: str
    due_date: str
    facts: tuple[str, ...]
    personal: Personal
    unit_id: str | None
    imported_utc: str
    face: FaceUse = FaceUse.AGREED


class People:
    """The persons of one database, opened and sealed with its vault."""

    def __init__(self, transaction: Transaction, vault: Vault) -> None:
        self._connection, self._vault = transaction.connection, vault

    def put(self, person: Person, references: Sequence[PersonReference]) -> None:
        """Put in or replace a person and the references. Who visits is kept."""
        row = {
            "scheme": person.scheme,
            "address_code": person.address_code,
            "due_date": person.due_date,
            "facts": ";".join(person.facts),
            "sealed": self._vault.seal(Drawer.PERSON, msgspec.json.encode(person.personal), about=person.person_id),
            "imported_utc": person.imported_utc,
        }
        change = update(persons).where(persons.c.person_id == person.person_id).values(row)
        if self._connection.execute(change).rowcount == 0:
            self._connection.execute(insert(persons).values(person_id=person.person_id, **row))
        self._connection.execute(delete(person_references).where(person_references.c.person_id == person.person_id))
        for reference in references:
            self._connection.execute(insert(person_references).values(self._sealed(person.person_id, reference)))

    def add_reference(self, person_id: str, reference: PersonReference) -> None:
        """One face more of somebody who is on the list, offered with a new consent; the same photograph again changes
        nothing of it.

        Raises InputError when nobody of this id is.
        """
        if self.get(person_id) is None:
            raise InputError("nobody of this id is on the list", remedy="Import the person first.")
        agreed = update(persons).where(persons.c.person_id == person_id).values(face=FaceUse.AGREED.value)
        self._connection.execute(agreed)
        if reference.sha256 not in {known.sha256 for known in self.references(person_id)}:
            self._connection.execute(insert(person_references).values(self._sealed(person_id, reference)))

    def get(self, person_id: str) -> Person | None:
        row = self._connection.execute(select(persons).where(persons.c.person_id == person_id)).mappings().first()
        return None if row is None else self._person(row)

    def find(
        self, *, unit_id: str | None = None, address_code: str | None = None, limit: int = 0, offset: int = 0
    ) -> Iterator[Person]:
        """Those of a unit, of a village, or all, by village and id."""
        query: Select[Any] = select(persons).order_by(persons.c.address_code, persons.c.person_id)
        if unit_id is not None:
            query = query.where(persons.c.unit_id == unit_id)
        if address_code is not None:
            query = query.where(persons.c.address_code == address_code)
        if limit:
            query = query.limit(limit).offset(offset)
        for row in self._connection.execute(query).mappings():
            yield self._person(row)

    def villages(self) -> list[tuple[str, int, int]]:
        """Each address code, how many persons it has, and how many of them a unit is to visit."""
        code = persons.c.address_code
        query = select(code, func.count(), func.count(persons.c.unit_id)).group_by(code).order_by(code)
        return [(row[0], row[1], row[2]) for row in self._connection.execute(query)]

    def references(self, person_id: str) -> list[PersonReference]:
        query = select(person_references).where(person_references.c.person_id == person_id)
        return [self._reference(row) for row in self._connection.execute(query.order_by("id")).mappings()]

    def assign(
        self, unit_id: str | None, *, address_code: str | None = None, person_ids: Sequence[str] = ()
    ) -> list[str]:
        """Say who visits a village or single persons; gives the units whose lists that changes."""
        chosen: ColumnElement[bool] = persons.c.person_id.in_(person_ids)
        if address_code is not None:
            chosen = chosen | (persons.c.address_code == address_code)
        before = self._connection.scalars(select(persons.c.unit_id).where(chosen).distinct()).all()
        changed = self._connection.execute(update(persons).where(chosen).values(unit_id=unit_id)).rowcount
        return sorted({u for u in [*before, unit_id] if u}) if changed else []

    def units_without_list(self) -> list[str]:
        """Units that are to visit somebody and were never sent a list."""
        query = select(persons.c.unit_id).where(persons.c.unit_id.is_not(None)).distinct()
        issued = select(list_versions.c.unit_id)
        return sorted(str(u) for u in self._connection.scalars(query.where(persons.c.unit_id.not_in(issued))))

    def take_faces_back(self) -> list[str]:
        """The units whose lists must lose references because of a withdrawal, to be changed in this transaction."""
        waiting = persons.c.face == FaceUse.WITHDRAWN.value
        units = select(persons.c.unit_id).where(waiting, persons.c.unit_id.is_not(None)).distinct()
        found = sorted(str(u) for u in self._connection.scalars(units))
        self._connection.execute(update(persons).where(waiting).values(face=FaceUse.GONE.value))
        return found

    def listed(self, unit_id: str) -> dict[str, str]:
        """What the unit's list holds: person_id → digest of the content."""
        query = select(listed.c.person_id, listed.c.content_digest).where(listed.c.unit_id == unit_id)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def list_version(self, unit_id: str) -> int:
        return self._connection.scalar(select(list_versions.c.version).where(list_versions.c.unit_id == unit_id)) or 0

    def note_listed(
        self, unit_id: str, *, version: int, put: Mapping[str, str], removed: Sequence[str], at_utc: str
    ) -> None:
        """Note what the unit's list holds from `version` on."""
        gone = [*put, *removed]
        self._connection.execute(delete(listed).where(listed.c.unit_id == unit_id, listed.c.person_id.in_(gone)))
        for person_id, content in put.items():
            row = {"unit_id": unit_id, "person_id": person_id, "content_digest": content}
            self._connection.execute(insert(listed).values(row))
        noted = {"version": version, "issued_utc": at_utc}
        change = update(list_versions).where(list_versions.c.unit_id == unit_id).values(noted)
        if self._connection.execute(change).rowcount == 0:
            self._connection.execute(insert(list_versions).values(unit_id=unit_id, **noted))

    def _sealed(self, person_id: str, reference: PersonReference) -> dict[str, Any]:
        about = f"{person_id} {reference.sha256}"
        return {
            "person_id": person_id,
            "sha256": reference.sha256,
            "model_sha256": reference.model_sha256,
            "sealed_embedding": self._vault.seal(Drawer.EMBEDDING, reference.embedding, about=about),
            "sealed_picture": self._vault.seal(Drawer.PICTURE, reference.picture, about=about),
        }

    def _reference(self, row: Mapping[Any, Any]) -> PersonReference:
        about = f"{row['person_id']} {row['sha256']}"
        return PersonReference(
            sha256=row["sha256"],
            model_sha256=row["model_sha256"],
            embedding=self._vault.open(Drawer.EMBEDDING, row["sealed_embedding"], about=about),
            picture=self._vault.open(Drawer.PICTURE, row["sealed_picture"], about=about),
        )

    def _person(self, row: Mapping[Any, Any]) -> Person:
        opened = self._vault.open(Drawer.PERSON, row["sealed"], about=row["person_id"])
        return Person(
            person_id=row["person_id"],
            scheme=row["scheme"],
            address_code=row["address_code"],
            due_date=row["due_date"],
            facts=tuple(f for f in row["facts"].split(";") if f),
            personal=msgspec.json.decode(opened, type=Personal),
            unit_id=row["unit_id"],
            imported_utc=row["imported_utc"],
            face=FaceUse(row["face"]),
        )


def due_date_of(connection: Connection, person_id: str) -> str:
    """When a person's certification falls due, as the list has it; empty when it does not say."""
    return connection.scalar(select(persons.c.due_date).where(persons.c.person_id == person_id)) or ""
