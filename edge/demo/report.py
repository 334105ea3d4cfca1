"""Writes the demonstration's report: one HTML file that needs no other, pictures and drawings inside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from edge.capture.opencv_sources import read_picture
from edge.core.errors import InputError
from edge.demo.picture import data_uri
from edge.demo.show import Shown

REFERENCE_PX = 420

Words = Mapping[str, Mapping[str, Mapping[str, str]]]


def write_report(shown: Shown, reference: Path, words: Words, path: Path) -> None:
    """Write the report to `path`. words: language → room → key → text. Raises InputError."""
    environment = Environment(
        loader=PackageLoader("edge.demo", ""), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    html = environment.get_template("report.html.j2").render(
        summary=shown.summary,
        shown=shown.played,
        reference=data_uri(read_picture(reference), REFERENCE_PX),
        words=words,
        **_texts(words),
    )
    try:
        path.write_text(html, encoding="utf-8")
    except OSError as e:
        raise InputError(f"{path}: {e.strerror}", remedy="Choose another folder with --out.") from e


def _texts(words: Words) -> dict[str, Any]:
    """The `demo` room as functions of the template: Chinese, English, and both."""
    chinese, english = words["zh"]["demo"], words["en"]["demo"]
    return {
        "zh": chinese.__getitem__,
        "en": english.__getitem__,
        "say": lambda key: f"{chinese[key]} · {english[key]}",
    }
