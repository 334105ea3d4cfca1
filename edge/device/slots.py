"""The two slots for releases, on the disk: a package is copied, checked and unpacked into the free one.

Which of them is in force is changed by one program alone (systemd/programs/slot), which belongs to no release.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import msgspec

from edge import __version__
from edge.core.errors import DoesNotVerify, StoreError
from edge.core.release import Offer, ReleaseFacts, TrialOutcome, TrialState, settled

RELEASE_KEYS = Path("/etc/doorstep/release-keys")
"""On the read-only root: whoever may write the unit's own trust folder must not decide what runs here."""
SLOTS, PROGRAM, OWN = Path("/srv/doorstep"), Path("/usr/lib/doorstep/slot"), Path("/opt/doorstep")
OUTCOME = "outcome.json"
_INSIDE = "./opt/doorstep/"
_PYTHON = "/usr/bin/python3"
_BLOCK_BYTES = 1 << 20


def running_version() -> str:
    """The version of the release that this process runs from, with the commit's number; of a checkout, just the
    version."""
    try:
        return msgspec.json.decode((Path(sys.prefix) / "release.json").read_bytes(), type=ReleaseFacts).version
    except (OSError, msgspec.DecodeError):
        return __version__


class Slots:
    """The slots in `folder`. own: the release that the package installed. Raises StoreError."""

    def __init__(self, folder: Path = SLOTS, program: Path = PROGRAM, own: Path = OWN) -> None:
        self.folder, self._program, self._own = folder, program, own

    @property
    def in_force(self) -> Path:
        return self.folder / self._slot("show").splitlines()[0]  # an absolute path replaces the folder

    @property
    def on_trial(self) -> bool:
        return (self.folder / "trial").exists()

    def show(self) -> list[str]:
        return self._slot("show").splitlines()

    def facts(self, release: Path) -> ReleaseFacts:
        """What the release in a folder says of itself."""
        try:
            return msgspec.json.decode((release / "release.json").read_bytes(), type=ReleaseFacts)
        except (OSError, msgspec.DecodeError) as e:
            raise StoreError(f"{release} does not say which release it is: {e}", remedy="Install the package.") from e

    def unpack(self, package: Path, offer: Offer) -> Path:
        """Copy, check and unpack `package` into the free slot; gives the slot. Raises DoesNotVerify, StoreError."""
        slot = self.folder / self._slot("free").strip()
        draft, copy = slot.with_suffix(".new"), self.folder / "package.new"
        try:
            for old in (draft, slot):
                shutil.rmtree(old, ignore_errors=True)
            _copy_checked(package, copy, offer)
            _unpack(copy, draft)
            copy.unlink()
            # Compiled now: the services may write nothing here.
            self.run(draft, "-m", "compileall", "-q", str(draft / "lib"))
            os.sync()
            draft.rename(slot)
            os.sync()
        except OSError as e:
            raise StoreError(f"cannot unpack to {self.folder}: {e.strerror or e}", remedy="Make room there.") from e
        return slot

    def run(self, release: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Python of a release, with nothing of this process's environment."""
        command = [str(release / "bin/python"), "-I", *arguments]
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        return subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)

    def outcome(self) -> TrialOutcome | None:
        """What became of the release that last came over the network, as it was left here for the sync side, which
        may only read; None before the first, and where that cannot be read."""
        try:
            noted = msgspec.json.decode((self.folder / OUTCOME).read_bytes(), type=TrialOutcome)
            if noted.state is not TrialState.ON_TRIAL or self.on_trial:
                return noted
            given_up, serial = (self.folder / "given-up").exists(), self.facts(self.in_force).serial
            return settled(noted, given_up=given_up, serial_in_force=serial)
        except (OSError, msgspec.DecodeError, StoreError):
            return None

    def put_on_trial(self, slot: Path) -> None:
        self._slot("try", slot.name)

    def confirm(self) -> None:
        self._slot("confirm")

    def give_back(self) -> str:
        return self._slot("return").strip()

    def _slot(self, *arguments: str) -> str:
        environment = {"PATH": "/usr/bin:/bin", "SLOTS": str(self.folder), "OWN": str(self._own)}
        done = subprocess.run(["sh", str(self._program), *arguments], capture_output=True, text=True, env=environment)
        if done.returncode:
            raise StoreError(f"the slots: {done.stderr.strip()}", remedy="Run `doorstep update status`.")
        return done.stdout


def _copy_checked(package: Path, copy: Path, offer: Offer) -> None:
    """A stick may change under us: what is checked is our copy, and that is what is unpacked."""
    digest, size = hashlib.sha256(), 0
    with package.open("rb") as source, copy.open("wb") as target:
        while (block := source.read(_BLOCK_BYTES)) and size <= offer.size_bytes:
            digest.update(block)
            target.write(block)
            size += len(block)
    if (size, digest.hexdigest()) != (offer.size_bytes, offer.sha256):
        copy.unlink()
        raise DoesNotVerify(f"{package.name} is not the package that was signed", step="files")


def _unpack(package: Path, folder: Path) -> None:
    """The application out of a package: plain files, folders, and links to the system's Python; nothing else."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as unpacking:
        assert unpacking.stdout
        with tarfile.open(fileobj=unpacking.stdout, mode="r|") as archive:
            for member in archive:
                if not member.name.startswith(_INSIDE):
                    continue
                _put(archive, member, folder / member.name.removeprefix(_INSIDE))
    if unpacking.returncode or not (folder / "bin/python").exists():
        raise DoesNotVerify(f"{package.name} holds no application", step="files")


def _put(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    # By hand: Debian 12's Python is older than tarfile's own filters.
    to_python = member.issym() and (member.linkname.startswith(_PYTHON) or "/" not in member.linkname)
    content = archive.extractfile(member) if member.isreg() else None
    if ".." in path.parts or not (content or member.isdir() or to_python):
        raise DoesNotVerify(f"the package holds {member.name!r}, which is no plain file", step="files")
    path.parent.mkdir(parents=True, exist_ok=True)
    if to_python:
        path.symlink_to(member.linkname)
    elif content:
        with path.open("wb") as out:
            shutil.copyfileobj(content, out, _BLOCK_BYTES)
        path.chmod(member.mode & 0o755)
    else:
        path.mkdir(exist_ok=True)
