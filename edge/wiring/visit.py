"""The composition root of the visit side: what a visit needs beyond the unit itself.

Apart from edge/wiring/unit.py so that the sync side never imports numpy, OpenCV or a runtime (docs/adr/0001).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import secrets
from functools import cached_property
from importlib import resources
from pathlib import Path

import msgspec
import numpy as np

from edge import __version__
from edge.capture.choose import open_camera
from edge.capture.opencv_sources import decode_still
from edge.core.bundle import Bundle, open_exported
from edge.core.bundle_fetch import BundleEntry, BundleEvent, BundleState, advance_bundle
from edge.core.civil_time import civil_date
from edge.core.comparison import Reference
from edge.core.config import records_are_simulated
from edge.core.downward_content import Decision, ListedPerson
from edge.core.errors import ConfigError, InputError, ModelError, VerificationError
from edge.core.face import Embedding, Frame
from edge.core.keys import KeyPurpose, KeyRole, keys_of
from edge.core.light_code import LightCode, draw_code
from edge.core.policy import Policy, decode_policy
from edge.core.record import CaptureSource, Provenance
from edge.core.sealing import open_sealed
from edge.core.visit_list import ListEntry, WrongRow, read_list
from edge.device.lamps import GpioLamps, NoLamps
from edge.device.panel import GpioPanel, NoPanel
from edge.models.bundle import load_bundle
from edge.models.install import go_back, install, mend
from edge.models.nets import Nets, load_nets
from edge.ports import Camera, Light, Panel
from edge.services.ask import ActiveCheck
from edge.services.certify import FaceNets
from edge.services.judge import make_reference
from edge.services.perceive import Perceiver
from edge.store.bundles import SqliteBundles
from edge.store.inbox import LISTED, downward_state, listed_rows, policy_files
from edge.store.sealed_list import SealedList
from edge.wiring.tasks import tasks_of
from edge.wiring.unit import Unit

LIST_FOLDER = "list"
SOFTWARE = f"doorstep {__version__}"


class VisitSide:
    """Policy, nets, list and camera of a unit; each part is made when first asked for."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit

    @cached_property
    def policy_bytes(self) -> bytes:
        """The policy file that judges: unit.toml's, else the newest from central that this version can read."""
        name = self.unit.config.policy
        if name:
            return _read(self.unit.root / name, "policy file")
        for raw in policy_files(self.unit.store_file):
            try:
                decode_policy(raw)
            except ConfigError:
                continue  # the one before it stays in force
            return raw
        return (resources.files("edge.resources") / "policy.toml").read_bytes()

    @cached_property
    def policy(self) -> Policy:
        return decode_policy(self.policy_bytes)

    @cached_property
    def bundle(self) -> Bundle:
        """The verified model bundle. Raises BundleRejected or BundleNotChecked."""
        if not self.unit.read_only:
            mend(self._models_folder)
        keys = keys_of(self.unit.believed(), KeyRole.BUNDLE)
        return load_bundle(self._models_folder, keys)

    def install(self, bundle: Bundle) -> str:
        """Put a verified bundle in use after its self-test; gives the runtime's name. Raises ModelError."""
        return install(bundle, self._models_folder, self.unit.believed(), runtime=self.unit.config.models.runtime)

    def go_back(self) -> str:
        """Put the bundle from before in use again. Raises ModelError."""
        return go_back(self._models_folder, self.unit.believed(), runtime=self.unit.config.models.runtime)

    def take_in_bundle(self) -> BundleEntry | None:
        """Install what central offered last, if it is here whole; gives what became of it, None without an offer.

        To be called before the nets are used. What cannot be installed is refused, and central hears of it.
        """
        mend(self._models_folder)
        bundles = SqliteBundles(self.unit.store_file)
        entry = bundles.newest()
        if entry is None or entry.state is not BundleState.FETCHED:
            return entry
        file, keys = io.BytesIO(bundles.content(entry)), keys_of(self.unit.believed(), KeyRole.BUNDLE)
        try:
            self.install(open_exported(file, entry.offer.name, keys))
            entry = advance_bundle(entry, BundleEvent.INSTALL)
        except (ModelError, VerificationError) as e:
            entry = advance_bundle(entry, BundleEvent.REFUSE, e.message)
        bundles.save(entry)
        return entry

    @property
    def _models_folder(self) -> Path:
        return self.unit.root / self.unit.config.models.bundle

    @cached_property
    def nets(self) -> Nets:
        models = self.unit.config.models
        return load_nets(self.bundle, runtime=models.runtime, threads=models.threads)

    @property
    def face_nets(self) -> FaceNets:
        nets = self.nets
        return FaceNets(
            detector=nets.detector, landmarker=nets.landmarker, liveness=nets.liveness, embedder=nets.embedder
        )

    def camera(self, spec: str | None = None) -> Camera:
        """The unit's camera, or the one `spec` names, opened. Raises SimulatedInputRefused, CameraError."""
        config = self.unit.config.camera
        camera = open_camera(spec or config.source, config)
        try:
            records_are_simulated(camera.source, self.unit.record_key.public.purpose)
        except ConfigError:
            camera.close()
            raise
        return camera

    def light(self) -> Light:
        """The unit's lamps, or the adapter of a unit without any. The caller closes it. Raises LampError."""
        lamps = self.unit.config.lamps
        return GpioLamps(lamps) if lamps else NoLamps()

    def panel(self) -> Panel:
        """The unit's buttons and status lamps, or the adapter of a unit without any. The caller closes it."""
        panel = self.unit.config.panel
        return GpioPanel(panel) if panel else NoPanel()

    def new_code(self) -> LightCode:
        """A code that nobody can know before the visit. 48 bits: a record's figures hold whole numbers up to 2^53."""
        return draw_code(secrets.randbits(48))

    def new_check(self) -> ActiveCheck:
        """The optional active check, its order drawn anew; it begins when the lamps' code is over."""
        lead_s = self.new_code().code_s + 0.5 if self.unit.config.lamps else 1.0
        return ActiveCheck(secrets.randbits(48), lead_s=lead_s)

    def provenance(self, source: CaptureSource, *, by_face: bool) -> Provenance:
        """With what a visit is judged. The nets are named only where they were used."""
        return Provenance(
            software=SOFTWARE,
            runtime=self.nets.runtime_name if by_face else "",
            bundle_sha256=self.bundle.sha256 if by_face else "",
            policy_id=self.policy.policy_id,
            policy_sha256=hashlib.sha256(self.policy_bytes).hexdigest(),
            source=source,
        )

    @cached_property
    def own_list(self) -> SealedList:
        """The list that was installed on this unit by hand, encrypted. Raises SigningError without a data key."""
        return SealedList(self.unit.root / LIST_FOLDER, self.unit.at_rest)

    def visit_list(self, file: Path | None = None) -> tuple[list[ListEntry], list[WrongRow]]:
        """The unit's own list, or that in `file`. Raises ConfigError, InputError."""
        text = _read_text(file) if file else self.own_list.table()
        return read_list(text, today=dt.date.fromisoformat(civil_date(self.unit.clock.now_utc())))

    def install_list(self, file: Path) -> tuple[list[ListEntry], list[WrongRow]]:
        """Encrypt the list in `file` and the photographs that it names into the unit, in place of the one before."""
        entries, wrong = self.visit_list(file)
        names = dict.fromkeys(name for entry in entries for name in entry.references)
        pictures = {name: _read(file.parent / name, "reference") for name in names}
        self.own_list.install(_read_text(file), pictures)
        return entries, wrong

    def listed_references(self, entry: ListEntry, file: Path | None = None) -> list[Reference]:
        """References from the photographs that a list's row names. file: the list, when not the unit's own."""
        if file:
            return self.references([file.parent / name for name in entry.references])
        return [self.reference_of(self.own_list.picture(name), "the list's photograph") for name in entry.references]

    @cached_property
    def central_list(self) -> dict[str, ListedPerson]:
        """The visit list that central sent, by person_id, opened with the unit's key; empty before the first."""
        if not downward_state(self.unit.store_file).list_version:
            return {}
        key = self.unit.sealing_key()
        rows = (open_sealed(key, raw, info=LISTED) for raw in listed_rows(self.unit.store_file))
        people = (msgspec.json.decode(row, type=ListedPerson) for row in rows)
        return {person.person_id: person for person in people}

    def entries_from_central(self) -> list[ListEntry]:
        """The same as rows of a list; their references are embeddings, not pictures."""
        return [
            ListEntry(
                person_id=p.person_id,
                name=p.name,
                id_number=p.id_number,
                scheme=p.scheme,
                references=(),
                employer=p.employer,
                due_date=p.due_date,
                facts=p.facts,
                address_code=p.address_code,
            )
            for p in self.central_list.values()
        ]

    def listed(self, person_id: str) -> ListEntry | None:
        """The person's row, of central's list or else of the unit's own file; None where neither has one."""
        entries = self.entries_from_central()
        if not entries and self.own_list.present:
            entries, _ = self.visit_list()
        return next((entry for entry in entries if entry.person_id == person_id), None)

    def tasks(self) -> list[Decision]:
        """What the review desk decided and wants done, the latest last."""
        return [decision for _, decision in tasks_of(self.unit)]

    def refresh(self) -> None:
        """Let go of what central may have changed: its list and the policy. Cheap while nothing came down."""
        state = downward_state(self.unit.store_file)
        if state != self.__dict__.get("_as_of"):
            self.__dict__["_as_of"] = state
            for part in ("central_list", "policy_bytes", "policy"):
                self.__dict__.pop(part, None)

    def references_of_list(self, person_id: str) -> list[Reference]:
        """The references that the unit's list has of a person: central's, else made of its own list's photographs."""
        from_central = self.references_from_central(person_id)
        if from_central or self.central_list or not self.own_list.present:
            return from_central
        entry = self.listed(person_id)
        return self.listed_references(entry) if entry else []

    def references_from_central(self, person_id: str) -> list[Reference]:
        """The person's references as central made them with the same models."""
        person = self.central_list.get(person_id)
        return [
            Reference(
                embedding=Embedding(
                    vector=np.frombuffer(r.embedding, dtype="<f4").astype(np.float32), model_sha256=r.model_sha256
                ),
                sha256=r.sha256,
            )
            for r in (person.references if person else ())
        ]

    def references(self, pictures: list[Path]) -> list[Reference]:
        """References made from photographs. Raises ConfigError, CameraError and FaceNotUsable, naming the file."""
        return [self.reference_of(_read(path, "reference"), str(path)) for path in pictures]

    def reference_of(self, raw: bytes, what: str) -> Reference:
        """A reference from a photograph in memory. Raises CameraError and FaceNotUsable."""
        perceiver = Perceiver(self.nets.detector, self.nets.landmarker, self.policy.quality)
        frame = Frame(bgr=decode_still(raw, what), captured_s=0.0)
        return make_reference(frame, hashlib.sha256(raw).hexdigest(), perceiver, self.nets.embedder)

    def vouches_for(self, list_file: Path | None) -> bool:
        """Whether references named by this list count as verified.

        Those of the list installed on the unit do. For a demonstration unit any do: its records are worth nothing.
        """
        return list_file is None or self.unit.record_key.public.purpose is KeyPurpose.DEMONSTRATION


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise ConfigError(f"the {what} {path} cannot be read: {e.strerror}") from e


def _read_text(path: Path) -> str:
    try:
        return _read(path, "visit list").decode("utf-8")
    except UnicodeDecodeError as e:
        raise InputError(f"{path} is not UTF-8 text", remedy="Save the list as CSV in UTF-8.") from e
