"""Every code that a person may meet has words in every language."""

import pytest

from edge.cli.words import LANGUAGES, catalogue, say
from edge.core.asking import Action
from edge.core.quality import Hint
from edge.core.visit import OutcomeKind, Reason


@pytest.mark.parametrize(
    ("room", "codes"), [("outcome", OutcomeKind), ("reason", Reason), ("hint", Hint), ("action", Action)]
)
def test_no_code_is_without_words(room: str, codes: type) -> None:
    for code in codes:
        assert say(room, code.value)


def test_languages_hold_the_same_keys_and_no_empty_text() -> None:
    first, *others = (catalogue(language) for language in LANGUAGES)
    for other in others:
        assert {r: set(t) for r, t in first.items()} == {r: set(t) for r, t in other.items()}
    assert all(text.strip() for c in (first, *others) for room in c.values() for text in room.values())
