"""The unit's own visit list on disk: every row and every photograph encrypted under the data key.

`visits.sealed` holds the table and names the pictures; each picture lies beside it as `GENERATION-NUMBER.sealed`, for
a photograph's own file name may be a person's. The table is written last, in the place of the one before, so that a
cut in between leaves the list before whole; what no table names is swept away with the next installation.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import msgspec

from edge.core.document import read_json
from edge.core.errors import ConfigError, InputError
from edge.ports import AtRest
from edge.store.database import sync_folder
from edge.store.faults import faults_translated

TABLE = "visits.sealed"
PLAIN = "visits.csv"
_SUFFIX = ".sealed"
_CONTEXT = b"visit-list"
_FORMAT = "doorstep.sealed-list/1"


class _Table(msgspec.Struct, frozen=True, kw_only=True):
    generation: str
    csv: str
    pictures: tuple[str, ...]
    format: str = _FORMAT


class SealedList:
    """The list in `folder`. Raises StoreError for the disk, DoesNotVerify and SigningError for what does not open."""

    def __init__(self, folder: Path, at_rest: AtRest) -> None:
        self._folder, self._at_rest = folder, at_rest

    @property
    def present(self) -> bool:
        """Raises ConfigError for a list that lies there in the clear: it is neither used nor passed over."""
        if (self._folder / PLAIN).exists():
            raise ConfigError(
                f"a visit list lies in the clear in {self._folder}",
                remedy=f"Run `doorstep list install {self._folder / PLAIN}`: it is encrypted, then removed there.",
            )
        return (self._folder / TABLE).is_file()

    def install(self, csv: str, pictures: Mapping[str, bytes]) -> None:
        """Put a list in the place of the one before, and remove what lies beside it in the clear.

        pictures: by the name that the table gives them.
        """
        table = _Table(generation=secrets.token_hex(8), csv=csv, pictures=tuple(pictures))
        with faults_translated(self._folder / TABLE):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
            try:
                for number, content in enumerate(pictures.values()):
                    self._write(_file(table, number), content, _place(table, number))
                self._write(TABLE, msgspec.json.encode(table), _CONTEXT)
                for name in (PLAIN, *pictures):
                    (self._folder / name).unlink(missing_ok=True)
            finally:
                self._sweep()

    def table(self) -> str:
        """The list as CSV text. Raises ConfigError where there is none."""
        return self._table().csv

    def picture(self, name: str) -> bytes:
        """A photograph by the name that the table gives it. Raises InputError for a name it does not give."""
        table = self._table()
        if name not in table.pictures:
            raise InputError("the visit list has no such photograph", remedy="Install the list again.")
        number = table.pictures.index(name)
        return self._read(_file(table, number), _place(table, number))

    def _table(self) -> _Table:
        return read_json(self._read(TABLE, _CONTEXT), _Table, format_=_FORMAT, what="the visit list")

    def _read(self, name: str, context: bytes) -> bytes:
        if not (self._folder / TABLE).is_file():
            raise ConfigError(
                "this unit has no visit list of its own", remedy="Run `doorstep list install visits.csv`."
            )
        path = self._folder / name
        with faults_translated(path):
            sealed = path.read_bytes()
        return self._at_rest.open(sealed, context=context)

    def _write(self, name: str, plain: bytes, context: bytes) -> None:
        draft = self._folder / f".{name}.new"
        with draft.open("wb") as file:
            os.fchmod(file.fileno(), 0o640)
            file.write(self._at_rest.seal(plain, context=context))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / name)
        sync_folder(self._folder)

    def _sweep(self) -> None:
        """Remove what the table in force does not name: pictures of other lists, drafts cut short."""
        wanted = set()
        if (self._folder / TABLE).is_file():
            table = self._table()
            wanted = {TABLE} | {_file(table, number) for number in range(len(table.pictures))}
        for path in self._folder.iterdir():
            if path.name not in wanted and path.name.removesuffix(".new").endswith(_SUFFIX):
                path.unlink(missing_ok=True)


def _file(table: _Table, number: int) -> str:
    return f"{table.generation}-{number:04d}{_SUFFIX}"


def _place(table: _Table, number: int) -> bytes:
    return _CONTEXT + f"/{table.generation}/{number}".encode()
