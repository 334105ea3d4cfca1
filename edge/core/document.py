"""Reading bytes from outside as typed documents: JSON that names its format, and TOML files.

Bytes that are not UTF-8, nest too deep or break the schema are all one thing to a caller: they break the format.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

import msgspec

from edge.core.errors import ConfigError, CouldNotBeChecked, DoesNotVerify

T = TypeVar("T")

_KNOWN: set[type] = set()
_LEARNING = Lock()
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read_json(payload: bytes, kind: type[T], *, format_: str, what: str) -> T:
    """`payload` as a `kind`, whose field `format` must be `format_`. what: its name in messages.

    Raises CouldNotBeChecked for a format this version does not know, DoesNotVerify for bytes that break it
    (both step `payload`). Unknown fields are left aside: a later minor version may have more.
    """
    return _read(payload, kind, lambda found: found == format_, format_, what)


def read_any_version(payload: bytes, kind: type[T], *, family: str, what: str) -> T:
    """As `read_json`, for what every version of `family` has: the part of a format before its number."""
    return _read(payload, kind, lambda found: isinstance(found, str) and found.startswith(family), family, what)


def _read(payload: bytes, kind: type[T], knows: Callable[[object], bool], expected: str, what: str) -> T:
    _learn(kind)
    try:
        document: Any = msgspec.json.decode(payload)
        found = document.get("format") if isinstance(document, dict) else type(document).__name__
        if not knows(found):
            raise CouldNotBeChecked(f"{what} has format {str(found)[:64]!r}, expected {expected!r}", step="payload")
        return msgspec.convert(document, kind)
    except _BROKEN as e:
        raise DoesNotVerify(f"{what} breaks its format: {e}", step="payload") from e


def read_toml(raw: bytes, kind: type[T], *, what: str) -> T:
    """A configuration file as a `kind`. Raises ConfigError naming the field that is wrong."""
    try:
        return msgspec.toml.decode(raw, type=kind)
    except _BROKEN as e:
        raise ConfigError(f"{what}: {e}") from e


def _learn(kind: type) -> None:
    """Have msgspec build what it keeps of a type. It would do so at the type's first use, and two threads that come
    upon the same type at once crash the process (msgspec 0.22)."""
    if kind not in _KNOWN:
        with _LEARNING:
            msgspec.json.Decoder(kind)
            _KNOWN.add(kind)
