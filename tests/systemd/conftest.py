"""The units with programs that exist here in place of the installed ones: systemd refuses absent ones."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNITS = sorted(path.name for path in SYSTEMD.glob("*.*") if path.suffix not in (".md", ".d", ".conf"))
SERVICES = [name for name in UNITS if name.endswith(".service")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    copy = tmp_path / "systemd"
    shutil.copytree(SYSTEMD, copy)
    for name in SERVICES:
        text = (copy / name).read_text()
        (copy / name).write_text(re.sub(r"(?m)^(Exec\w+=)\S+", rf"\1{shutil.which('true')}", text))
    return copy
