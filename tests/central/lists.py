"""Visit lists for tests: persons are codes, their numbers valid and nobody's."""

from __future__ import annotations

from edge.core.id_number import check_character

HEADER = "person_id,name,id_number,scheme,reference,address_code,due_date"


def number(sequence: int) -> str:
    """An ID number of a date of birth in 1940, with the check character that fits."""
    first17 = f"11010119400101{sequence:03d}"
    return first17 + check_character(first17)


def row(sequence: int, *, reference: str = "", village: str = "village-1", scheme: str = "resident") -> str:
    return f"p-{sequence},code-{sequence},{number(sequence)},{scheme},{reference},{village},2026-12-31"


def csv_list(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows, ""]).encode()
