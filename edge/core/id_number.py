"""Citizen identification numbers: GB 11643-1999, checked and masked.

Eighteen characters: six for the region (GB/T 2260), eight for the date of birth, three for the sequence, one
check character by ISO 7064 MOD 11-2. Full-width digits and blanks between groups are accepted on input.
"""

from __future__ import annotations

import datetime as dt
import unicodedata

from edge.core.errors import InputError

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
# GB/T 2260: first two digits of every province-level division, Taiwan, Hong Kong and Macao included.
_PROVINCES = frozenset(
    # fmt: off
    ("11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44",
     "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82", "83")
    # fmt: on
)


class IdNumberError(InputError):
    """The number is not a valid citizen identification number; the message says where it breaks."""

    default_remedy = "Compare the number with the card, digit by digit; the last character may be X."


def normalise(typed: str) -> str:
    """Full-width to ASCII, blanks and hyphens out, x to X. No check is made."""
    return "".join(c for c in unicodedata.normalize("NFKC", typed).upper() if not c.isspace() and c != "-")


def check(typed: str, *, today: dt.date) -> str:
    """The normalised number, if region, date of birth and check character hold. Raises IdNumberError.

    today: bounds the date of birth; nobody is born later, nor more than 130 years before.
    """
    number = normalise(typed)
    if len(number) != 18 or not number[:17].isascii() or not number[:17].isdigit() or number[17] not in "0123456789X":
        said = f"an ID number has 17 digits and a check character, got {len(number)} characters (身份证号应为18位)"
        raise IdNumberError(said, code="id_length")
    if number[:2] not in _PROVINCES:
        raise IdNumberError("the first two digits name no province (前两位不是省份代码)", code="id_province")
    try:
        born = dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError as e:
        raise IdNumberError("digits 7 to 14 are no date of birth (出生日期有误)", code="id_birth") from e
    if born > today or today.year - born.year > 130:
        said = "the date of birth lies outside the last 130 years (出生日期不在近130年内)"
        raise IdNumberError(said, code="id_age")
    if check_character(number[:17]) != number[17]:
        said = "the check character does not fit: a digit is mistyped or two are swapped (校验码不符)"
        raise IdNumberError(said, code="id_check")
    return number


def check_character(first17: str) -> str:
    """ISO 7064 MOD 11-2 over the first 17 digits."""
    return _CHECK[sum(int(d) * w for d, w in zip(first17, _WEIGHTS, strict=True)) % 11]


def mask(number: str) -> str:
    """Region and last character only, as shown on screen and kept in records: `110101**********X`."""
    number = normalise(number)
    return number[:6] + "*" * max(len(number) - 7, 0) + number[-1:] if len(number) > 7 else "*" * len(number)
