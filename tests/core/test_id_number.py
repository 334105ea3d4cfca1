"""GB 11643: what is accepted, what is refused, and why. The numbers are computed here, they are nobody's."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.id_number import IdNumberError, check, check_character, mask, normalise

TODAY = dt.date(2026, 11, 21)


def number(province: str = "11", born: str = "19400229", rest: str = "001") -> str:
    first17 = f"{province}0101{born}{rest}"
    return first17 + check_character(first17)


provinces = st.sampled_from(["11", "32", "63", "65", "71", "82", "83"])
births = st.dates(dt.date(1900, 1, 1), dt.date(2026, 11, 20))
rests = st.integers(0, 999).map("{:03d}".format)
valid = st.builds(lambda p, b, r: number(p, b.strftime("%Y%m%d"), r), provinces, births, rests)


@given(valid)
def test_valid_number_passes_unchanged(value: str) -> None:
    assert check(value, today=TODAY) == value


@given(valid, st.integers(0, 17), st.integers(1, 9))
def test_any_single_mistyped_character_is_caught(value: str, place: int, shift: int) -> None:
    alphabet = "0123456789X" if place == 17 else "0123456789"
    wrong = alphabet[(alphabet.index(value[place]) + shift) % len(alphabet)]
    with pytest.raises(IdNumberError):
        check(value[:place] + wrong + value[place + 1 :], today=TODAY)


@given(valid, st.integers(0, 15))
def test_two_neighbours_swapped_are_caught(value: str, place: int) -> None:
    swapped = value[:place] + value[place + 1] + value[place] + value[place + 2 :]
    if swapped != value:
        with pytest.raises(IdNumberError):
            check(swapped, today=TODAY)


def test_full_width_digits_blanks_and_small_x_do_not_break_a_number() -> None:
    value = next(v for r in range(999) if (v := number(rest=f"{r:03d}")).endswith("X"))
    typed = " ".join(chr(ord(c) + 0xFEE0) for c in value[:-1]) + " x"
    assert normalise(typed) == value
    assert check(typed, today=TODAY) == value


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("", "17 digits"),
        ("110101194002290", "17 digits"),
        ("٣" * 18, "17 digits"),
        (number("99"), "province"),
        (number(born="19410229"), "date of birth"),
        (number(born="20270101"), "130 years"),
        (number(born="18900101"), "130 years"),
    ],
)
def test_refusal_says_where_the_number_breaks(value: str, what: str) -> None:
    with pytest.raises(IdNumberError, match=what):
        check(value, today=TODAY)


@given(valid)
def test_mask_shows_neither_birth_nor_sequence(value: str) -> None:
    masked = mask(value)
    assert len(masked) == 18 and masked[6:17] == "*" * 11 and masked[:6] == value[:6] and masked[17] == value[17]
