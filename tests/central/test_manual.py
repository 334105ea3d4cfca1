"""docs/central.md says what happens: its commands, run again, print what stands there."""

from __future__ import annotations

from pathlib import Path

from tools.manual.run import MANUAL, rewritten


def test_commands_of_the_manual_print_what_stands_there(tmp_path: Path) -> None:
    text = MANUAL.read_text(encoding="utf-8")
    assert rewritten(text, tmp_path) == text, "run `python -m tools.manual`"
