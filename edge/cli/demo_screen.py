"""How `doorstep demo` looks on a terminal: one line per step while it runs, and the table at the end."""

from __future__ import annotations

from typing import Self

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from edge.cli.words import say
from edge.core.record import Score
from edge.core.visit import OutcomeKind
from edge.demo.summary import Summary, VisitSummary

COLOURS = {
    OutcomeKind.CERTIFIED: "green",
    OutcomeKind.REVIEW: "yellow",
    OutcomeKind.NOT_PERFORMED: "cyan",
    OutcomeKind.NOT_CERTIFIED: "red",
}


class Steps:
    """Shows each step with the frames seen and the time it takes; a context manager."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}"),
            TextColumn("[dim]{task.fields[frames]}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._key = ""

    def tell(self, key: str, frames: int) -> None:
        """A step of the show, by its key in room `demo` of the words; the step before is then over."""
        if key != self._key:
            self._finish()
            self._key = key
            self._task = self._progress.add_task(say("demo", key), total=1, frames="")
        if frames:
            self._progress.update(self._task, frames=str(frames))

    def _finish(self) -> None:
        if self._key:
            self._progress.update(self._task, completed=1)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_exc: object) -> None:
        if kind is None:
            self._finish()
        self._progress.stop()


def show_table(console: Console, summary: Summary) -> None:
    """Visits with outcome, scores, time and receipt; then both chains and the refusal, each with its mark."""
    table = Table(title=say("demo", "title"), title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 1, 0))
    table.add_column("#", justify="right")
    for key in ("visit", "outcome", "similarity", "liveness", "time", "receipt"):
        table.add_column(_lines("demo", key) + _limits(summary, key), overflow="fold")
    for visit in summary.visits:
        table.add_row(*_row(visit))
    console.print(table)
    for name, chain in (("chain_unit", summary.unit_chain), ("chain_central", summary.central_chain)):
        _line(
            console,
            chain.verdict == "verifies",
            f"{say('demo', name)}: {chain.records}, {say('demo', chain.verdict)}",
        )
    end = say("demo", "refused" if summary.genuine_refusal else "taken")
    _line(console, bool(summary.genuine_refusal), f"{say('demo', 'genuine')}: {end} ({summary.genuine_refusal})")
    for fault in summary.faults:
        _line(console, False, fault)
    _line(console, not summary.faults, say("demo", "failed" if summary.faults else "passed"))


def _row(visit: VisitSummary) -> tuple[str | Text, ...]:
    outcome = Text(_lines("outcome", visit.outcome.kind.value), style=COLOURS[visit.outcome.kind])
    reasons = Text("".join("\n" + _lines("reason", reason.value) for reason in visit.outcome.reasons), style="dim")
    link = Text("\n" + say("demo", "online" if visit.broker_up else "offline"), style="dim")
    return (
        str(visit.sequence),
        Text.assemble(_lines("demo", visit.key), link),
        Text.assemble(outcome, reasons),
        _score(visit.face.comparison if visit.face else None),
        _score(visit.face.liveness if visit.face else None),
        f"{visit.begun_utc[11:19]}\n{visit.seconds:.1f} s",
        f"{visit.delivery.receipt_id[:8] or visit.delivery.state}\n{visit.delivery.issued_utc[11:19]}",
    )


def _lines(room: str, key: str) -> str:
    """A text in every language, one below the other."""
    return say(room, key).replace(" · ", "\n")


def _limits(summary: Summary, key: str) -> str:
    """The two thresholds of a score's column, which are one policy's and so the same for every visit."""
    face = next((visit.face for visit in summary.visits if visit.face), None)
    score = {"similarity": face.comparison, "liveness": face.liveness}.get(key) if face else None
    return f"\n≥{score.accept:g}\n<{score.review:g}" if score else ""


def _score(score: Score | None) -> Text:
    """The value, coloured by its band."""
    if score is None or score.value is None:
        return Text("–")
    return Text(
        f"{score.value:.3f}",
        style="green" if score.value >= score.accept else "red" if score.value < score.review else "yellow",
    )


def _line(console: Console, good: bool, text: str) -> None:
    console.print(Text.assemble(("✓ ", "bold green") if good else ("✗ ", "bold red"), text))
