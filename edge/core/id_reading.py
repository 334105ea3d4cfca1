"""An ID number in what a program read off a card: taken only when it can be no other.

A line counts when it has, blanks left out, exactly the form of a number and passes GB 11643 whole (region, date,
check character). A window cut out of a longer row of digits does not: one in eleven of those passes by chance.
Two different numbers in one picture are no number. A person confirms what was read either way.
"""

from __future__ import annotations

import datetime as dt
import unicodedata

from edge.core import id_number
from edge.core.id_number import IdNumberError


def number_in(text: str, *, today: dt.date) -> str | None:
    """The one valid ID number among the lines of `text`; None without one, and when there are several."""
    found: set[str] = set()
    for line in unicodedata.normalize("NFKC", text).splitlines():
        try:
            found.add(id_number.check(line, today=today))
        except IdNumberError:
            continue
    return found.pop() if len(found) == 1 else None
