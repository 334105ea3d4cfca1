"""`doorstep`: the group of commands. Each is imported when it is called, so that help and completion are quick."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import click

from edge import __version__
from edge.cli.errors import EXIT_CODES, reported


class Lazy(NamedTuple):
    """Where a command is, and its line in the list of commands, which must not need the import."""

    target: str
    summary: str


COMMANDS = {
    "demo": Lazy("edge.cli.demo:demo", "Show everything on this machine: unit, broker, central and visits."),
    "serve": Lazy("edge.cli.serve:serve", "Serve the field worker's pages on the unit's screen and to phones."),
    "visit": Lazy("edge.cli.visit:visit", "Make a visit on the terminal."),
    "history": Lazy("edge.cli.history:history", "List the visits this unit has made."),
    "status": Lazy("edge.cli.status:status", "Say how the unit stands: chain, outbox, disk, clock."),
    "verify": Lazy("edge.cli.verify:verify", "Verify a record, a store or an exported file in numbered steps."),
    "paper": Lazy("edge.cli.paper:paper", "Make what the family gets of a visit: the slip's QR code, the form."),
    "tasks": Lazy("edge.cli.tasks:tasks", "List what the review desk decided and what is to be done."),
    "sync": Lazy("edge.cli.sync:sync", "Bring records to central, and its receipts back."),
    "export": Lazy("edge.cli.by_hand:export", "Write what is undelivered to a stick, for central."),
    "import": Lazy("edge.cli.by_hand:import_", "Apply what central wrote to a stick: receipts, lists, commands."),
    "list": Lazy("edge.cli.list:list_", "Put a visit list on the unit by hand, encrypted."),
    "backup": Lazy("edge.cli.upkeep:backup", "Copy every record to a stick, and read the copy back."),
    "purge": Lazy("edge.cli.upkeep:purge", "Delete evidence that is delivered and past its retention time."),
    "update": Lazy("edge.cli.update:update", "Try another release of the software, and take it back."),
    "models": Lazy("edge.cli.models:models", "List, install and verify model bundles."),
    "provision": Lazy("edge.cli.provision:provision", "Make a unit of a board: its card, its keys."),
    "doctor": Lazy("edge.cli.doctor:doctor", "Examine this unit line by line; make its signed bench sheet."),
    "consent": Lazy("edge.cli.consent:consent", "What a person has agreed to here, and taking it back."),
    "worker": Lazy("edge.cli.worker:worker", "Field workers: their keys and PINs, and what unlocks them."),
    "retire": Lazy("edge.cli.retire:retire", "End a unit: erase its keys and print a signed proof."),
    "unit": Lazy("edge.cli.unit:unit", "Make a unit, show its key, and say whom it believes."),
}


class LazyGroup(click.Group):
    """A group over COMMANDS; what goes wrong below it is reported in one place."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        lazy = COMMANDS.get(cmd_name)
        if lazy is None:
            return None
        module_name, _, attribute = lazy.target.partition(":")
        try:
            command: click.Command = getattr(import_module(module_name), attribute)
        except ModuleNotFoundError as e:
            if e.name != module_name:
                raise
            raise click.UsageError(f"`{cmd_name}` is not part of this installation.", ctx) from e
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.summary) for name, lazy in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        with reported(ctx):
            return super().invoke(ctx)


EXIT_HELP = "\n".join(f"  {code}  {meaning}" for code, meaning in EXIT_CODES.items())


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=f"\b\nExit codes:\n{EXIT_HELP}\n\n`doorstep COMMAND --help` shows an example of each command.",
)
@click.version_option(__version__, prog_name="doorstep")
def main() -> None:
    """上门认证终端 Doorstep: certify at the bedside, offline, sign, keep, and hand on when there is a network.

    \b
    Begin here:
      doorstep demo
    or with a unit of your own:
      doorstep unit init ./my-unit --id my-unit --demo
      doorstep status --unit ./my-unit
    """


if __name__ == "__main__":
    main()
