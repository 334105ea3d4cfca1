"""A release on its way, as files in a folder of the unit: what was offered, the part that is here, the whole.

offer.json     the offer with its place and state, written whole
PACKAGE.part   the chunks that are here, each at its place; which those are, their digests say after a start
PACKAGE        the whole; beside it PACKAGE.dsse.json, what its publisher signed, with which it is handed over

In the record store a release would be copied with every rehearsal, and be as large as all records together.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from edge.core.bundle_fetch import BundleEntry, BundleState, ReleaseOffer, chunk_bytes
from edge.core.errors import StoreError
from edge.core.release import TrialOutcome
from edge.store.faults import faults_translated

FETCHED_FOLDER = "updates"
OFFER = "offer.json"
SIGNATURE = ".dsse.json"


class _Noted(msgspec.Struct, frozen=True, kw_only=True):
    sequence: int
    offer: ReleaseOffer
    state: BundleState = BundleState.FETCHING
    reason: str = ""


class FileReleases:
    """ReleaseStore over a folder, made when something is first offered. outcome: of the last trial."""

    def __init__(self, folder: Path, outcome: Callable[[], TrialOutcome | None]) -> None:
        self._folder, self.outcome = folder, outcome
        self._read: tuple[tuple[int, int], BundleEntry] | None = None
        self._here: tuple[int, set[int]] | None = None

    def newest(self) -> BundleEntry | None:
        """None also where it cannot be read: records go on their way whatever has become of this folder."""
        try:
            found = (self._folder / OFFER).stat()
            stamp = (found.st_mtime_ns, found.st_ino)
            if self._read is None or self._read[0] != stamp:
                self._read = (stamp, read_offer(self._folder))
        except (OSError, StoreError):
            return None
        return self._read[1]

    def note(self, entry: BundleEntry) -> None:
        with faults_translated(self._folder):
            self._folder.mkdir(mode=0o2770, exist_ok=True)
            self._clear()
        self._write(entry)

    def numbers(self, entry: BundleEntry) -> set[int]:
        if self._here is None or self._here[0] != entry.sequence:
            self._here = (entry.sequence, self._fitting(entry))
        return self._here[1]

    def keep_chunk(self, entry: BundleEntry, number: int, data: bytes) -> None:
        here = self.numbers(entry)
        with faults_translated(self._part(entry)):
            descriptor = os.open(self._part(entry), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o660)
            try:
                os.pwrite(descriptor, data, number * chunk_bytes(entry.offer))
            finally:
                os.close(descriptor)
        here.add(number)

    def whole_sha256(self, entry: BundleEntry) -> str:
        with faults_translated(self._part(entry)), self._part(entry).open("rb") as file:
            os.fsync(file.fileno())
            return hashlib.file_digest(file, "sha256").hexdigest()

    def save(self, entry: BundleEntry) -> None:
        """Write a new state; what is whole is handed over, what is done with is deleted."""
        with faults_translated(self._folder):
            if entry.state is BundleState.FETCHED:
                self._hand_over(entry)
            elif entry.state is not BundleState.FETCHING:
                self._clear()
        self._write(entry)

    def _hand_over(self, entry: BundleEntry) -> None:
        assert isinstance(entry.offer, ReleaseOffer)
        package = self._folder / entry.offer.name
        if self._part(entry).exists():
            self._part(entry).replace(package)
        self._put(package.with_name(package.name + SIGNATURE), entry.offer.envelope)

    def _fitting(self, entry: BundleEntry) -> set[int]:
        size, found = chunk_bytes(entry.offer), set()
        try:
            with self._part(entry).open("rb") as file:
                for number, sha256 in enumerate(entry.offer.chunks):
                    if hashlib.sha256(file.read(size)).hexdigest() == sha256:
                        found.add(number)
        except FileNotFoundError:
            return set()
        except OSError as e:
            raise StoreError(f"cannot read {self._part(entry)}: {e.strerror}") from e
        return found

    def _part(self, entry: BundleEntry) -> Path:
        return self._folder / f"{entry.offer.name}.part"

    def _clear(self) -> None:
        """The signature goes first: what has none is not taken."""
        self._here = None
        for pattern in (f"*{SIGNATURE}", "*.deb", "*.part"):
            for path in self._folder.glob(pattern):
                path.unlink(missing_ok=True)

    def _write(self, entry: BundleEntry) -> None:
        assert isinstance(entry.offer, ReleaseOffer)
        noted = _Noted(sequence=entry.sequence, offer=entry.offer, state=entry.state, reason=entry.reason)
        with faults_translated(self._folder):
            self._put(self._folder / OFFER, msgspec.json.encode(noted))

    def _put(self, path: Path, content: bytes) -> None:
        draft = path.with_name(f".{path.name}.new")
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_offer(folder: Path) -> BundleEntry:
    """The release offered last. Raises StoreError."""
    try:
        noted = msgspec.json.decode((folder / OFFER).read_bytes(), type=_Noted)
    except (OSError, msgspec.DecodeError) as e:
        raise StoreError(f"cannot read {folder / OFFER}: {e}", remedy="Delete that folder; offer it again.") from e
    return BundleEntry(sequence=noted.sequence, offer=noted.offer, state=noted.state, reason=noted.reason)
