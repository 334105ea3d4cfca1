"""The technician's page: its commands are run as they stand there, and their output is compared.

DOORSTEP_REWRITE=1 writes what was printed into the page, to be read before it is committed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.firmware.conftest import image as image  # the boot partition of an image, as a fixture

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "technician.md"
BLOCK = re.compile(r"(?s)```console\n(.*?)```")
VARYING = (
    (re.compile(r"\b[0-9a-f]{4}(?: [0-9a-f]{4}){3,}"), "FINGERPRINT"),
    (re.compile(r"\b[0-9a-f]{12,}…?"), "HEX"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+Z?"), "TIME"),
    (re.compile(r"(?<=trust/)[0-9a-f]+"), "KEYID"),
)


def blurred(text: str) -> str:
    """What differs from run to run, and from key to key, by its name."""
    for pattern, name in VARYING:
        text = pattern.sub(name, text)
    return text.strip()


def run_block(block: str, folder: Path) -> str:
    """The block with the output of its commands as printed now."""
    printed = []
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "120",
    }
    for command in re.findall(r"(?m)^\$ (.*)$", block):
        shell = ["bash", "-c", f"{command} 2>&1"]
        done = subprocess.run(shell, capture_output=True, text=True, cwd=folder, env=environment, timeout=120)
        output = "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())
        printed.append(f"$ {command}\n{output}".replace(str(folder), "~"))
    return "".join(printed)


def test_commands_print_what_the_page_says(tmp_path: Path, image: Callable[[str], Path]) -> None:
    image("trixie").rename(tmp_path / "bootfs")
    (tmp_path / "stick").mkdir()
    (tmp_path / "passphrase.txt").write_text("a phrase for this page only\n")
    text = PAGE.read_text()
    now = BLOCK.sub(lambda found: f"```console\n{run_block(found.group(1), tmp_path)}```", text)
    if os.environ.get("DOORSTEP_REWRITE"):
        PAGE.write_text(now)
        pytest.skip("the page was written anew")
    for then, printed in zip(BLOCK.findall(text), BLOCK.findall(now), strict=True):
        assert blurred(then) == blurred(printed)


def test_every_step_is_told_in_both_languages() -> None:
    for section in PAGE.read_text().split("\n## ")[1:]:
        assert re.search(r"[\u4e00-\u9fff]{6}", section) and re.search(r"[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}", section)
