"""The desk's pages: templates over one catalogue of words per language, Chinese first. Nothing is foreign."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

LANGUAGES = ("zh", "en")

_ENVIRONMENT = Environment(
    loader=PackageLoader("central.desk", "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Words:
    """One language's texts. `words("queue.title")`; a code that the catalogue lacks is shown as it is."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else LANGUAGES[0]
        self._texts = catalogue(self.language)

    def __call__(self, key: str) -> str:
        section, _, name = key.partition(".")
        return self._texts.get(section, {}).get(name, name)

    @property
    def other(self) -> str:
        return LANGUAGES[1 - LANGUAGES.index(self.language)]


@cache
def catalogue(language: str) -> dict[str, dict[str, str]]:
    text = (resources.files("central.resources") / "words" / f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def page(template: str, words: Words, **values: Any) -> str:
    return _ENVIRONMENT.get_template(f"{template}.html").render(w=words, **values)


def stylesheet() -> bytes:
    return (resources.files("central.desk") / "static" / "desk.css").read_bytes()
