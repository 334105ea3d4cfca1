"""The people around a visit who are neither worker nor retiree: the guardian who consents, the witness who signs.

Their names are nobody's business but the agency's. A record carries only the relation and a commitment: SHA-256 over
the details with 16 random bytes, so that the name cannot be guessed from it, and yet a name shown later can be proved
to be the one. The details go to central sealed, as evidence, and can be purged there and here without touching a
record.
"""

from __future__ import annotations

import hashlib
import unicodedata
from enum import StrEnum

import msgspec

from edge.core.document import read_json
from edge.core.errors import DoesNotVerify, InputError

FORMAT = "doorstep.people/1"
SALT_BYTES = 16
_MAX_NAME = 64


class Relation(StrEnum):
    """What somebody is to the retiree."""

    SPOUSE = "spouse"  # 配偶
    CHILD = "child"  # 子女
    PARENT = "parent"  # 父母
    SIBLING = "sibling"  # 兄弟姐妹
    RELATIVE = "relative"  # 其他亲属
    APPOINTED = "appointed"  # 指定监护人
    COMMITTEE = "committee"  # 村（居）民委员会
    INSTITUTION = "institution"  # 养老机构、医院
    NEIGHBOUR = "neighbour"  # 邻居
    COLLEAGUE = "colleague"  # 工作人员的同事
    OTHER = "other"


class Part(StrEnum):
    """What somebody did at a visit."""

    GUARDIAN = "guardian"
    WITNESS = "witness"


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """One such person; never part of a record. salt: SALT_BYTES random bytes in hex."""

    part: Part
    name: str
    relation: Relation
    salt: str


class People(msgspec.Struct, frozen=True, kw_only=True):
    """All of a visit's, as they are sealed to central."""

    record_id: str
    people: tuple[Named, ...]
    format: str = FORMAT


def check_name(name: str) -> str:
    """A person's name as it is kept: blanks at the ends taken off. Raises InputError."""
    kept = " ".join(unicodedata.normalize("NFKC", name).split())
    if not 1 <= len(kept) <= _MAX_NAME or not kept.isprintable():
        raise InputError(f"a name has 1 to {_MAX_NAME} characters", remedy="Write the name as on the identity card.")
    return kept


def commitment(named: Named, record_id: str) -> str:
    """What a record says of `named`, in hex."""
    if len(bytes.fromhex(named.salt)) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    return hashlib.sha256(record_id.encode() + b"\n" + msgspec.json.encode(named, order="deterministic")).hexdigest()


def encode_people(people: People) -> bytes:
    return msgspec.json.encode(people, order="deterministic")


def decode_people(raw: bytes, commitments: dict[Part, str]) -> People:
    """The people in `raw`, who must be those that the record commits to. Raises DoesNotVerify, CouldNotBeChecked."""
    people = read_json(raw, People, format_=FORMAT, what="the people of a visit")
    try:
        found = {named.part: commitment(named, people.record_id) for named in people.people}
    except ValueError as e:
        raise DoesNotVerify(f"the people of a visit break their format: {e}", step="payload") from e
    if found != commitments or len(found) != len(people.people):
        raise DoesNotVerify("these are not the people that the record names", step="payload")
    return people
