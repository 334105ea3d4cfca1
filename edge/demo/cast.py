"""Who and what the demonstration shows: five visits, each with its scene and the end that it must come to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge.capture.script import Script
from edge.core.errors import InputError
from edge.core.visit import OutcomeKind, Reason

REFERENCE = "obama.jpg"
PORTRAITS = ("obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg")
FOLDER = Path("portraits") / "face_recognition-1.3.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One visit. photograph: None for an empty room; script: None for a visit without a face.

    key names the scene in texts (room `demo` of the catalogue) and in the JSON summary. broker_up: whether
    the broker runs while the visit is made. outcome, reason: how it must end, the reason among those given.
    """

    key: str
    photograph: str | None
    script: Script | None
    broker_up: bool
    outcome: OutcomeKind
    reason: Reason


SCENES = (
    Scene(
        key="upright",
        photograph="obama2.jpg",
        script=Script(seconds=9, center=(0.58, 0.34), span=0.55),
        broker_up=False,
        outcome=OutcomeKind.CERTIFIED,
        reason=Reason.CLEAR_MATCH,
    ),
    Scene(
        key="lying",
        photograph="obama3.jpg",
        script=Script(seconds=9, center=(0.52, 0.20), span=0.36, roll_deg=90, gain=0.55, gamma=1.15, noise=5),
        broker_up=False,
        outcome=OutcomeKind.CERTIFIED,
        reason=Reason.CLEAR_MATCH,
    ),
    Scene(
        key="another",
        photograph="biden.jpg",
        script=Script(seconds=9, center=(0.55, 0.13), span=0.32),
        broker_up=True,
        outcome=OutcomeKind.REVIEW,
        reason=Reason.LOW_SIMILARITY,
    ),
    Scene(
        key="nobody",
        photograph=None,
        script=Script(seconds=11),
        broker_up=True,
        outcome=OutcomeKind.NOT_PERFORMED,
        reason=Reason.FACE_NOT_VISIBLE,
    ),
    Scene(
        key="attested",
        photograph=None,
        script=None,
        broker_up=True,
        outcome=OutcomeKind.REVIEW,
        reason=Reason.MANUAL_ATTESTATION,
    ),
)


def find_portraits(folder: Path) -> Path:
    """`folder`, seen to hold every portrait. Raises InputError naming what lacks."""
    missing = [name for name in PORTRAITS if not (folder / name).is_file()]
    if missing:
        raise InputError(
            f"{folder} lacks the portrait(s) {', '.join(missing)}",
            remedy="Get them once with `make demo`, or `python -m tools.portraits` in the source folder.",
        )
    return folder
