"""`doorstep-central serve` (ingest workers and the desk) and `user` (the desk's accounts)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from central.clock import now, now_utc
from central.config import CentralConfig
from central.console import as_json, in_folder, open_central, print_json, until_signalled
from central.desk.at import Room
from central.desk.deciding import send_waiting
from central.desk.proofs import totp_uri
from central.desk.room import desk_server, open_room
from central.desk.signing_in import Door, Role
from central.listing import bring_down
from central.rows.accounts import Accounts
from central.rows.people import People
from central.store import CentralStore
from central.vault import load_vault
from edge.core.errors import StoreError

LOOK_EVERY_S = 5.0
STOP_TIMEOUT_S = 20.0


class Workers:
    """Ingest processes; one that has died is started again at the next look."""

    def __init__(self, count: int, folder: Path) -> None:
        self._command = [sys.executable, "-m", "central.cli", "ingest", "--dir", str(folder)]
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * count

    def look(self) -> None:
        for number, process in enumerate(self._processes):
            if process is None or process.poll() is not None:
                if process is not None:
                    click.echo(f"ingest {number + 1} ended with {process.returncode}, started again", err=True)
                # What the terminal interrupts is this process; it ends its workers itself.
                started = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, start_new_session=True)
                self._processes[number] = started

    def stop(self) -> None:
        alive = [p for p in self._processes if p is not None and p.poll() is None]
        for process in alive:
            process.terminate()
        for process in alive:
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@click.command()
@click.option("--workers", default=1, show_default=True, type=click.IntRange(0, 32), help="Ingest processes.")
@in_folder
def serve(workers: int, folder: Path) -> None:
    """Take records and show the review desk, until SIGTERM.

    On SQLite one worker is best; on PostgreSQL as many as there are processors.
    """
    config, store = open_central(folder)
    stop_within = until_signalled()
    running = Workers(workers, folder)
    room = open_room(config, store, folder)
    with store, desk_server(room) as address:
        click.echo(f"desk on {address}, {workers} ingest worker(s), process {os.getpid()}")
        try:
            running.look()
            while not stop_within(LOOK_EVERY_S):
                running.look()
                _catch_up(room)
        finally:
            running.stop()


def _catch_up(room: Room) -> None:
    """What could not go down before a unit's keys were known goes now; a database out of reach is asked again."""
    at_utc = now_utc()
    try:
        with room.store.transaction() as transaction:
            send_waiting(transaction, room.downlink, at_utc=at_utc)
            people = People(transaction, room.vault)
            units = [*people.units_without_list(), *people.take_faces_back()]
            bring_down(transaction, room.vault, room.downlink, units, at_utc=at_utc)
    except StoreError as e:
        click.echo(e.message, err=True)


@click.group()
def user() -> None:
    """The accounts of the review desk."""


@user.command("add")
@click.argument("username")
@click.option("--role", required=True, type=click.Choice([r.value for r in Role]))
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@in_folder
@as_json
def user_add(username: str, role: str, password_stdin: bool, folder: Path, as_json: bool) -> None:
    """Make an account. Prints the secret of its one-time codes, once; it is stored sealed."""
    password = _asked(password_stdin)
    config, store = open_central(folder)
    with store:
        secret = _door(config, store, folder).add(username, Role(role), password, at=now())
    uri = totp_uri(secret, username=username, issuer=config.central_id)
    if as_json:
        print_json({"username": username, "role": role, "totp": uri})
    else:
        click.echo(f"{username} may sign in as {role}. Give this to an authenticator app, and keep no copy:\n{uri}")


@user.command("list")
@in_folder
@as_json
def user_list(folder: Path, as_json: bool) -> None:
    """List the accounts."""
    _, store = open_central(folder)
    with store, store.transaction() as transaction:
        rows = Accounts(transaction).all()
    shown = [
        {name: row[name] for name in ("username", "role", "created_utc", "locked_until_utc", "disabled_utc")}
        for row in rows
    ]
    if as_json:
        print_json(shown)
        return
    for row in shown:
        state = "disabled" if row["disabled_utc"] else "locked" if row["locked_until_utc"] else "open"
        click.echo(f"{row['username']}  {row['role']}  {state}")


@user.command("password")
@click.argument("username")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@in_folder
def user_password(username: str, password_stdin: bool, folder: Path) -> None:
    """Give an account another password. Whoever is signed in with it is signed out; a lockout ends."""
    password = _asked(password_stdin)
    config, store = open_central(folder)
    with store:
        _door(config, store, folder).change_password(username, password, at=now())
    click.echo(f"{username}: the password is changed")


@user.command("code")
@click.argument("username")
@in_folder
@as_json
def user_code(username: str, folder: Path, as_json: bool) -> None:
    """Give an account another secret for its one-time codes, when the telephone is lost. Prints it, once."""
    config, store = open_central(folder)
    with store:
        secret = _door(config, store, folder).renew_code(username, at=now())
    uri = totp_uri(secret, username=username, issuer=config.central_id)
    if as_json:
        print_json({"username": username, "totp": uri})
    else:
        click.echo(f"Give this to {username}'s authenticator app, and keep no copy:\n{uri}")


@user.command("unlock")
@click.argument("username")
@in_folder
def user_unlock(username: str, folder: Path) -> None:
    """End a lockout, or let somebody in again who was disabled."""
    _change(folder, username, "account_unlocked", locked_until_utc=None, failures=0, disabled_utc=None)


@user.command("disable")
@click.argument("username")
@in_folder
def user_disable(username: str, folder: Path) -> None:
    """Let somebody in no more. What they did stays in the log."""
    _change(folder, username, "account_disabled", disabled_utc=now_utc())


def _change(folder: Path, username: str, action: str, **columns: object) -> None:
    _, store = open_central(folder)
    with store, store.transaction() as transaction:
        accounts = Accounts(transaction)
        accounts.change(username, **columns)
        accounts.end_sessions(username)
        accounts.log(username, action, at_utc=now_utc())
    click.echo(f"{username}: {action.removeprefix('account_')}")


def _asked(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _door(config: CentralConfig, store: CentralStore, folder: Path) -> Door:
    with store.transaction() as transaction:
        vault = load_vault(folder / config.vault_key, transaction)
    return Door(store, vault)
