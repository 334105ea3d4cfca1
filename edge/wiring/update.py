"""The composition root of an update: a signed package, the slots, and how the unit stands before and after."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from edge.core.bench_sheet import LineState
from edge.core.bundle_fetch import BundleState
from edge.core.delivery import DeliveryState
from edge.core.errors import CouldNotBeChecked, InputError, StoreError, VerificationError
from edge.core.keys import PublicKeyDocument
from edge.core.release import (
    Offer,
    ReleaseFacts,
    Standing,
    TrialOutcome,
    TrialState,
    check_takes,
    open_offer,
    what_is_wrong,
)
from edge.device.slots import OUTCOME, RELEASE_KEYS, Slots
from edge.signing import trust
from edge.store import schema
from edge.store.database import StoreFile
from edge.store.outbox import SqliteOutbox
from edge.store.records import SqliteRecordStore
from edge.store.releases import FETCHED_FOLDER, read_offer
from edge.store.sessions import visits_under_way
from edge.store.settle import copy_store, forget_copy, settle
from edge.wiring.doctor import Bench
from edge.wiring.unit import Unit, open_unit_readonly

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
    facts, slot = _rehearsed(root, package, slots, key_dir)
    slots.put_on_trial(slot)
    return facts


def apply_fetched(root: Path, slots: Slots, key_dir: Path = RELEASE_KEYS) -> str:
    """Do the same with a release that the sync side has handed over, once no visit is under way; gives what was done.

    What becomes of it is noted in the slots' folder, and told to central from there. Raises as `apply_update`.
    """
    try:
        handed = read_offer(root / FETCHED_FOLDER)
    except StoreError:
        return "nothing has come"
    known = slots.outcome()
    if handed.state is not BundleState.FETCHED or slots.on_trial or (known and known.sequence == handed.sequence):
        return "nothing is to be done"
    waits = f"{handed.offer.name} waits: a visit is under way"
    if _visit_under_way(root):
        return waits
    try:
        facts, slot = _rehearsed(root, root / FETCHED_FOLDER / handed.offer.name, slots, key_dir)
    except (VerificationError, InputError, StoreError) as e:
        refused = TrialOutcome(sequence=handed.sequence, serial=0, state=TrialState.REFUSED, reason=e.message[:300])
        _keep(slots.folder / OUTCOME, refused)
        raise
    if _visit_under_way(root):  # begun while it was rehearsed
        return waits
    on_trial = TrialOutcome(sequence=handed.sequence, serial=facts.serial, state=TrialState.ON_TRIAL)
    _keep(slots.folder / OUTCOME, on_trial)
    slots.put_on_trial(slot)
    return f"{facts.version} is on trial"


def _visit_under_way(root: Path) -> bool:
    with open_unit_readonly(root) as unit:
        return visits_under_way(unit.store_file) > 0


def _rehearsed(root: Path, package: Path, slots: Slots, key_dir: Path) -> tuple[ReleaseFacts, Path]:
    """A package that this unit takes, unpacked and found to do no harm; what it is, and its slot."""
    offer = open_package(package, trust.read_folder(key_dir))
    check_takes(offer.facts, slots.facts(slots.in_force))
    if slots.on_trial:
        raise InputError("another release is on trial", remedy="Run `doorstep update confirm` first.")
    slot = slots.unpack(package, offer)
    before = standing_under(slots, slots.in_force, root)
    if wrong := what_is_wrong(before, standing_under(slots, slot, root)):
        raise UpdateFailed(f"{offer.facts.version} was rehearsed: {wrong}")
    _keep(slots.folder / BEFORE, before)
    return offer.facts, slot


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
        if tried := slots.outcome():
            _keep(slots.folder / OUTCOME, msgspec.structs.replace(tried, reason=wrong[:300]))
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


def _keep(file: Path, noted: Standing | TrialOutcome) -> None:
    draft = file.with_suffix(".new")
    with draft.open("wb") as out:
        out.write(msgspec.json.encode(noted))
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)


def newest_on(stick: Path) -> Path:
    """The newest of the packages on a stick that have an offer beside them."""
    found = [p for p in stick.glob("doorstep_*.deb") if p.with_name(f"{p.name}.dsse.json").exists()]
    if not found:
        raise InputError(f"there is no signed package on {stick}", remedy="Copy the .deb and its .dsse.json to it.")
    return max(found, key=lambda path: (path.stat().st_mtime, path.name))
