"""Traditional characters as simplified ones (OpenCC's table), so that a name matches however it is written."""

from __future__ import annotations

from functools import cache


@cache
def _converter() -> object:
    from opencc import OpenCC  # here: it reads its tables, and only names need it

    return OpenCC("t2s")


def simplify(text: str) -> str:
    """`text` with its traditional characters simplified; everything else stays."""
    if text.isascii():
        return text
    simplified: str = _converter().convert(text)  # type: ignore[attr-defined]
    return simplified
