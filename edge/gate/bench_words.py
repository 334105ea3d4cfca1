"""The words for a line of the bench sheet, out of a catalogue; the lines themselves hold codes only."""

from __future__ import annotations

from edge.core.bench_sheet import ERROR, LineState, SheetLine
from edge.gate.words import Words

_ROOM_OF = {
    "now": "bench_power",
    "since": "bench_power",
    "pressed": "bench_button",
    "missing": "bench_button",
    "roles": "bench_role",
    "source": "clock",
    "kind": "fault",
}
"""Details that are codes themselves, several of them with blanks between, and where their words stand."""


def found_in(line: SheetLine, words: Words) -> str:
    """What was found, or why the line was skipped."""
    return _filled("bench_found", line, words)


def remedy_of(line: SheetLine, words: Words) -> str:
    """What to do about it; empty unless the line fails. An error's own remedy goes before that of its kind."""
    if line.code == ERROR:
        return line.details.get("remedy") or words(f"fault_remedy.{line.details['kind']}")
    return _filled("bench_remedy", line, words) if line.state is LineState.FAIL else ""


def _filled(room: str, line: SheetLine, words: Words) -> str:
    key = line.code if line.code == ERROR else f"{line.check}_{line.code}"
    details = {name: _worded(name, value, words) for name, value in line.details.items()}
    return words(f"{room}.{key}").format_map(details)


def _worded(name: str, value: str, words: Words) -> str:
    if name not in _ROOM_OF:
        return value
    parts = [words(f"{_ROOM_OF[name]}.{code}") for code in value.split()]
    return words("bench_found.and").join(parts) or words("bench_found.nothing")
