"""`python -m tools.manual`: run the commands of docs/central.md again and write down what they print."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from tools.manual.run import MANUAL, rewritten


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 when something else is printed now.")
@click.pass_context
def main(ctx: click.Context, check: bool) -> None:
    """Bring the output in docs/central.md up to date. The pictures: `make pictures`."""
    before = MANUAL.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="doorstep-manual-") as temporary:
        after = rewritten(before, Path(temporary))
    if not check:
        MANUAL.write_text(after, encoding="utf-8")
    ctx.exit(1 if check and after != before else 0)


if __name__ == "__main__":
    main()
