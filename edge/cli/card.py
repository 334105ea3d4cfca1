"""`doorstep provision card`: make a card ready for a board, a release and a unit; a diff first."""

from __future__ import annotations

from pathlib import Path

import click

from edge.cli.options import json_option, print_json
from edge.core.card import Board, Choice, Release
from edge.core.errors import InputError

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--board", required=True, type=click.Choice([b.value for b in Board]))
@click.option("--release", required=True, type=click.Choice([r.value for r in Release]), help="What the image is.")
@click.option("--id", "unit_id", required=True, metavar="ID", help="The unit's id: 2 to 63 of a-z, 0-9 and '-'.")
@click.option("--camera", default="imx708", show_default=True, help="imx708 (Module 3), imx219 (2), ov5647, imx477.")
@click.option("--ssh-key", "ssh_keys", multiple=True, metavar="FILE", type=FILE, help="A technician's public key.")
@click.option("--package", "packages", multiple=True, metavar="DEB", type=FILE, help="Installed at the first start.")
@click.option("--trust", "trusted", multiple=True, metavar="FILE", type=FILE, help="A public key the unit believes.")
@click.option("--root", metavar="DIR", type=FOLDER, help="The card's root partition, where the release is in doubt.")
@click.option("--yes", is_flag=True, help="Write. Without it only the diff is shown.")
@json_option
def card(
    folder: Path,
    board: str,
    release: str,
    unit_id: str,
    camera: str,
    ssh_keys: tuple[Path, ...],
    packages: tuple[Path, ...],
    trusted: tuple[Path, ...],
    root: Path | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Make the boot partition mounted at DIR ready for one board, one release and one unit.

    The diff is shown first; --yes writes it. The same again changes nothing. A card that was made for another board,
    release or unit, or whose image is another, is refused. No secret is on it: the unit makes its keys itself.

    \b
    Example:
      doorstep provision card /media/bootfs --board pi5 --release trixie --id changsha-0007 \\
          --ssh-key technician.pub --package doorstep_0.1.0_arm64.deb --trust central.pub.json
    """
    from edge.wiring.card import plan_card

    choice = Choice(
        board=Board(board),
        release=Release(release),
        unit_id=unit_id,
        camera=camera,
        ssh_keys=tuple(_key(path) for path in ssh_keys),
    )
    plan = plan_card(folder, choice, packages=packages, trusted=trusted, root=root)
    if yes:
        plan.carry_out()
    if as_json:
        print_json({"folder": str(folder), "changes": plan.changes, "written": yes, "diff": plan.diff()})
        return
    click.echo(plan.diff() or "Nothing to change.")
    if plan.changes:
        click.echo(f"{len(plan.changes)} files {'written' if yes else 'would be written; add --yes to write them'}.")


def _key(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    if "PRIVATE" in lines[0]:
        raise InputError(f"{path} is a private key", remedy="Give the file that ends in .pub; cards carry no secret.")
    return lines[0].strip()
