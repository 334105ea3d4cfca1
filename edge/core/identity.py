"""Is it the person of the list? What was typed against what the list has, before anything is captured.

A name is compared without blanks and middle dots, full-width as half-width, traditional as simplified characters; a
number after GB 11643 (edge/core/id_number.py), and where it differs the part is named, which tells a slip of the
finger from another person.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable
from enum import StrEnum

from edge.core import id_number

Simplify = Callable[[str], str]
"""Traditional characters to simplified ones; others stay."""

_DOTS = frozenset("·•‧・.．")


class Part(StrEnum):
    """What differs between the typed number and the list's."""

    REGION = "region"
    BIRTH = "birth"
    LAST = "last"


def folded(text: str, simplify: Simplify) -> str:
    """A name, village or number as it is compared."""
    plain = unicodedata.normalize("NFKC", text)
    return simplify("".join(c for c in plain if not c.isspace() and c not in _DOTS)).upper()


def same_name(one: str, other: str, simplify: Simplify) -> bool:
    return folded(one, simplify) == folded(other, simplify)


def found(query: str, fields: tuple[str, ...], simplify: Simplify) -> bool:
    """Whether every word of a search stands in one of the fields; an empty search finds everybody."""
    haystack = [folded(field, simplify) for field in fields]
    return all(any(folded(word, simplify) in field for field in haystack) for word in query.split())


def groups(number: str) -> str:
    """A number as it is read aloud: region, year, month and day, the rest: `110101 1949 1231 0026`."""
    number = id_number.normalise(number)
    return " ".join(part for part in (number[:6], number[6:10], number[10:14], number[14:]) if part)


def different_part(typed: str, listed: str, *, today: dt.date) -> Part | None:
    """The first part in which a typed number differs from the list's; None when they are the same.

    Raises IdNumberError when the typed number is none.
    """
    number = id_number.check(typed, today=today)
    listed = id_number.normalise(listed)
    if number[:6] != listed[:6]:
        return Part.REGION
    if number[6:14] != listed[6:14]:
        return Part.BIRTH
    return Part.LAST if number[14:] != listed[14:] else None
