"""The composition root of an update: a signed package, the slots, and how the unit stands before and after."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from edge.core.bench_sheet import LineState
from edge.core.delivery import DeliveryState
from edge.core.errors import CouldNotBeChecked, InputError, StoreError
from edge.core.keys import PublicKeyDocument
from edge.core.release import Offer, ReleaseFacts, Standing, check_takes, open_offer, what_is_wrong
from edge.device.slots import Slots
from edge.signing import trust
from edge.store import schema
from edge.store.database import StoreFile
from edge.store.outbox import SqliteOutbox
from edge.store.records import SqliteRecordStore
from edge.store.settle import copy_store, forget_copy, settle
from edge.wiring import Unit, open_unit_readonly
from edge.wiring_doctor import Bench

RELEASE_KEYS = Path("/etc/doorstep/release-keys")
"""On the read-only root: whoever may write the unit's own trust folder must not decide what runs here."""
BEFORE = "before.json"


class UpdateFailed(StoreError):
    """A release was tried and does not stay."""

    default_remedy = "The release before is in force again, nothing is lost. Tell the publisher what is said above."


def open_package(package: Path, keys: Sequence[PublicKeyDocument]) -> Offer:
    """The signed offer that lies beside `package`. Raises DoesNotVerify, CouldNotBeChecked."""
    file = package.with_name(f"{package.name}.dsse.json")
    try:
        offer = open_offer(file.read_bytes(), keys)
    except OSError as e:
        raise CouldNotBeChecked(
            f"cannot read {file}: {e.strerror}", step="envelope", remedy="Both files come from the publisher."
        ) from e
    if offer.package != package.name:
        raise InputError(f"{file.name} is of {offer.package}", remedy="Put the right file beside the package.")
    return offer


def apply_update(root: Path, package: Path, slots: Slots, key_dir: Path = RELEASE_KEYS) -> ReleaseFacts:
    """Unpack `package`, rehearse it on a copy of the store, put it on trial; services are to be started again.

    Raises UpdateFailed when the rehearsal goes wrong, DoesNotVerify, CouldNotBeChecked, InputError, StoreError; then
    the release in force is the one that was.
    """
    offer = open_package(package, trust.read_folder(key_dir))
    check_takes(offer.facts, slots.facts(slots.in_force))
    if slots.on_trial:
        raise InputError("another release is on trial", remedy="Run `doorstep update confirm` first.")
    slot = slots.unpack(package, offer)
    before = standing_under(slots, slots.in_force, root)
    if wrong := what_is_wrong(before, standing_under(slots, slot, root)):
        raise UpdateFailed(f"{offer.facts.version} was rehearsed: {wrong}")
    _keep(slots.folder / BEFORE, before)
    slots.put_on_trial(slot)
    return offer.facts


def confirm_update(root: Path, slots: Slots) -> bool:
    """Let the release on trial stay, or go back; False when none is on trial. Raises UpdateFailed."""
    if not slots.on_trial:
        return False
    before = msgspec.json.decode((slots.folder / BEFORE).read_bytes(), type=Standing)
    with open_unit_readonly(root) as unit:
        wrong = what_is_wrong(before, _standing(unit, unit.store_file))
        store = unit.root / unit.config.store
    if wrong:
        slots.give_back()
        raise UpdateFailed(f"the release on trial does not stay: {wrong}")
    slots.confirm()
    forget_copy(store)
    return True


def standing_under(slots: Slots, release: Path, root: Path) -> Standing:
    """How the unit would stand under another release, which says so itself. Raises UpdateFailed."""
    done = slots.run(release, "-m", "edge.cli.main", "update", "rehearse", "--json", "--unit", str(root))
    try:
        return msgspec.json.decode(done.stdout, type=Standing)
    except msgspec.DecodeError as e:
        said = (done.stdout + done.stderr).strip()[-300:]
        raise UpdateFailed(f"{release.name} cannot say how the unit would stand: {said}") from e


def rehearse(root: Path) -> Standing:
    """How the unit in `root` stands under this release, on a copy of its store, migrated as it would be."""
    with open_unit_readonly(root) as unit, tempfile.TemporaryDirectory(prefix="doorstep-rehearsal-") as work:
        copy = Path(work) / "records.sqlite3"
        copy_store(root / unit.config.store, copy)
        settle(copy, unit.clock.now_utc)
        file = StoreFile(copy, unit.clock.now_utc)
        try:
            return _standing(unit, file)
        finally:
            file.close()


def _standing(unit: Unit, file: StoreFile) -> Standing:
    records, outbox = SqliteRecordStore(file), SqliteOutbox(file)
    with records.snapshot():
        head = records.head()
        waiting = [entry.sequence for entry in outbox.entries() if entry.state is not DeliveryState.RECEIPTED]
    file.quick_check()
    sheet = Bench(unit).examine(["models", "space"], lambda _name: None)
    return Standing(
        schema=schema.VERSION,
        sequence=head.sequence,
        head_sha256=head.sha256,
        undelivered=tuple(waiting),
        failing=tuple(line.check for line in sheet.lines if line.state is LineState.FAIL),
    )


def _keep(file: Path, standing: Standing) -> None:
    draft = file.with_suffix(".new")
    with draft.open("wb") as out:
        out.write(msgspec.json.encode(standing))
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)


def newest_on(stick: Path) -> Path:
    """The newest of the packages on a stick that have an offer beside them."""
    found = [p for p in stick.glob("doorstep_*.deb") if p.with_name(f"{p.name}.dsse.json").exists()]
    if not found:
        raise InputError(f"there is no signed package on {stick}", remedy="Copy the .deb and its .dsse.json to it.")
    return max(found, key=lambda path: (path.stat().st_mtime, path.name))
