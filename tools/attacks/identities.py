"""Whose faces are shown: the set-up's portraits, and pictures and clips of the development data where it is present.

None of them is stored by the project; a rendered clip holds a real person's face and stays out of it as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from edge.capture.opencv_sources import PICTURE_SUFFIXES, read_picture
from edge.core.errors import InputError
from edge.core.face import Picture
from edge.models.nets import Nets
from tools.attacks.head_shape import HeadShape, find_mesh, head_from
from tools.bundle.places import cache_folder, table_pictures
from tools.bundle.sources import DEFAULT_TABLE, read_sources
from tools.portraits import fetch_portraits

CLIP_SUFFIXES = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm"})
FRAME_OF_SHAPE = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One person's picture, or clip when `film` is true. subject: the name in labels."""

    subject: str
    path: Path
    film: bool = False

    @property
    def bpm(self) -> float | None:
        """The heart rate that the file's name states, as in `older_man_53bpm`."""
        stated = re.search(r"_(\d+)bpm", self.subject)
        return float(stated[1]) if stated else None

    def picture(self) -> Picture:
        """The picture, or a frame near the clip's beginning. Raises CameraError, InputError."""
        return Film(self.path).frame(FRAME_OF_SHAPE) if self.film else read_picture(self.path)


class Film:
    """A clip's frames by number, read forward; past the end it begins again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open()
        self.count = int(self._device.get(cv2.CAP_PROP_FRAME_COUNT))
        self.rate_fps = float(self._device.get(cv2.CAP_PROP_FPS) or 30.0)

    def _open(self) -> None:
        self._device = cv2.VideoCapture(str(self._path.resolve()), cv2.CAP_FFMPEG)
        self._next = 0
        self._last: Picture | None = None

    def frame(self, number: int) -> Picture:
        """Raises InputError when the clip has no frame to give."""
        number %= max(self.count - 2, 1)
        if number < self._next - 1:
            self._open()
        while self._last is None or self._next <= number:
            read, picture = self._device.read()
            if not read:
                raise InputError(f"{self._path.name} gives no frame {self._next}")
            self._last = np.asarray(picture, np.uint8)
            self._next += 1
        return self._last

    def at(self, time_s: float) -> Picture:
        """The frame shown at a time."""
        return self.frame(int(time_s * self.rate_fps + 1e-6))


def portraits() -> list[Identity]:
    """The set-up's own: two men, one of them twice, and a woman."""
    folder = fetch_portraits(cache_folder())
    found = [Identity(subject=name.rstrip("3"), path=folder / f"{name}.jpg") for name in ("obama", "biden", "obama3")]
    return [*found, Identity(subject="astronaut", path=_astronaut())]


def of_data(data: Path) -> list[Identity]:
    """Clips of living people and pictures of the elderly in a folder of development data."""
    clips = sorted(p for p in (data / "clips").glob("*") if p.suffix in CLIP_SUFFIXES and "replay" not in p.name)
    stills = sorted(p for p in (data / "elderly").glob("*") if p.suffix.lower() in PICTURE_SUFFIXES)
    return [Identity(subject=p.stem, path=p, film=True) for p in clips] + [
        Identity(subject=p.stem, path=p) for p in stills
    ]


def named(path: Path) -> list[Identity]:
    """The identity of one file, or of each picture and clip in a folder. Raises InputError."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    found = [
        Identity(subject=p.stem, path=p, film=p.suffix.lower() in CLIP_SUFFIXES)
        for p in files
        if p.suffix.lower() in CLIP_SUFFIXES | PICTURE_SUFFIXES
    ]
    if not found:
        raise InputError(f"{path} holds no picture and no clip")
    return found


def shapes(nets: Nets) -> Callable[[Identity, bool], HeadShape]:
    """Fits heads, each once: identity and whether the person is cut out of the background."""

    @lru_cache(maxsize=12)
    def fit(identity: Identity, cut_out: bool) -> HeadShape:
        return head_from(nets, identity.picture(), cut_out=cut_out)

    return fit


def largest_move(nets: Nets, identity: Identity) -> float:
    """How far the nose gets from where it was at first, against the eyes' distance, in the first eleven seconds."""
    film = Film(identity.path)
    first = find_mesh(nets, film.frame(FRAME_OF_SHAPE)).points_px
    apart = float(np.linalg.norm(first[33, :2] - first[263, :2]))
    moments = range(FRAME_OF_SHAPE, min(film.count - 2, 360), 45)
    noses = [find_mesh(nets, film.frame(number)).points_px[1, :2] for number in moments]
    return max(float(np.linalg.norm(nose - first[1, :2])) for nose in noses) / apart


def _astronaut() -> Path:
    path = cache_folder() / "portraits" / "astronaut.png"
    if not path.is_file():
        table, _ = read_sources(DEFAULT_TABLE)
        cv2.imwrite(str(path), table_pictures(table, DEFAULT_TABLE.parent)["astronaut.png"])
    return path
