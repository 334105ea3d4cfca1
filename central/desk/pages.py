"""The desk's pages: templates over one catalogue of words per language, Chinese first. Nothing is foreign."""

from __future__ import annotations

from importlib import resources
from typing import Any

from edge.gate.templates import environment
from edge.gate.words import Words

PACKAGE = "central.resources"

_ENVIRONMENT = environment("central.desk")


def words_in(language: str) -> Words:
    """The desk's texts in a language, Chinese where it has none of it."""
    return Words(PACKAGE, language)


def page(template: str, words: Words, **values: Any) -> str:
    return _ENVIRONMENT.get_template(f"{template}.html").render(w=words, **values)


def stylesheet() -> bytes:
    return (resources.files("central.desk") / "static" / "desk.css").read_bytes()
