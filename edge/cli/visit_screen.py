"""What the worker sees of a visit on a terminal: the hint of the moment, the countdown, and the outcome."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from edge.cli.options import console, print_json
from edge.cli.words import say
from edge.core.chain import StoredRecord
from edge.core.policy import BurstPolicy
from edge.core.record import Score
from edge.core.visit import OutcomeKind

if TYPE_CHECKING:
    from edge.core.face import Frame
    from edge.services.ask import ActiveCheck
    from edge.services.burst import Burst, Watcher
    from edge.services.keep import VisitDraft
    from edge.services.perceive import Observation

_COLOURS = {
    OutcomeKind.CERTIFIED: "green",
    OutcomeKind.REVIEW: "yellow",
    OutcomeKind.NOT_PERFORMED: "yellow",
    OutcomeKind.NOT_CERTIFIED: "red",
}


def warn(message: str) -> None:
    Console(stderr=True).print(Text(f"! {message}", style="yellow"))


@contextmanager
def watching(policy: BurstPolicy, *, quiet: bool, ask: ActiveCheck | None = None) -> Iterator[Watcher | None]:
    """A watcher that shows hint, countdown and what is asked on stderr; None when `quiet`."""
    if quiet:
        yield None
        return
    with Live(console=Console(stderr=True), refresh_per_second=8, transient=True) as live:

        def watch(_frame: Frame, observation: Observation, burst: Burst) -> None:
            window_s = max(policy.window_s, ask.at_most_s if ask else 0.0)
            left_s = max(0.0, window_s - (burst.last_s - (burst.begun_s or 0.0)))
            live.update(Text.assemble(_moment(observation, burst, left_s), _asked(ask)))

        yield watch


def _moment(observation: Observation, burst: Burst, left_s: float) -> Text:
    hint = observation.hint.value if observation.hint else "good"
    return Text.assemble(
        (f"{left_s:4.1f} s  ", "bold"),
        (say("hint", hint), "yellow" if observation.hint else "green"),
        ("" if observation.hint else f"  {burst.still_s:.0f} s", "green"),
        (f"   {len(burst.probes)}/{burst.policy.probes} · {len(burst.live_probabilities)}", "dim"),
    )


def _asked(ask: ActiveCheck | None) -> Text:
    if ask is None or ask.over:
        return Text("")
    prompt = ask.prompt
    words = say("action", prompt.action.value if prompt.action else "rest")
    return Text(f"\n{prompt.number}/{prompt.of}  {words}", style="bold cyan")


def show_outcome(draft: VisitDraft, stored: StoredRecord, *, as_json: bool) -> None:
    """Print what the visit came to, now that it is on the disk."""
    if as_json:
        print_json(
            {
                "record_id": stored.record_id,
                "sequence": stored.sequence,
                "sha256": stored.sha256,
                "payload_type": stored.payload_type,
                "outcome": draft.outcome.kind.value,
                "reasons": [reason.value for reason in draft.outcome.reasons],
                "face": draft.face,
            }
        )
        return
    kind = draft.outcome.kind
    lines = [Text(say("reason", reason.value)) for reason in draft.outcome.reasons]
    if draft.face:
        lines.append(Text(""))
        lines += [
            _score_line("comparison 相似度", draft.face.comparison),
            _score_line("liveness 活体", draft.face.liveness),
        ]
    lines += [Text(""), Text(say("next", kind.value), style="dim")]
    lines.append(Text(f"record {stored.sequence} · {stored.sha256[:16]}… · {stored.payload_type}", style="dim"))
    title = Text(say("outcome", kind.value), style=f"bold {_COLOURS[kind]}")
    console().print(Panel(Text("\n").join(lines), title=title, border_style=_COLOURS[kind], expand=False))


def _score_line(name: str, score: Score) -> Text:
    value = "–" if score.value is None else f"{score.value:.3f}"
    return Text(f"{name}: {value}   (review {score.review:.2f} · accept {score.accept:.2f})")
