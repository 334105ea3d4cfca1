"""The lists of units: who is on each, and the messages that bring a unit's list to what it should be.

The first message to a unit replaces all (a snapshot); later ones are differences. A list that does not fit one
message goes in several, each with a version of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from central.downward import Downlink
from central.rows.people import People, Person
from central.store import Transaction
from central.tables_people import FaceUse
from central.vault import Vault
from edge.core.downward import MAX_CONTENT_BYTES, MessageKind
from edge.core.downward_content import ListedPerson, ListedReference, VisitListChange
from edge.core.errors import InputError
from edge.core.visit import Scheme

FRAME_BYTES = 4096
"""Left free in each message for what stands around the persons."""


def changes(people: People, unit_id: str, vault: Vault, *, at_utc: str) -> Iterator[VisitListChange]:
    """The messages that are due, each noted as issued when it is taken; none when the unit's list is right."""
    wanted = {p.person_id: _listed(people, p) for p in people.find(unit_id=unit_id)}
    digests = {i: vault.digest(msgspec.json.encode(p, order="deterministic")) for i, p in wanted.items()}
    held, version = people.listed(unit_id), people.list_version(unit_id)
    put = [wanted[i] for i in wanted if held.get(i) != digests[i]]
    removed = tuple(sorted(set(held) - set(wanted)))
    for batch in _batches(put, begin=bool(removed)):
        change = VisitListChange(version=version + 1, base_version=version, put=tuple(batch), removed=removed)
        noted = {p.person_id: digests[p.person_id] for p in batch}
        people.note_listed(unit_id, version=change.version, put=noted, removed=removed, at_utc=at_utc)
        yield change
        version, removed = change.version, ()


def bring_down(
    transaction: Transaction, vault: Vault, downlink: Downlink, unit_ids: Iterable[str], *, at_utc: str
) -> list[str]:
    """Issue what these units' lists lack; gives those whose keys are not known yet, to be asked for again."""
    waiting = []
    for unit_id in unit_ids:
        try:
            downlink.keys_of(transaction, unit_id)
        except InputError:
            waiting.append(unit_id)
            continue
        for change in changes(People(transaction, vault), unit_id, vault, at_utc=at_utc):
            downlink.issue(transaction, unit_id, MessageKind.VISIT_LIST, change, at_utc=at_utc)
    return waiting


def _batches(put: list[ListedPerson], *, begin: bool) -> Iterator[list[ListedPerson]]:
    """Persons in messages that are small enough; begin: one even without persons, to carry removals."""
    batch: list[ListedPerson] = []
    size = FRAME_BYTES
    for person in put:
        weight = len(msgspec.json.encode(person)) + 1
        if batch and size + weight > MAX_CONTENT_BYTES:
            yield batch
            batch, size = [], FRAME_BYTES
        batch.append(person)
        size += weight
    if batch or begin:
        yield batch


def _listed(people: People, person: Person) -> ListedPerson:
    return ListedPerson(
        person_id=person.person_id,
        name=person.personal.name,
        id_number=person.personal.id_number,
        scheme=Scheme(person.scheme),
        employer=person.personal.employer,
        address_code=person.address_code,
        due_date=person.due_date,
        facts=person.facts,
        references=tuple(
            ListedReference(sha256=r.sha256, embedding=r.embedding, model_sha256=r.model_sha256)
            for r in (people.references(person.person_id) if person.face is FaceUse.AGREED else ())
        ),
    )
