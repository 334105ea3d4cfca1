"""Where the bundle to be measured lies: the folder that was named, or the one built from the sources table.

The publisher's key is taken from the document beside the folder. That proves that the bundle is whole, not who made
it; whom to trust is a unit's question, not a measurement's.
"""

from __future__ import annotations

from pathlib import Path

from edge.core.bundle import Bundle
from edge.core.errors import ModelError
from edge.models.bundle import load_bundle
from tools.bundle.places import bundle_folder, publisher_keys


def find_folder() -> Path:
    """Where `python -m tools.bundle build` puts the bundle of the default sources table; or $DOORSTEP_BUNDLE."""
    return bundle_folder()


def find_bundle(folder: Path | None) -> Bundle:
    """The verified bundle in `folder`, or the built one. Raises ModelError or VerificationError."""
    folder = folder or find_folder()
    try:
        keys = publisher_keys(folder)
    except OSError as e:
        raise ModelError(
            f"no bundle with its publisher's key at {folder}: {e.strerror}",
            remedy="Build the bundle with `python -m tools.bundle build`, or name another folder with --bundle.",
        ) from e
    return load_bundle(folder, keys)
