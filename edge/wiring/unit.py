"""The composition root: a unit's folder made into objects. Only this file knows which adapter stands for which port.

A unit's folder holds unit.toml, keys/ (its own), trust/ (public keys it believes) and the record store; what
unit.toml does not name has the default of edge/core/config.py.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from edge.core.config import UNIT_ID, UnitConfig, decode_config
from edge.core.errors import ConfigError, CouldNotBeChecked, DoorstepError, InputError, SigningError, StoreError
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument
from edge.core.keys import fingerprint as fingerprint
from edge.core.verdict import Report
from edge.device.clock import SystemClock
from edge.services.audit import audit_export, audit_record, audit_store
from edge.services.workers import WorkerKeys
from edge.signing import at_rest, keyfile, sealkey, trust
from edge.store.database import StoreFile, create_store, sync_folder
from edge.store.export import ExportFile
from edge.store.outbox import SqliteOutbox
from edge.store.records import SqliteRecordStore
from edge.store.target import TargetKind, kind_of, read_record
from edge.wiring.workers import worker_documents, workers_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

SYSTEM_FOLDER = Path("/var/lib/doorstep")
RECORD_KEY = "record"
SEALING_KEY = "sealing.key"
RECORD_CREDENTIAL = "doorstep-record-key"

_UNIT_TOML = """\
# A Doorstep unit. Paths are relative to this folder; every field is explained in edge/core/config.py.
unit_id = "{unit_id}"

[camera]
# picamera2 | v4l2:N | video:FILE | stills:DIR | none
source = "{camera}"
"""


class Unit:
    """One unit, opened. Its parts are made when first asked for; a context manager, `close` is idempotent."""

    def __init__(self, root: Path, *, read_only: bool = False) -> None:
        self.root = root
        self.read_only = read_only
        self.config = _read_config(root)
        self.clock = SystemClock()

    @cached_property
    def store_file(self) -> StoreFile:
        return StoreFile(self.root / self.config.store, self.clock.now_utc, read_only=self.read_only)

    @cached_property
    def store(self) -> SqliteRecordStore:
        return SqliteRecordStore(self.store_file)

    @cached_property
    def outbox(self) -> SqliteOutbox:
        return SqliteOutbox(self.store_file)

    @cached_property
    def record_key(self) -> keyfile.KeyFile:
        """The unit's private record key. Raises SigningError; never asked for by what only reads."""
        key = keyfile.load(self.key_dir, RECORD_KEY, _credential(RECORD_CREDENTIAL))
        if key.public.role is not KeyRole.RECORD or key.public.owner != self.config.unit_id:
            raise SigningError(
                f"the record key is a {key.public.role.value} key of {key.public.owner!r}, "
                f"this unit is {self.config.unit_id!r}"
            )
        return key

    @cached_property
    def at_rest(self) -> at_rest.AtRestKey:
        """The unit's data key; made now if this unit never had one and may be written. Raises SigningError."""
        credentials = _credentials()
        if not self.read_only and not at_rest.has_had_data_key(self.key_dir, credentials):
            made = at_rest.make_data_key(self.key_dir)
            sync_folder(self.key_dir)  # before anything is encrypted with it
            return made
        return at_rest.load_data_key(self.key_dir, credentials)

    @cached_property
    def workers(self) -> WorkerKeys:
        """The field workers of this unit, who open their keys by PIN. Raises SigningError without the data key."""
        return workers_of(self)

    @property
    def key_dir(self) -> Path:
        return self.root / self.config.key_dir

    @property
    def sync_key_dir(self) -> Path:
        """The sync side's own keys: to open what central seals, and to confirm."""
        return self.root / "sync-keys"

    def sealing_key(self) -> X25519PrivateKey:
        """What central seals to this unit opens with it. The visit side, another user than the sync side, has a copy
        of its own (systemd/programs/ownership): a key's file is for its owner alone."""
        copy = self.key_dir / SEALING_KEY
        return sealkey.load_sealing_key(copy if copy.exists() else self.sync_key_dir / SEALING_KEY)

    @property
    def trust_dir(self) -> Path:
        return self.root / self.config.trust_dir

    @property
    def public(self) -> PublicKeyDocument:
        """The unit's own public key, without touching the private one; the sync side, to which key_dir is shut
        (systemd/doorstep-sync.service), has a copy of its own."""
        try:
            return trust.read_document(self.key_dir / f"{RECORD_KEY}.pub.json")
        except CouldNotBeChecked:
            copy = self.sync_key_dir / f"{RECORD_KEY}.pub.json"
            if not copy.exists():
                raise
            return trust.read_document(copy)

    def believed(self) -> list[PublicKeyDocument]:
        """The unit's own public key and those of its trust folder."""
        return trust.merged([self.public, *trust.read_folder(self.trust_dir)])

    def known(self) -> list[PublicKeyDocument]:
        """The same and the keys of the unit's workers, the retired ones too: for verifying what was signed here."""
        return trust.merged([*self.believed(), *worker_documents(self)])

    def close(self) -> None:
        if "store_file" in self.__dict__:
            self.store_file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def open_unit(root: Path) -> Unit:
    """The unit in folder `root`, for use. Raises ConfigError; the parts raise theirs when asked for."""
    return Unit(root)


def open_unit_readonly(root: Path) -> Unit:
    """The same for looking only: nothing in the folder is written or made, whatever is asked of it."""
    return Unit(root, read_only=True)


def found_unit(root: Path, unit_id: str, purpose: KeyPurpose) -> Unit:
    """Make a unit: folder, record key, empty store, and unit.toml last, which makes it one.

    Raises InputError for a bad id or a folder that is in use, and what the parts raise.
    """
    if not UNIT_ID.fullmatch(unit_id):
        raise InputError(f"a unit's id is 2 to 63 of a-z, 0-9 and '-', got {unit_id!r}")
    if root.exists() and any(root.iterdir()):
        raise InputError(f"{root} is not empty", remedy="Choose a new folder; a unit is never made over another.")
    try:
        _found(root, unit_id, purpose)
    except (OSError, DoorstepError) as e:
        # Half a unit would stand in the way of a whole one; the folder was empty before.
        for left in root.iterdir() if root.is_dir() else ():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        if isinstance(e, DoorstepError):
            raise
        remedy = "Choose a folder you may write, with room in it."
        raise InputError(f"cannot make a unit in {root}: {e.strerror}", remedy=remedy) from e
    return open_unit(root)


def _found(root: Path, unit_id: str, purpose: KeyPurpose) -> None:
    root.mkdir(parents=True, exist_ok=True, mode=0o750)
    (root / "trust").mkdir()
    keyfile.generate(root / "keys", RECORD_KEY, role=KeyRole.RECORD, purpose=purpose, owner=unit_id)
    at_rest.make_data_key(root / "keys")
    sync_folder(root / "keys")
    create_store(root / "records.sqlite3", unit_id, SystemClock().now_utc)
    camera = "none" if purpose is KeyPurpose.DEMONSTRATION else "picamera2"
    (root / "unit.toml").write_text(_UNIT_TOML.format(unit_id=unit_id, camera=camera), encoding="utf-8")
    sync_folder(root)


def believe(unit: Unit, file: Path) -> tuple[PublicKeyDocument, Path]:
    """Add the public key document `file` to the unit's trust folder; gives it and where it is kept."""
    document = trust.read_document(file)
    return document, trust.add(unit.trust_dir, document)


class Target:
    """Something to be verified, opened for reading only, with the keys to believe. A context manager."""

    def __init__(self, path: Path, keys: list[PublicKeyDocument], unit_id: str | None = None) -> None:
        self.path = path
        self.kind = kind_of(path)
        self._keys = keys
        self._unit_id = unit_id
        self._file: StoreFile | None = None

    def audit(self) -> Report:
        """All steps that apply. Raises CouldNotBeChecked also for a store that cannot be read to its end."""
        try:
            if self.kind is TargetKind.RECORD:
                return audit_record(read_record(self.path), self._keys, unit_id=self._unit_id)
            if self.kind is TargetKind.EXPORT:
                return audit_export(ExportFile(self.path), self._keys, unit_id=self._unit_id)
            self._file = StoreFile(self.path, SystemClock().now_utc, read_only=True)
            return audit_store(SqliteRecordStore(self._file), self._keys, unit_id=self._unit_id)
        except StoreError as e:
            raise CouldNotBeChecked(e.message, step="open", remedy=e.remedy) from e

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._file:
            self._file.close()


def open_target(path: Path | None, root: Path, key_files: Sequence[Path], trust_dir: Path | None) -> Target:
    """`path` (a file, a unit's folder, or None for the unit in `root`) with the keys of the arguments, or,
    where none are given, those that the unit believes."""
    believed = _named_keys(key_files, trust_dir)
    if path is not None and not path.is_dir():
        return Target(path, believed if believed is not None else _believed_in(root))
    with open_unit_readonly(path or root) as unit:
        keys = _known_to(unit) if believed is None else believed
        return Target(unit.root / unit.config.store, keys, unit.config.unit_id)


def keys_at_hand(root: Path, key_files: Sequence[Path], trust_dir: Path | None) -> list[PublicKeyDocument]:
    """The public keys of the arguments, or, where none are given, those that the unit in `root` believes."""
    named = _named_keys(key_files, trust_dir)
    return named if named is not None else _believed_in(root)


def _named_keys(key_files: Sequence[Path], trust_dir: Path | None) -> list[PublicKeyDocument] | None:
    named = [trust.read_document(file) for file in key_files]
    if trust_dir:
        named += trust.read_folder(trust_dir)
    return trust.merged(named) if named or trust_dir else None


def _believed_in(root: Path) -> list[PublicKeyDocument]:
    """For somebody else's file on a machine that may have no unit: then no key is at hand, which step 3 says."""
    if not (root / "unit.toml").is_file():
        return []
    with open_unit_readonly(root) as unit:
        return _known_to(unit)


def _known_to(unit: Unit) -> list[PublicKeyDocument]:
    try:
        return unit.known()
    except StoreError as e:
        raise CouldNotBeChecked(e.message, step="open", remedy=e.remedy) from e


def default_root() -> Path:
    """Where a unit is looked for when nobody says: the system's folder where there is one, else the user's."""
    return SYSTEM_FOLDER if SYSTEM_FOLDER.is_dir() else Path.home() / ".local/share/doorstep/unit"


def _credential(name: str) -> Path | None:
    folder = _credentials()
    return folder / name if folder else None


def _credentials() -> Path | None:
    """Where systemd has put this service's credentials, if it gave it any."""
    named = os.environ.get("CREDENTIALS_DIRECTORY", "")
    # Where tmpfs has no access lists, systemd leaves the folder to root alone: as if there were none.
    return Path(named) if named and os.access(named, os.X_OK) else None


def _read_config(root: Path) -> UnitConfig:
    path = root / "unit.toml"
    try:
        return decode_config(path.read_bytes())
    except FileNotFoundError as e:
        raise ConfigError(
            f"no unit in {root}",
            remedy=f"Make one with `doorstep unit init {root} --id NAME --demo`, or name its folder with --unit.",
        ) from e
    except OSError as e:
        raise ConfigError(f"cannot read {path}: {e.strerror}") from e
