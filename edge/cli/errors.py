"""The border to people: a DoorstepError becomes a message and a remedy on stderr, and an exit code.

With --json the error is a JSON object on stdout, where the program that asked reads its answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from edge.core.errors import CouldNotBeChecked, DoesNotVerify, DoorstepError, VerificationError

if TYPE_CHECKING:
    # Not at run time: it would load the cryptography that help has no use for.
    from edge.core.verdict import Verdict

EXIT_CODES = {
    0: "done; what was checked verifies",
    1: "does not verify",
    2: "the command line is wrong",
    3: "could not be checked: a key, a file or newer software is wanting",
    4: "another error; the message says what to do",
}
JSON_KEY = "edge.cli.json"

_OF_VERDICT = {"verifies": 0, "does_not_verify": 1, "could_not_be_checked": 3}


def exit_code_of(verdict: Verdict) -> int:
    return _OF_VERDICT[verdict.value]


def exit_code_of_error(error: DoorstepError) -> int:
    if isinstance(error, DoesNotVerify):
        return 1
    return 3 if isinstance(error, CouldNotBeChecked) else 4


@contextmanager
def reported(ctx: click.Context) -> Iterator[None]:
    """Report a DoorstepError of the block and end the command with its exit code; other errors are faults of ours."""
    try:
        yield
    except DoorstepError as error:
        if ctx.find_root().meta.get(JSON_KEY):
            click.echo(json.dumps({"error": _as_fields(error)}, ensure_ascii=False))
        else:
            _print(error)
        ctx.exit(exit_code_of_error(error))


def _as_fields(error: DoorstepError) -> dict[str, str]:
    fields = {"kind": type(error).__name__, "message": error.message, "remedy": error.remedy}
    if isinstance(error, VerificationError):
        fields["step"] = error.step
    return fields


def _print(error: DoorstepError) -> None:
    from rich.console import Console
    from rich.text import Text

    # Text, not markup: a message may quote what a stranger's file says.
    console = Console(stderr=True, soft_wrap=True)
    console.print(Text.assemble(("✗ ", "bold red"), error.message))
    console.print(Text.assemble(("→ ", "cyan"), error.remedy))
