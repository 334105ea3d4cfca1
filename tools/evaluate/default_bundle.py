"""Where the bundle to be measured lies: the folder that was named, or the one built from the sources table.

The publisher's key is taken from the document beside the folder. That proves that the bundle is whole, not who made
it; whom to trust is a unit's question, not a measurement's.
"""

from __future__ import annotations

from pathlib import Path

from edge.core.errors import ModelError
from edge.core.keys import decode_public_key
from edge.models.bundle import Bundle, load_bundle
from tools.bundle.__main__ import cache_folder
from tools.bundle.sources import DEFAULT_TABLE, read_sources


def find_folder() -> Path:
    """Where `python -m tools.bundle build` puts the bundle of the default sources table."""
    return cache_folder() / "bundles" / read_sources(DEFAULT_TABLE)[1]


def find_bundle(folder: Path | None) -> Bundle:
    """The verified bundle in `folder`, or the built one. Raises ModelError or VerificationError."""
    remedy = "Build the bundle with `python -m tools.bundle build`, or name another folder with --bundle."
    folder = folder or find_folder()
    document = folder.with_name(f"{folder.name}.pub.json")
    try:
        key = decode_public_key(document.read_bytes())
    except OSError as e:
        raise ModelError(f"no bundle with its publisher's key at {folder}: {e.strerror}", remedy=remedy) from e
    return load_bundle(folder, {key.keyid: key.key()})
