"""The unit's own perception and judgement, put together for measuring: bundle, policy, nets, perceiver."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
import cv2

from edge.core.errors import ConfigError
from edge.core.face import Embedding, Frame
from edge.core.geometry import five_points
from edge.core.policy import Policy, decode_policy
from edge.models.nets import Nets, load_nets
from edge.services.perceive import Perceiver, SeenFace
from tools.evaluate.default_bundle import find_bundle

RESOURCES = Path(__file__).parents[2] / "edge" / "resources"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the command line chose: bundle folder or None for the built one, policy file, runtime, threads."""

    bundle: Path | None
    policy: Path
    runtime: str
    threads: int

    def policy_read(self) -> Policy:
        """Raises ConfigError."""
        try:
            return decode_policy(self.policy.read_bytes())
        except OSError as e:
            raise ConfigError(f"cannot read the policy {self.policy}: {e.strerror}") from e

    def open(self) -> Rig:
        """Load it all. Raises ConfigError, ModelError or VerificationError."""
        cv2.setNumThreads(self.threads)
        policy, bundle = self.policy_read(), find_bundle(self.bundle)
        nets = load_nets(bundle, runtime=self.runtime, threads=self.threads)
        return Rig(
            nets=nets, policy=policy, perceiver=Perceiver(nets.detector, nets.landmarker, policy.quality),
            bundle_name=bundle.manifest.name,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """One set of nets under one policy; not for two threads."""

    nets: Nets
    policy: Policy
    perceiver: Perceiver
    bundle_name: str

    def embed(self, frame: Frame, face: SeenFace) -> Embedding:
        return self.nets.embedder.embed(frame, five_points(face.mesh))

    def described(self) -> dict[str, str]:
        """What was measured, for reports."""
        return {
            "bundle": self.bundle_name,
            "bundle_sha256": self.nets.bundle_sha256,
            "runtime": self.nets.runtime_name,
            "policy_id": self.policy.policy_id,
        }


def rig_options(command: click.decorators.FC) -> click.decorators.FC:
    """--bundle, --policy, --runtime and --threads, alike on every measuring command."""
    for option in (
        click.option("--threads", default=1, show_default=True, type=click.IntRange(1, 64), help="Threads per net."),
        click.option("--runtime", default="auto", show_default=True, type=click.Choice(["auto", "litert", "tflite"])),
        click.option(
            "--policy", default=RESOURCES / "policy.toml", type=click.Path(dir_okay=False, path_type=Path),
            help="Policy file with the thresholds.  [default: the one that ships]",
        ),
        click.option(
            "--bundle", default=None, type=click.Path(file_okay=False, path_type=Path),
            help="Folder of a model bundle.  [default: the one that `python -m tools.bundle build` made]",
        ),
    ):  # fmt: skip
        command = option(command)
    return command
