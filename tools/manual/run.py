"""Runs the console blocks of a document, in order and in one folder, and puts in what was printed.

Commands are our own two programs, called in this process, and `cat`. What differs from run to run (keys, digests,
times, sizes) is written as `…`, so that the document can be compared.
"""

from __future__ import annotations

import os
import re
import shlex
from contextlib import chdir
from pathlib import Path

from click import Group
from click.testing import CliRunner

from central.cli import main as central_main
from edge.cli.main import main as unit_main
from edge.core.errors import InputError

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "central.md"
PROGRAMS: dict[str, Group] = {"doorstep-central": central_main, "doorstep": unit_main}
PASSWORD = "correct horse battery\n"
LIST = """\
person_id,name,id_number,scheme,reference,employer,due_date,facts,address_code
430102-0001,测试一,110101194001010012,resident,,,2026-06-30,,village-1
430102-0002,测试二,110101194001010021,resident,,,2026-06-30,,village-1
430102-0003,,110101194001010030,farmer,,,2026-06-30,,village-1
"""
_BLOCK = re.compile(r"(```console\n)(.*?)(```)", re.DOTALL)
_VARYING = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]+"), "…"),
    (re.compile(r"\b[0-9a-f]{8,}(?: [0-9a-f]{4,})*…?"), "…"),
    (re.compile(r"\b(?:[0-9a-f]{4}[ -]){7,}[0-9a-f]{4}\b"), "…"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?Z?"), "…"),
    (re.compile(r"secret=[A-Z2-7]+"), "secret=…"),
)


def rewritten(text: str, folder: Path) -> str:
    """The document with every console block as it comes out now. Raises InputError for a command that is not ours."""
    (folder / "visits.csv").write_text(LIST, encoding="utf-8")
    (folder / "STICK").mkdir()
    with chdir(folder):
        return _BLOCK.sub(lambda found: found[1] + _played(found[2]) + found[3], text)


def _played(block: str) -> str:
    commands = [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{_printed(command)}" for command in commands)


def _printed(command: str) -> str:
    name, *arguments = shlex.split(command)
    if name == "cat":
        return "".join(Path(file).read_text(encoding="utf-8") for file in arguments)
    if name not in PROGRAMS:
        raise InputError(f"the manual runs {', '.join(PROGRAMS)} and cat, not {name!r}")
    done = CliRunner().invoke(PROGRAMS[name], arguments, input=PASSWORD, env={**os.environ, "COLUMNS": "190"})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return _settled(done.stdout)


def _settled(output: str) -> str:
    for pattern, shown in _VARYING:
        output = pattern.sub(shown, output)
    return "".join(line.rstrip() + "\n" for line in output.splitlines())
