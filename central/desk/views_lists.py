"""The visit list at the desk: import, what was wrong with it, and who visits which village. For supervisors."""

from __future__ import annotations

from starlette.responses import Response

from central.clock import as_utc
from central.desk.at import At
from central.desk.pages import words_in
from central.list_import import ListImport
from central.listing import bring_down
from central.reference_maker import ReferenceMaker
from central.rows.accounts import Accounts
from central.rows.people import People
from edge.core.errors import InputError, ModelError
from edge.core.visit_list import WrongRow
from edge.gate.words import Words


def lists(at: At, *, done: bool = False, waiting: list[str] | None = None) -> Response:
    with at.room.store.transaction() as transaction:
        villages = People(transaction, at.room.vault).villages()
        units = [u.unit_id for u in transaction.units() if u.revoked_utc is None]
    return at.show("lists", villages=villages, units=units, done=done, waiting=waiting or [])


def take(at: At) -> Response:
    """Import a list with the photographs that were uploaded beside it."""
    file = next(iter(at.form.files.get("list", ())), None)
    if file is None or not file[0]:
        return at.message("input", status=400)
    pictures = dict(at.form.files.get("photographs", ()))

    def photograph(name: str) -> bytes:
        try:
            return pictures[name]
        except KeyError:
            said = "was not uploaded with the list (照片未随名单上传)"
            raise InputError(said, code="photograph_missing") from None

    room = at.room
    try:
        with ReferenceMaker(room.config.models, folder=room.folder) as maker:
            task = ListImport(store=room.store, vault=room.vault, maker=maker, photographs=photograph)
            imported = task.take(*file, at_utc=as_utc(at.at))
    except (InputError, ModelError) as e:
        return at.show("imported", status=400, imported=None, error=said_twice(at.words, e.code, e.message))
    with room.store.transaction() as transaction:
        detail = f"{len(imported.taken)} taken, {len(imported.wrong)} not"
        Accounts(transaction).log(at.visitor.username, "list_imported", at_utc=as_utc(at.at), detail=detail)
        bring_down(transaction, room.vault, room.downlink, imported.units, at_utc=as_utc(at.at))
    return at.show("imported", imported=imported, wrong=[_row(at.words, row) for row in imported.wrong], error=())


def _row(words: Words, row: WrongRow) -> tuple[int, tuple[str, ...]]:
    said = said_twice(words, row.code, row.reason)
    if row.photograph and row.code:
        places = said_twice(words, "photograph", "")
        said = tuple(f"{place} {row.photograph}: {text}" for place, text in zip(places, said, strict=True))
    return row.line, said


def said_twice(words: Words, code: str, plain: str) -> tuple[str, ...]:
    """What was wrong with a list, in the page's language and then in the other; `plain` where there is no text."""
    languages = (words.language, words.other)
    return tuple(words_in(name)(f"wrong_list.{code}") for name in languages) if code else (plain,)


def assign(at: At) -> Response:
    unit_id, village = at.form.text("unit"), at.form.fields.get("village", "")
    with at.room.store.transaction() as transaction:
        if transaction.unit(unit_id) is None:
            return at.message("input", status=400)
        units = People(transaction, at.room.vault).assign(unit_id, address_code=village)
        Accounts(transaction).log(at.visitor.username, "list_assigned", at_utc=as_utc(at.at), subject=unit_id)
        waiting = bring_down(transaction, at.room.vault, at.room.downlink, units, at_utc=as_utc(at.at))
    return lists(at, done=True, waiting=waiting)
