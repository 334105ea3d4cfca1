"""Every code that a person may meet has words in every language."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cli.words import LANGUAGES, catalogue, say
from edge.core.asking import Action
from edge.core.bench_rules import judge_board
from edge.core.bench_sheet import LineState, ended_by
from edge.core.delivery import DeliveryState
from edge.core.document_photo import DocumentHint
from edge.core.downward_apply import Standing
from edge.core.errors import CameraError, DoorstepError
from edge.core.identity import Part
from edge.core.people import Relation
from edge.core.quality import Hint
from edge.core.record import ClockSource
from edge.core.session import DocumentKind
from edge.core.today import Place
from edge.core.verdict import Verdict
from edge.core.visit import OutcomeKind, Purpose, Reason, Scheme
from edge.gate.bench_words import found_in, remedy_of
from edge.gate.words import Words
from tests.core.test_bench_sheet import LAPTOP, PI

CODES = {
    "outcome": OutcomeKind, "then": OutcomeKind, "reason": Reason, "hint": Hint, "action": Action, "place": Place,
    "scheme": Scheme, "relation": Relation, "purpose": Purpose, "document": DocumentKind,
    "document_hint": DocumentHint, "delivery": DeliveryState, "standing": Standing, "clock": ClockSource,
    "bench_state": LineState,
}  # fmt: skip
BENCH = [Path(f"edge/{file}.py") for file in ("core/bench_rules", "services/examine", "wiring/doctor")]
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


def bench_codes() -> set[tuple[str, str]]:
    """`passed`, `failed` or `skipped`, and the key of the line's words, as the sources say it."""
    pattern = re.compile(r'\b(passed|failed|skipped)\(\s*"(\w+)"(?:, "(\w+)")?')
    told = {(how, f"{check}_{code or 'ok'}") for f in BENCH for how, check, code in pattern.findall(f.read_text())}
    return (told - {("passed", "store_ok"), ("failed", "store_ok")}) | {("failed", "store_does_not_verify")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_of_the_bench_has_words_and_every_failure_a_remedy(language: str) -> None:
    texts, codes = catalogue(language), bench_codes()
    assert len(codes) > 40
    assert {key for _, key in codes} - texts["bench_found"].keys() == set()
    assert {key for how, key in codes if how == "failed"} == texts["bench_remedy"].keys()
    assert all(f"store_{verdict.value}" in texts["bench_found"] for verdict in Verdict)


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_a_finding_name_what_was_found(language: str) -> None:
    words = Words("edge.resources", language)
    hot = replace(PI, temperature_c=81.0, throttled=0x10002, life_used=9)
    lines = {line.check: line for line in judge_board(hot)}
    assert "81" in found_in(lines["temperature"], words) and "75" in remedy_of(lines["temperature"], words)
    assert words("bench_power.under_voltage") in found_in(lines["power"], words)
    assert "90" in found_in(lines["endurance"], words) and not remedy_of(lines["board"], words)
    told = found_in(ended_by("camera", CameraError("no frames")), words)
    assert "no frames" in told and remedy_of(ended_by("camera", CameraError("no frames")), words)
    every = [*lines.values(), *judge_board(PI), *judge_board(LAPTOP)]
    assert all("{" not in found_in(line, words) + remedy_of(line, words) for line in every)


def test_every_kind_of_error_has_words() -> None:
    def kinds(of: type[DoorstepError]) -> set[str]:
        ours = of.__module__.startswith("edge.") and not of.__module__.startswith("edge.demo")
        return ({of.__name__} if ours else set()).union(*(kinds(kind) for kind in of.__subclasses__()))

    import edge.wiring.update  # noqa: F401 (it has one of its own)

    texts = catalogue(LANGUAGES[0])
    assert kinds(DoorstepError) == texts["fault"].keys() == texts["fault_remedy"].keys()


def test_languages_hold_the_same_keys_and_no_empty_text() -> None:
    first, *others = (catalogue(language) for language in LANGUAGES)
    for other in others:
        assert {r: set(t) for r, t in first.items()} == {r: set(t) for r, t in other.items()}
    assert all(text.strip() for c in (first, *others) for room in c.values() for text in room.values())
