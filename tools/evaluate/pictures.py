"""Labelled pictures for a measurement: the lists, and what the unit sees in each picture.

A picture that cannot be read or shows no face is named and counted; none is dropped in silence.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge.capture.opencv_sources import PICTURE_SUFFIXES, read_picture
from edge.core.errors import CameraError, InputError
from edge.core.face import Frame
from edge.services.perceive import Observation, SeenFace
from tools.evaluate.rig import Rig


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of the pictures; names of those that gave nothing.

    faults: how many faces could not serve as a probe, by the hint that the unit would give (the policy's limits).
    """

    images: int = 0
    faces_found: int = 0
    unreadable: list[str] = field(default_factory=list)
    no_face: list[str] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        return {
            "images": self.images,
            "faces_found": self.faces_found,
            "unreadable": self.unreadable,
            "no_face": self.no_face,
            "faults": self.faults,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """A picture with a face in it."""

    name: str
    frame: Frame
    face: SeenFace
    observation: Observation


def sights(rig: Rig, folder: Path, names: Iterable[str], tally: Tally) -> Iterator[Sight | None]:
    """What the unit sees in each picture, searched at every turn; None, and an entry in `tally`, where nothing."""
    for name in names:
        tally.images += 1
        try:
            frame = Frame(bgr=read_picture(folder / name), captured_s=0.0)
        except CameraError:
            tally.unreadable.append(name)
            yield None
            continue
        observation = rig.perceiver.look_at_still(frame)
        if observation.face is None:
            tally.no_face.append(name)
            yield None
            continue
        tally.faces_found += 1
        if observation.hint:
            tally.faults[observation.hint.value] = tally.faults.get(observation.hint.value, 0) + 1
        yield Sight(name=name, frame=frame, face=observation.face, observation=observation)


def read_table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV file. Raises InputError when it cannot be read or lacks one of `columns`."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [c for c in columns if c not in (reader.fieldnames or [])]
            if missing:
                raise InputError(f"{path}: expected columns {', '.join(columns)}; {', '.join(missing)} missing")
            return [{c: (row[c] or "").strip() for c in columns} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as e:
        raise InputError(f"{path} cannot be read as a CSV file: {e}") from e


def list_pictures(folder: Path) -> list[str]:
    """The names of all pictures in a folder, sorted. Raises InputError when there are none."""
    try:
        names = sorted(p.name for p in folder.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES)
    except OSError as e:
        raise InputError(f"{folder} cannot be read: {e.strerror}") from e
    if not names:
        raise InputError(f"{folder} holds no picture")
    return names
