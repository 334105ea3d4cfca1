"""The texts people read: one catalogue per language in a package's folder `words`, Chinese first.

A language's catalogue is every file of it, `zh.toml` and `zh-*.toml`; no two of them hold the same room.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

LANGUAGES = ("zh", "en")


@cache
def catalogue(package: str, language: str) -> dict[str, dict[str, str]]:
    """All texts of a language, by room and key."""
    texts: dict[str, dict[str, str]] = {}
    for file in sorted((resources.files(package) / "words").iterdir(), key=lambda f: f.name):
        if file.name == f"{language}.toml" or file.name.startswith(f"{language}-"):
            texts |= tomllib.loads(file.read_text("utf-8"))
    return texts


class Words:
    """One language's texts. `words("queue.title")`; a code that the catalogue lacks is shown as it is."""

    def __init__(self, package: str, language: str) -> None:
        self.language = language if language in LANGUAGES else LANGUAGES[0]
        self._texts = catalogue(package, self.language)

    def __call__(self, key: str) -> str:
        section, _, name = key.partition(".")
        return self._texts.get(section, {}).get(name, name)

    @property
    def other(self) -> str:
        return LANGUAGES[1 - LANGUAGES.index(self.language)]


def in_all_languages(package: str, key: str) -> str:
    """One text in every language, a line each."""
    return "\n".join(Words(package, language)(key) for language in LANGUAGES)
