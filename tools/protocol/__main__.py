"""`python -m tools.protocol`: write docs/asyncapi.yaml, the diagrams of docs/protocol.md, and docs/points.md."""

from __future__ import annotations

from pathlib import Path

import click

from tools.protocol.asyncapi import as_yaml, document
from tools.protocol.diagrams import with_diagrams
from tools.protocol.points import with_points

DOCS = Path(__file__).resolve().parents[2] / "docs"


def generated() -> dict[Path, str]:
    """What each file should hold."""
    protocol = DOCS / "protocol.md"
    return {
        DOCS / "asyncapi.yaml": as_yaml(document()),
        protocol: with_diagrams(protocol.read_text(encoding="utf-8")),
        DOCS / "points.md": with_points(),
    }


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 when a file is not as the code has it.")
@click.pass_context
def main(ctx: click.Context, check: bool) -> None:
    """Write the parts of the protocol's documents that the code knows better."""
    stale = [path for path, text in generated().items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        click.echo(f"{'stale' if check else 'written'}: {path.name}")
        if not check:
            path.write_text(generated()[path], encoding="utf-8")
    ctx.exit(1 if check and stale else 0)


if __name__ == "__main__":
    main()
