"""Consent as the terminal asks for it: who agreed to what, and who a guardian or a witness is.

Names are personal: they are asked for, or read from standard input, and are no argument.
"""

from __future__ import annotations

import secrets

import click

from edge.cli.pins import ask_line
from edge.core.people import SALT_BYTES, Named, Part, Relation, check_name
from edge.core.visit import ConsentGiver, Consents, Purpose
from edge.services.consents import guardian_of

WORDS = {"match": Purpose.MATCH_ON_UNIT, "keep": Purpose.KEEP_PHOTO, "send": Purpose.SEND_PHOTO}


def purposes_of(text: str, option: str) -> frozenset[Purpose]:
    """The purposes in `match,keep,send`. Raises click.UsageError."""
    words = {word.strip() for word in text.split(",") if word.strip()}
    if words - set(WORDS):
        raise click.UsageError(f"{option} takes {', '.join(WORDS)}, got {', '.join(sorted(words - set(WORDS)))}")
    return frozenset(WORDS[word] for word in words)


def consents_of(agreed: frozenset[Purpose], *, guardian: bool, named: Named | None, record_id: str) -> Consents:
    """The consents of a visit. named: the guardian, where one is known by name."""
    giver = ConsentGiver.NOT_ASKED
    if agreed:
        giver = ConsentGiver.GUARDIAN if guardian else ConsentGiver.PERSON
    return Consents(
        match_on_unit=Purpose.MATCH_ON_UNIT in agreed,
        keep_photo=Purpose.KEEP_PHOTO in agreed,
        send_photo=Purpose.SEND_PHOTO in agreed,
        given_by=giver,
        guardian=guardian_of(named, record_id) if named and agreed else None,
    )


def ask_guardian(relation: str | None) -> Named | None:
    """The guardian, whose name is asked for; None when no relation was given."""
    if relation is None:
        return None
    name = check_name(ask_line("Guardian's name"))
    return Named(
        part=Part.GUARDIAN, name=name, relation=Relation(relation), salt=secrets.token_bytes(SALT_BYTES).hex()
    )
