"""`doorstep update`: another release of the software, tried before it stays."""

from __future__ import annotations

from pathlib import Path

import click

from edge.cli.options import UNIT_OPTION, json_option, print_json

FOLDER = click.Path(path_type=Path, file_okay=False)
SLOTS = click.option("--slots", type=FOLDER, default="/srv/doorstep", show_default=True, help="Where releases lie.")
KEYS = click.option(
    "--keys", type=FOLDER, default="/etc/doorstep/release-keys", show_default=True, help="Who may publish."
)


@click.group()
def update() -> None:
    """Put another release on the unit, and take it back when it does not work."""


@update.command()
@UNIT_OPTION
@json_option
def settle(unit_dir: Path, as_json: bool) -> None:
    """Bring the store to this release: forwards with a copy kept, or back to that copy after an update that failed.

    The visit's service does it at every start. Refused when records have come in that the copy lacks.

    \b
    Example:
      doorstep update settle
    """
    from edge.wiring.upkeep import settle_store

    done = settle_store(unit_dir)
    if as_json:
        print_json({"store": done})
    else:
        click.echo(f"store: {done}")


@update.command()
@click.argument("package", type=click.Path(path_type=Path, exists=True))
@KEYS
@SLOTS
@UNIT_OPTION
@json_option
def apply(package: Path, keys: Path, slots: Path, unit_dir: Path, as_json: bool) -> None:
    """Check the signed PACKAGE (or the newest on a stick), rehearse it on a copy of the store, try it.

    The file PACKAGE.dsse.json lies beside it. On trial it has three starts to prove itself; then the release before
    is in force again, by itself. Nothing older is taken.

    \b
    Example:
      doorstep update apply /media/doorstep
    """
    from edge.device.slots import Slots
    from edge.wiring.update import apply_update, newest_on

    file = newest_on(package) if package.is_dir() else package
    facts = apply_update(unit_dir, file, Slots(slots), keys)
    if as_json:
        print_json({"on_trial": facts})
    else:
        click.echo(f"{facts.version} is on trial. Start the services again: systemctl restart doorstep.target")


@update.command()
@KEYS
@SLOTS
@UNIT_OPTION
@json_option
def fetched(keys: Path, slots: Path, unit_dir: Path, as_json: bool) -> None:
    """Try the release that has come over the network, as `update apply` does, once no visit is under way.

    A timer does it on the unit. What becomes of it is told to central by the sync side.

    \b
    Example:
      doorstep update fetched
    """
    from edge.device.slots import Slots
    from edge.wiring.update import apply_fetched

    done = apply_fetched(unit_dir, Slots(slots), keys)
    if as_json:
        print_json({"fetched": done})
    else:
        click.echo(done)


@update.command()
@SLOTS
@UNIT_OPTION
@json_option
def confirm(slots: Path, unit_dir: Path, as_json: bool) -> None:
    """Let the release on trial stay if the unit is as sound as before, else go back at once.

    The unit does it by itself when the visit's service is ready.

    \b
    Example:
      doorstep update confirm
    """
    from edge.device.slots import Slots
    from edge.wiring.update import confirm_update

    stays = confirm_update(unit_dir, Slots(slots))
    if as_json:
        print_json({"confirmed": stays})
    else:
        click.echo("The release on trial stays." if stays else "No release is on trial.")


@update.command()
@SLOTS
@json_option
def status(slots: Path, as_json: bool) -> None:
    """Say which release is in force, and whether it is on trial.

    \b
    Example:
      doorstep update status
    """
    from edge.device.slots import Slots

    opened = Slots(slots)
    facts = opened.facts(opened.in_force)
    if as_json:
        print_json({"in_force": facts, "folder": str(opened.in_force), "on_trial": opened.on_trial})
    else:
        click.echo("\n".join([f"{facts.version} ({facts.distribution}, {facts.architecture})", *opened.show()]))


@update.command(hidden=True)
@UNIT_OPTION
@json_option
def rehearse(unit_dir: Path, as_json: bool) -> None:
    """Say, as JSON, how the unit stands under this release, on a copy of its store; another release asks for it."""
    from edge.wiring.update import rehearse as rehearsed

    print_json(rehearsed(unit_dir))
