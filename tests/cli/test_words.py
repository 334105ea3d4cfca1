"""Every code that a person may meet has words in every language."""

import re
from pathlib import Path

import pytest

from edge.cli.words import LANGUAGES, catalogue, say
from edge.core.asking import Action
from edge.core.bench_sheet import LineState
from edge.core.delivery import DeliveryState
from edge.core.document_photo import DocumentHint
from edge.core.downward_apply import Standing
from edge.core.identity import Part
from edge.core.people import Relation
from edge.core.quality import Hint
from edge.core.record import ClockSource
from edge.core.session import DocumentKind
from edge.core.today import Place
from edge.core.visit import OutcomeKind, Purpose, Reason, Scheme

CODES = {
    "outcome": OutcomeKind, "then": OutcomeKind, "reason": Reason, "hint": Hint, "action": Action, "place": Place,
    "scheme": Scheme, "relation": Relation, "purpose": Purpose, "document": DocumentKind,
    "document_hint": DocumentHint, "delivery": DeliveryState, "standing": Standing, "clock": ClockSource,
    "bench_state": LineState,
}  # fmt: skip
TEMPLATES = sorted(Path("edge/web/templates").glob("*.html"))


@pytest.mark.parametrize(("room", "codes"), CODES.items())
def test_no_code_is_without_words(room: str, codes: type) -> None:
    for code in codes:
        assert say(room, code.value)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_page_asks_for_no_text_that_there_is_none_of(template: Path) -> None:
    texts = catalogue(LANGUAGES[0])
    for room, key in re.findall(r'w\("(\w+)\.(\w+)"\)', template.read_text("utf-8")):
        assert key in texts[room], f"{room}.{key}"
    assert all(f"different_{part.value}" in texts["confirm"] for part in Part)


def test_languages_hold_the_same_keys_and_no_empty_text() -> None:
    first, *others = (catalogue(language) for language in LANGUAGES)
    for other in others:
        assert {r: set(t) for r, t in first.items()} == {r: set(t) for r, t in other.items()}
    assert all(text.strip() for c in (first, *others) for room in c.values() for text in room.values())
