"""The bench sheet as one HTML page to print: the unit's label with its QR code, then the lines."""

from __future__ import annotations

from edge.core.bench_sheet import BenchSheet
from edge.gate.templates import environment
from edge.gate.words import Words
from edge.paper.qr import qr_svg

LABEL_PREFIX = "DOORSTEP:UNIT:"


def label_text(sheet: BenchSheet) -> str:
    """What the label's QR code says: the unit's id and the SHA-256 of its record key, nothing secret."""
    return f"{LABEL_PREFIX}{sheet.unit_id.upper()}:{sheet.key_sha256.upper()}"


def bench_page(sheet: BenchSheet, fingerprint: str) -> str:
    """HTML that needs no other file. fingerprint: of the record key, as people compare it."""
    chinese, english = (Words("edge.resources", language) for language in ("zh", "en"))
    return (
        environment("edge.paper")
        .get_template("bench.html.j2")
        .render(
            sheet=sheet,
            fingerprint=fingerprint,
            qr=qr_svg(label_text(sheet)).decode(),
            say=lambda key: f"{chinese(f'doctor.{key}')} · {english(f'doctor.{key}')}",
        )
    )
