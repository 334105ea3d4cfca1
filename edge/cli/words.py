"""The texts people read: one catalogue per language under edge/resources/words, Chinese first."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

LANGUAGES = ("zh", "en")


@cache
def catalogue(language: str) -> dict[str, dict[str, str]]:
    """All texts of a language, by room and key."""
    return tomllib.loads((resources.files("edge.resources") / "words" / f"{language}.toml").read_text("utf-8"))


def say(room: str, key: str) -> str:
    """A text in every language, Chinese first: `再近一点 · A little closer`."""
    return " · ".join(catalogue(language)[room][key] for language in LANGUAGES)
