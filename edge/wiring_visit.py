"""The composition root of the visit side: what a visit needs beyond the unit itself.

Apart from edge/wiring.py so that the sync side never imports numpy, OpenCV or a runtime (docs/adr/0001).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from functools import cached_property
from importlib import resources
from pathlib import Path

from edge import __version__
from edge.capture.choose import open_camera
from edge.capture.opencv_sources import read_picture
from edge.core.comparison import Reference
from edge.core.config import records_are_simulated
from edge.core.errors import ConfigError, InputError
from edge.core.face import Frame
from edge.core.keys import KeyPurpose, KeyRole, keys_of
from edge.core.light_code import LightCode, draw_code
from edge.core.policy import Policy, decode_policy
from edge.core.record import CaptureSource, Provenance
from edge.core.visit_list import ListEntry, WrongRow, read_list
from edge.device.lamps import GpioLamps, NoLamps
from edge.models.bundle import Bundle, load_bundle
from edge.models.nets import Nets, load_nets
from edge.ports import Camera, Light
from edge.services.certify import FaceNets
from edge.services.judge import make_reference
from edge.services.perceive import Perceiver
from edge.wiring import Unit

LIST_FILE = "list/visits.csv"
SOFTWARE = f"doorstep {__version__}"


class VisitSide:
    """Policy, nets, list and camera of a unit; each part is made when first asked for."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit

    @cached_property
    def policy_bytes(self) -> bytes:
        name = self.unit.config.policy
        if not name:
            return (resources.files("edge.resources") / "policy.toml").read_bytes()
        return _read(self.unit.root / name, "policy file")

    @cached_property
    def policy(self) -> Policy:
        return decode_policy(self.policy_bytes)

    @cached_property
    def bundle(self) -> Bundle:
        """The verified model bundle. Raises BundleRejected or BundleNotChecked."""
        keys = keys_of(self.unit.believed(), KeyRole.BUNDLE)
        return load_bundle(self.unit.root / self.unit.config.models.bundle, keys)

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

    def new_code(self) -> LightCode:
        """A code that nobody can know before the visit. 48 bits: a record's figures hold whole numbers up to 2^53."""
        return draw_code(secrets.randbits(48))

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

    def visit_list(self, file: Path | None = None) -> tuple[list[ListEntry], list[WrongRow]]:
        """The unit's visit list, or that in `file`. Raises ConfigError, InputError."""
        path = file or self.unit.root / LIST_FILE
        try:
            text = _read(path, "visit list").decode("utf-8")
        except UnicodeDecodeError as e:
            raise InputError(f"{path} is not UTF-8 text", remedy="Save the list as CSV in UTF-8.") from e
        return read_list(text, today=dt.date.fromisoformat(self.unit.clock.now_utc()[:10]))

    def references(self, pictures: list[Path]) -> list[Reference]:
        """References made from photographs. Raises CameraError and FaceNotUsable, naming the file."""
        perceiver = Perceiver(self.nets.detector, self.nets.landmarker, self.policy.quality)
        made = []
        for path in pictures:
            frame = Frame(bgr=read_picture(path), captured_s=0.0)
            sha256 = hashlib.sha256(_read(path, "reference")).hexdigest()
            made.append(make_reference(frame, sha256, perceiver, self.nets.embedder))
        return made

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
