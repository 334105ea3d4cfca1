"""Putting a bundle into use: tried first beside the one in use, which is kept and can be gone back to.

`models` is in use, `models.previous` was before it, `models.next` is being tried. Each net is run once in a process
of its own: a net that brings its runtime down must not bring down the terminal. A cut at any moment leaves a whole
bundle in one of the three, and `mend` puts it in its place.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from edge.core.bundle import Bundle
from edge.core.errors import ModelError
from edge.core.keys import KeyRole, PublicKeyDocument, keys_of
from edge.models.bundle import flush_names, load_bundle, write_bundle
from edge.models.nets import load_nets

TRIAL_S = 120.0


def install(bundle: Bundle, folder: Path, trusted: Sequence[PublicKeyDocument], *, runtime: str) -> str:
    """Try a verified bundle and put it in use; gives the runtime's name.

    Raises ModelError; then the bundle in use is the one from before.
    """
    fresh = _beside(folder, "next")
    write_bundle(bundle, fresh)
    try:
        name = tried(fresh, trusted, runtime=runtime)
    except ModelError:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    try:
        if folder.exists():
            shutil.rmtree(_beside(folder, "previous"), ignore_errors=True)
            folder.rename(_beside(folder, "previous"))
        fresh.rename(folder)
        flush_names(folder.parent)  # said to be in use only when a power cut no longer brings the old one back
    except OSError as e:
        mend(folder)
        raise ModelError(f"cannot put the bundle at {folder}: {e.strerror}", remedy="Make room, try again.") from e
    return name


def go_back(folder: Path, trusted: Sequence[PublicKeyDocument], *, runtime: str) -> str:
    """Exchange the bundle in use and the one before it, once that passes the self-test. Raises ModelError."""
    previous, aside = _beside(folder, "previous"), _beside(folder, "next")
    if not previous.is_dir():
        raise ModelError("no earlier bundle is kept here", remedy="Install one: `doorstep models install FILE`.")
    name = tried(previous, trusted, runtime=runtime)
    shutil.rmtree(aside, ignore_errors=True)
    if folder.exists():
        folder.rename(aside)
    previous.rename(folder)
    if aside.exists():
        aside.rename(previous)
    flush_names(folder.parent)
    return name


def mend(folder: Path) -> None:
    """After a cut between two renames: what was in use before is in use again. Does nothing otherwise."""
    if folder.exists():
        return
    for name in ("previous", "next"):
        if _beside(folder, name).is_dir():
            _beside(folder, name).rename(folder)
            return


def tried(folder: Path, trusted: Sequence[PublicKeyDocument], *, runtime: str) -> str:
    """Verify the bundle in `folder` and its golden vectors, in another process. Raises ModelError."""
    command = [sys.executable, "-m", "edge.models.install", str(folder), runtime]
    try:
        done = subprocess.run(
            command, input=msgspec.json.encode(list(trusted)), capture_output=True, check=False, timeout=TRIAL_S
        )
    except (OSError, subprocess.TimeoutExpired) as e:
        raise ModelError(f"the self-test of {folder.name} did not end: {type(e).__name__}") from e
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        why = said[-1][:300] if said else f"the process ended with {done.returncode}"
        raise ModelError(f"the self-test failed: {why}", remedy="The bundle from before stays in use.")
    return done.stdout.decode().strip()


def _beside(folder: Path, name: str) -> Path:
    return folder.with_name(f"{folder.name}.{name}")


def _trial(folder: Path, runtime: str) -> None:
    documents = msgspec.json.decode(sys.stdin.buffer.read(), type=list[PublicKeyDocument])
    bundle = load_bundle(folder, keys_of(documents, KeyRole.BUNDLE))
    print(load_nets(bundle, runtime=runtime).runtime_name)


if __name__ == "__main__":
    _trial(Path(sys.argv[1]), sys.argv[2])
