"""Rendered clips on disk: one AVI (motion JPEG) or MP4 each, and a labels.csv that says what they are."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import cv2

from edge.core.errors import InputError
from tools.attacks.camera import AttackCamera

# OpenCV's own motion JPEG keeps a pulse; FFmpeg's presses it flat. Its wheels have no H.264 encoder, and MPEG-4
# part 2 is the nearest that blurs like one.
CODECS = {"avi": "MJPG", "mp4": "mp4v"}
MJPEG_QUALITY = 95
COLUMNS = ("file", "label", "species", "subject", "bpm", "seed", "lamps", "seconds", "code_seed", "slot_s", "slots",
           "distance_mm", "roll_deg", "ambient_lux", "source_sha256")  # fmt: skip


def write_clips(cameras: Iterable[AttackCamera], folder: Path, *, container: str) -> Path:
    """Render each camera into `folder`; gives the labels.csv, which is written row by row. Raises InputError."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = folder / "labels.csv"
    with labels.open("w", newline="") as out:
        table = csv.DictWriter(out, COLUMNS)
        table.writeheader()
        for camera in cameras:
            name = f"{camera.clip.species}_{camera.clip.seed:04d}.{container}"
            write_clip(camera, folder / name, container=container)
            table.writerow(row_of(camera, name))
            out.flush()
    return labels


def write_clip(camera: AttackCamera, path: Path, *, container: str) -> None:
    """Raises InputError when no encoder takes the frames."""
    lens = camera.conditions.lens
    size = (lens.width_px, lens.height_px)
    backend = cv2.CAP_OPENCV_MJPEG if container == "avi" else cv2.CAP_FFMPEG
    codec = cv2.VideoWriter.fourcc(*CODECS[container])
    video = cv2.VideoWriter(str(path), backend, codec, camera.clip.rate_fps, size)
    if not video.isOpened():
        raise InputError(f"{path} cannot be written as {CODECS[container]}", remedy="Try --container avi.")
    video.set(cv2.VIDEOWRITER_PROP_QUALITY, MJPEG_QUALITY)
    try:
        for frame in camera.frames():
            video.write(frame.bgr)
    finally:
        video.release()


def row_of(camera: AttackCamera, file: str) -> dict[str, object]:
    """One line of labels.csv. lamps: 1 when lit by a code; it is drawn anew from code_seed, slots, slot_s."""
    clip, conditions, code = asdict(camera.clip), camera.conditions, camera.code
    return {
        **{key: clip[key] for key in ("label", "species", "subject", "seed", "seconds")},
        "file": file,
        "bpm": "" if camera.clip.bpm is None else round(camera.clip.bpm, 1),
        "lamps": int(code is not None),
        "code_seed": "" if code is None else code.seed,
        "slot_s": "" if code is None else code.slot_s,
        "slots": "" if code is None else len(code.states),
        "distance_mm": round(conditions.distance_mm),
        "roll_deg": round(conditions.roll_deg, 1),
        "ambient_lux": round(conditions.room.ambient_lux),
        "source_sha256": camera.source.sha256,
    }
