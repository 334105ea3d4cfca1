"""The texts of the terminal, out of the unit's catalogues."""

from __future__ import annotations

from edge.gate import words

LANGUAGES = words.LANGUAGES


def catalogue(language: str) -> dict[str, dict[str, str]]:
    """All texts of a language, by room and key."""
    return words.catalogue("edge.resources", language)


def say(room: str, key: str) -> str:
    """A text in every language, Chinese first: `再近一点 · A little closer`."""
    return " · ".join(catalogue(language)[room][key] for language in LANGUAGES)
