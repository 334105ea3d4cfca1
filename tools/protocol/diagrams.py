"""State diagrams (Mermaid) from the tables of transitions, and the worked example, put into docs/protocol.md between
their marks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from edge.core import bundle_fetch, delivery, evidence_delivery
from edge.core.errors import InputError
from tools.protocol.example import example

T = TypeVar("T", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


def diagram(transitions: Mapping[tuple[T, E], T], first: T) -> str:
    """One arrow for each pair of states, with all events that lead along it."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (before, event), after in transitions.items():
        arrows.setdefault((before.value, after.value), []).append(event.value)
    lines = [f"    [*] --> {first.value}"]
    lines += [f"    {before} --> {after}: {', '.join(events)}" for (before, after), events in arrows.items()]
    return "```mermaid\nstateDiagram-v2\n" + "\n".join(lines) + "\n```\n"


def with_diagrams(text: str) -> str:
    """docs/protocol.md with its diagrams as the tables have them. Raises InputError when a mark is missing."""
    made = {
        "record": diagram(delivery.TRANSITIONS, delivery.DeliveryState.PENDING),
        "bundle": diagram(bundle_fetch.TRANSITIONS, bundle_fetch.BundleState.FETCHING),
        "evidence": diagram(evidence_delivery.TRANSITIONS, evidence_delivery.EvidenceState.WAITING),
        "example": example(),
    }
    for name, drawn in made.items():
        marks = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not marks.search(text):
            raise InputError(f"docs/protocol.md has no place for {name!r}")
        text = marks.sub(lambda found, drawn=drawn: found[1] + drawn + found[2], text)  # type: ignore[misc]
    return text
