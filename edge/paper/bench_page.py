"""The bench sheet as one HTML page to print: the unit's label with its QR code, then the lines."""

from __future__ import annotations

from collections.abc import Callable

from edge.core.bench_sheet import BenchSheet, SheetLine
from edge.gate.bench_words import found_in, remedy_of
from edge.gate.templates import environment
from edge.gate.words import LANGUAGES, Words
from edge.paper.qr import qr_svg

LABEL_PREFIX = "DOORSTEP:UNIT:"
_LANGUAGES = [Words("edge.resources", language) for language in LANGUAGES]


def label_text(sheet: BenchSheet) -> str:
    """What the label's QR code says: the unit's id and the SHA-256 of its record key, nothing secret."""
    return f"{LABEL_PREFIX}{sheet.unit_id.upper()}:{sheet.key_sha256.upper()}"


def bench_page(sheet: BenchSheet, fingerprint: str) -> str:
    """HTML that needs no other file. fingerprint: of the record key, as people compare it."""
    chinese, english = _LANGUAGES
    return (
        environment("edge.paper")
        .get_template("bench.html.j2")
        .render(
            sheet=sheet,
            fingerprint=fingerprint,
            qr=qr_svg(label_text(sheet)).decode(),
            lines=[(line, _both(found_in, line), _both(remedy_of, line)) for line in sheet.lines],
            say=lambda key: f"{chinese(f'doctor.{key}')} · {english(f'doctor.{key}')}",
        )
    )


def _both(text: Callable[[SheetLine, Words], str], line: SheetLine) -> list[str]:
    """A line's text in Chinese, then in English where that says it otherwise."""
    return [said for said in dict.fromkeys(text(line, words) for words in _LANGUAGES) if said]
