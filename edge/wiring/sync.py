"""The composition root of the sync side: its keys, the inbox, and the drain with its wire.

The sync side's two keys are made by whoever first needs them and may read the record key, which vouches for them;
after that the sync side does without the record key.
"""

from __future__ import annotations

import random
import shutil
import uuid
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from edge.core.bundle_fetch import ReleaseOffer
from edge.core.chain import StoredRecord
from edge.core.delivery import DeliveryState, Timing
from edge.core.downward_apply import Standing
from edge.core.envelope import parse
from edge.core.errors import ConfigError, DoesNotVerify, InputError, SigningError, StoreError
from edge.core.evidence import EvidenceKind
from edge.core.keys import KeyRole
from edge.core.parcel import Direction, ParcelHeader
from edge.core.release import check_takes, open_offer
from edge.core.sealing import seal_to
from edge.core.unit_keys import UnitKeys, open_unit_keys, sign_unit_keys
from edge.device.slots import RELEASE_KEYS, Slots, running_version
from edge.ports import Uplink
from edge.services.admission import admit_visit
from edge.services.bundles import BundleFetcher
from edge.services.drain import Drain
from edge.services.evidence import EvidenceSender, everything_open, keep_evidence
from edge.services.inbox import Inbox, SyncKeys
from edge.services.progress import Progress
from edge.services.releases import ReleaseFetcher
from edge.services.renewal import Asker, CertificateRenewer
from edge.signing import keyfile, sealkey, trust
from edge.signing.erase import erase
from edge.signing.link_identity import LinkFiles, next_files
from edge.store.bundles import SqliteBundles
from edge.store.database import sync_folder
from edge.store.evidence import SqliteEvidence
from edge.store.inbox import SqliteInbox, downward_state
from edge.store.kept_photos import purge_kept
from edge.store.parcel import read_parcel, write_parcel
from edge.store.releases import FETCHED_FOLDER, FileReleases
from edge.sync.by_hand import NoWire
from edge.sync.tls import probe_broker, tls_files
from edge.wiring.unit import RECORD_KEY, SEALING_KEY, Unit

CONFIRMATION_KEY = "confirmation"
STATEMENT = "unit-keys.json"
MOST_NAMED = 100
"""Records looked at above a receipt's gap-free sequence, as for the largest window."""


def sync_keys(unit: Unit) -> SyncKeys:
    """The keys of the sync side, made now if this unit never had them. Raises SigningError, VerificationError."""
    statement_file = unit.sync_key_dir / STATEMENT
    if not statement_file.exists():
        _make(unit, statement_file)
    statement = _read(statement_file)
    keys = open_unit_keys(statement, unit.public)
    confirmer = keyfile.load(unit.sync_key_dir, CONFIRMATION_KEY)
    if not (unit.sync_key_dir / SEALING_KEY).exists() and _is_wiped(unit):
        # What central seals now opens no more; that it was wiped is still said, and what is left delivered.
        return SyncKeys(
            sealing=X25519PrivateKey.generate(), confirmer=confirmer.signer, statement=statement,
            purpose=unit.public.purpose,
        )  # fmt: skip
    sealing = sealkey.load_sealing_key(unit.sync_key_dir / SEALING_KEY)
    own = sealkey.sealing_document(sealing, purpose=keys.sealing.purpose, owner=unit.config.unit_id)
    if (own, confirmer.public) != (keys.sealing, keys.confirmation):
        raise SigningError(f"the keys in {unit.sync_key_dir} are not those that {STATEMENT} names")
    return SyncKeys(sealing=sealing, confirmer=confirmer.signer, statement=statement, purpose=unit.public.purpose)


def _is_wiped(unit: Unit) -> bool:
    return downward_state(unit.store_file).standing is Standing.WIPED


def _make(unit: Unit, statement_file: Path) -> None:
    """The statement comes last: without it the two keys are nobody's, and are made again."""
    folder, record_key = unit.sync_key_dir, unit.record_key
    for name in (SEALING_KEY, f"{CONFIRMATION_KEY}.key", f"{CONFIRMATION_KEY}.pub.json"):
        (folder / name).unlink(missing_ok=True)
    purpose, owner = record_key.public.purpose, unit.config.unit_id
    sealing = sealkey.make_sealing_key(folder / SEALING_KEY)
    confirmer = keyfile.generate(folder, CONFIRMATION_KEY, role=KeyRole.CONFIRMATION, purpose=purpose, owner=owner)
    keys = UnitKeys(
        unit_id=owner,
        serial=1,
        made_utc=unit.clock.now_utc(),
        sealing=sealkey.sealing_document(sealing, purpose=purpose, owner=owner),
        confirmation=confirmer.public,
    )
    try:
        keyfile.replace_whole(folder / f"{RECORD_KEY}.pub.json", keyfile.encode_public(record_key.public))
        sync_folder(folder)
        keyfile.replace_whole(statement_file, sign_unit_keys(keys, record_key.signer))
        sync_folder(folder)
    except OSError as e:
        raise SigningError(f"cannot write {folder}: {e.strerror}", remedy="Make room, then run it again.") from e


def _read(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as e:
        raise SigningError(f"cannot read {path}: {e.strerror}") from e
    parse(raw)
    return raw


def make_inbox(unit: Unit, slots: Slots | None = None, release_keys: Path = RELEASE_KEYS) -> Inbox:
    """The unit's side of central's messages. slots: those of this machine. Raises SigningError, StoreError."""
    keys = sync_keys(unit)
    return Inbox(
        unit_id=unit.config.unit_id,
        store=inbox_store(unit, keys),
        keys=keys,
        trusted=unit.believed(),
        clock=unit.clock,
        bundles=BundleFetcher(SqliteBundles(unit.store_file)),
        releases=_releases(unit, slots, release_keys),
        renewer=_renewer(unit, keys),
        erase=lambda: erase([unit.sync_key_dir / SEALING_KEY]),
    )


def _renewer(unit: Unit, keys: SyncKeys) -> CertificateRenewer | None:
    config = unit.config.sync
    if config is None:
        return None
    authority, certificate, private_key = tls_files(config, unit.root)
    fresh = (authority, *next_files(certificate, private_key))
    return CertificateRenewer(
        asker=Asker(
            unit_id=unit.config.unit_id,
            record_key=unit.public,
            statement=keys.statement,
            confirmer=keys.confirmer,
        ),
        identity=LinkFiles(authority, certificate, private_key),
        clock=unit.clock,
        probe=lambda: probe_broker(config, fresh),
    )


def _releases(unit: Unit, given: Slots | None, release_keys: Path) -> ReleaseFetcher | None:
    """None on a machine without slots: its software is changed by hand."""
    slots = given or Slots()
    if not slots.folder.is_dir():
        return None

    def judge(offer: ReleaseOffer) -> None:
        signed = open_offer(offer.envelope, trust.read_folder(release_keys))
        if (signed.package, signed.sha256, signed.size_bytes) != (offer.name, offer.file_sha256, offer.size_bytes):
            raise DoesNotVerify("the publisher signed another package", step="files")
        check_takes(signed.facts, slots.facts(slots.in_force))
        least = offer.size_bytes + unit.config.min_free_mb * 1_000_000
        if shutil.disk_usage(unit.root).free < least:
            raise StoreError(f"{least // 1_000_000} MB of room are wanted")

    return ReleaseFetcher(FileReleases(unit.root / FETCHED_FOLDER, slots.outcome), judge)


def inbox_store(unit: Unit, keys: SyncKeys) -> SqliteInbox:
    """What has come down, its personal rows sealed to the unit's own key."""
    own = keys.sealing.public_key().public_bytes_raw().hex()
    return SqliteInbox(unit.store_file, lambda content, info: seal_to(own, content, info=info))


def make_drain(
    unit: Unit, timing: Timing | None = None, slots: Slots | None = None, release_keys: Path = RELEASE_KEYS
) -> Drain:
    """The drain of a unit's outbox to the broker of unit.toml. Raises ConfigError when that names none."""
    from edge.sync.mqtt import MqttUplink  # here, so that commands without a link need not load it

    config = unit.config.sync
    if config is None:
        raise ConfigError(
            f"{unit.root / 'unit.toml'} names no broker", remedy="Add [sync] with host (and port) to that file."
        )
    uplink = MqttUplink(unit_id=unit.config.unit_id, config=config, folder=unit.root)
    return _drain(unit, uplink, _inbox_if_any(unit, slots, release_keys), window=config.window, timing=timing)


def _drain(unit: Unit, uplink: Uplink, inbox: Inbox | None, *, window: int, timing: Timing | None = None) -> Drain:
    return Drain(
        unit_id=unit.config.unit_id,
        store=unit.store,
        outbox=unit.outbox,
        uplink=uplink,
        clock=unit.clock,
        trusted=unit.believed(),
        random01=random.random,
        software=f"doorstep {running_version()}",
        window=window,
        timing=timing,
        inbox=inbox,
        free_mb=lambda: shutil.disk_usage(unit.root).free // 1_000_000,
        evidence=_evidence_sender(unit, timing),
    )


def _evidence_sender(unit: Unit, timing: Timing | None = None) -> EvidenceSender:
    return EvidenceSender(
        unit_id=unit.config.unit_id,
        store=SqliteEvidence(unit.store_file),
        trusted=unit.believed(),
        random01=random.random,
        timing=timing or Timing(),
        retention_s=unit.config.evidence_retention_days * 86400.0,
    )


def purge_evidence(unit: Unit) -> int:
    """Delete the evidence that is receipted and past its retention time; gives how many pieces. Raises StoreError."""
    purged = _evidence_sender(unit).purge(datetime.fromisoformat(unit.clock.now_utc()).timestamp())
    unit.store_file.fold_log()
    return purged


def purge_photos(unit: Unit) -> int:
    """Delete the photographs that people let this unit keep, once their time is over; gives how many."""
    kept_s = unit.config.photo_retention_days * 86400.0
    now_s = datetime.fromisoformat(unit.clock.now_utc()).timestamp()
    purged = purge_kept(unit.store_file, before_utc_s=now_s - kept_s)
    unit.store_file.fold_log()
    return purged


def check_visit_may_begin(unit: Unit) -> None:
    """Raises VisitNotAllowed: too little room, or central has withdrawn the unit."""
    free_bytes = shutil.disk_usage(unit.root).free
    admit_visit(
        free_bytes=free_bytes, min_free_mb=unit.config.min_free_mb, standing=downward_state(unit.store_file).standing
    )


def keep_photo(unit: Unit, record: StoredRecord, file: Path) -> None:
    """Seal the photograph in `file` to central, as evidence of `record`. Raises InputError, CouldNotBeChecked."""
    try:
        content = file.read_bytes()
    except OSError as e:
        raise InputError(f"the photograph {file} cannot be read: {e.strerror}") from e
    keep_evidence(
        content,
        evidence_id=uuid.uuid4().hex,
        kind=EvidenceKind.DOCUMENT_PHOTO,
        record=record,
        store=SqliteEvidence(unit.store_file),
        signer=unit.record_key,
        trusted=unit.believed(),
    )


def export_parcel(unit: Unit, folder: Path) -> tuple[Path, int]:
    """Write what central has not receipted, and how far this unit has come, to a stick; gives file and records.

    Nothing is marked as sent: only a receipt ends a delivery, whichever way it comes.
    """
    entries = [e for e in unit.outbox.entries() if e.state is not DeliveryState.QUARANTINED]
    envelopes = make_inbox(unit).greeting() + [unit.outbox.envelope(e.sequence) for e in entries]
    envelopes += everything_open(SqliteEvidence(unit.store_file))
    header = ParcelHeader(
        unit_id=unit.config.unit_id,
        direction=Direction.TO_CENTRAL,
        written_utc=unit.clock.now_utc(),
        count=len(envelopes),
    )
    return write_parcel(folder, header, envelopes), len(entries)


def import_parcel(unit: Unit, folder: Path) -> tuple[list[Progress], bool]:
    """Apply what central wrote to a stick; gives what came of it, and whether the parcel was whole."""
    header, envelopes = read_parcel(folder, unit.config.unit_id)
    drain = _drain(unit, NoWire(), make_inbox(unit), window=MOST_NAMED)
    return drain.apply(envelopes), len(envelopes) == header.count


def _inbox_if_any(unit: Unit, slots: Slots | None, release_keys: Path) -> Inbox | None:
    """None on a unit whose keys for messages were never made, where this process may not make them.

    Records must go up all the same; `doorstep status` says what is missing.
    """
    try:
        return make_inbox(unit, slots, release_keys)
    except SigningError:
        if (unit.sync_key_dir / STATEMENT).exists():
            raise
        return None
