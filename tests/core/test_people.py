"""Guardians and witnesses: a record says who somebody is to the person, and commits to a name without telling it."""

from __future__ import annotations

import msgspec
import pytest

from edge.core.errors import CouldNotBeChecked, DoesNotVerify, InputError
from edge.core.people import Named, Part, People, Relation, check_name, commitment, decode_people, encode_people

NAMED = Named(part=Part.GUARDIAN, name="赵一", relation=Relation.CHILD, salt="ab" * 16)
COMMITTED = {Part.GUARDIAN: commitment(NAMED, "r-1")}


def encoded(named: Named = NAMED, record_id: str = "r-1") -> bytes:
    return encode_people(People(record_id=record_id, people=(named,)))


def test_the_name_that_was_committed_to_is_proved() -> None:
    assert decode_people(encoded(), COMMITTED).people == (NAMED,)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "赵二"}, {"relation": Relation.OTHER}, {"part": Part.WITNESS},
        {"salt": "ac" * 16}, {"salt": "ab"}, {"salt": "zz"},
    ],
)  # fmt: skip
def test_any_other_name_relation_or_part_is_not(changes: dict[str, object]) -> None:
    with pytest.raises(DoesNotVerify):
        decode_people(encoded(msgspec.structs.replace(NAMED, **changes)), COMMITTED)


def test_people_of_another_record_are_not_taken() -> None:
    with pytest.raises(DoesNotVerify):
        decode_people(encoded(record_id="r-2"), COMMITTED)
    twice = encode_people(People(record_id="r-1", people=(NAMED, NAMED)))
    with pytest.raises(DoesNotVerify):
        decode_people(twice, COMMITTED)
    for raw in (b"", b"[]", b'{"format":"doorstep.people/2"}'):
        with pytest.raises((DoesNotVerify, CouldNotBeChecked)):
            decode_people(raw, COMMITTED)


def test_names_are_kept_as_on_the_card_and_nonsense_is_refused() -> None:
    assert check_name("  赵　一 ") == "赵 一"
    for bad in ("", "   ", "x" * 65, "赵\0一"):
        with pytest.raises(InputError):
            check_name(bad)
