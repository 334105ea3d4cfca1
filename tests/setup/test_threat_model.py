"""Every test that the threat model calls upon exists: an answer whose test was renamed or removed is no answer."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "threat-model.md"
STRIDE = (
    "Spoofing",
    "Tampering",
    "Repudiation",
    "Information disclosure",
    "Denial of service",
    "Elevation of privilege",
)


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_*]+)`", DOCUMENT.read_text("utf-8"))
    assert len(named) > 50
    missing = []
    for file, name in named:
        pattern = rf"^def {name.replace('*', '[a-z0-9_]+')}\("
        path = ROOT / file
        if not path.is_file() or not re.search(pattern, path.read_text("utf-8"), re.MULTILINE):
            missing.append(f"{file}::{name}")
    assert missing == []


def test_every_kind_of_threat_has_its_table_and_every_row_an_answer_and_a_test() -> None:
    text = DOCUMENT.read_text("utf-8")
    for kind in STRIDE:
        section = text.split(f"### {kind}")[1].split("##")[0]
        rows = [line for line in section.splitlines() if line.startswith("|")][2:]
        assert rows, kind
        for row in rows:
            threat, answer, test = (cell.strip() for cell in row.strip("|").split(" | "))
            assert threat and answer and "`tests/" in test, row
