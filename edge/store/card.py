"""A boot partition as a folder: read what matters of it, write files so that each is there whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edge.core.errors import InputError
from edge.store.database import sync_folder

_READ = ("config.txt", "cmdline.txt", "custom.toml", "user-data", "meta-data", "network-config")
_MAX_BYTES = 1 << 20


class CardFolder:
    """The folder. Raises InputError for what cannot be read or written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> frozenset[str]:
        """The names of the files at the top."""
        return frozenset(path.name for path in self.folder.iterdir())

    def contents(self) -> dict[str, bytes]:
        """What may be changed: a few files at the top, and all of `doorstep/`, by path."""
        paths = [self.folder / name for name in _READ]
        paths += sorted((self.folder / "doorstep").rglob("*"))
        found = {}
        for path in paths:
            if path.is_file():
                found[path.relative_to(self.folder).as_posix()] = path.read_bytes()
        return found

    def write(self, files: Mapping[str, bytes], gone: frozenset[str]) -> None:
        """Write `files` by path, and take away those of `gone`."""
        try:
            for name, content in files.items():
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                draft = path.with_name(f".{path.name}.new")
                with draft.open("wb") as file:
                    file.write(content)
                    file.flush()
                draft.replace(path)
                sync_folder(path.parent)
            for name in gone:
                (self.folder / name).unlink(missing_ok=True)
        except OSError as e:
            raise InputError(f"cannot write to {self.folder}: {e.strerror}", remedy="Is the card writable?") from e


def codename_of(root: Path) -> str:
    """The release that a mounted root partition says it is."""
    try:
        text = (root / "etc" / "os-release").read_text(encoding="utf-8")
    except OSError as e:
        remedy = "Name the card's second partition."
        raise InputError(f"{root} is no root partition: {e.strerror}", remedy=remedy) from e
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return values.get("VERSION_CODENAME", "").strip('"')
