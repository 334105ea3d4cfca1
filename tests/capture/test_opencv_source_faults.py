"""Files and folders as people bring them: absent, empty, cut short, turned, or something else altogether."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.capture.opencv_sources import LARGEST_STILL_PX, Stills, VideoFile, read_picture
from edge.core.errors import CameraError
from tests.capture.conftest import striped

RED, BLUE = (0, 0, 200), (200, 0, 0)


def near(pixel: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(pixel.astype(int) - colour).max() < 40)


def test_video_times_are_those_of_the_container(clip: Path) -> None:
    with VideoFile.open(clip) as video:
        times = [f.captured_s for f in video.frames()]
    assert times == pytest.approx([n / 24 for n in range(24)], abs=1e-3)


def test_video_digest_is_that_of_the_file(clip: Path) -> None:
    assert VideoFile.open(clip).source.sha256 == hashlib.sha256(clip.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not a video at all" * 100),
        lambda path: path.write_bytes(path.read_bytes()[:200]),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["absent", "empty", "text", "header_only", "folder"],
)
def test_an_unplayable_video_is_refused_at_open(clip: Path, spoil: Callable[[Path], object]) -> None:
    spoil(clip)
    with pytest.raises(CameraError, match=r"clip\.avi") as caught:
        VideoFile.open(clip)
    assert caught.value.remedy


def test_a_video_cut_short_gives_its_frames_and_then_says_that_it_is_damaged(clip: Path) -> None:
    raw = clip.read_bytes()
    clip.write_bytes(raw[: len(raw) // 2])
    frames = []
    with VideoFile.open(clip) as video, pytest.raises(CameraError, match="damaged: it ends after"):
        for frame in video.frames():
            frames.append(frame)
    assert 5 < len(frames) < 20


def turned_by_exif(path: Path, orientation: int) -> None:
    """Put an EXIF block with this orientation tag into a JPEG file."""
    raw = path.read_bytes()
    tiff = (
        b"II*\x00\x08\x00\x00\x00" + b"\x01\x00" + b"\x12\x01\x03\x00\x01\x00\x00\x00" + bytes([orientation, 0, 0, 0])
    )
    block = b"Exif\x00\x00" + tiff + b"\x00\x00\x00\x00"
    path.write_bytes(raw[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + raw[2:])


@pytest.mark.parametrize(
    ("orientation", "red_at"), [(1, (60, 200)), (3, (180, 200)), (6, (160, 180)), (8, (160, 60))]
)
def test_a_photograph_is_turned_as_its_exif_data_says(
    tmp_path: Path, orientation: int, red_at: tuple[int, int]
) -> None:
    path = tmp_path / "turned.jpg"
    cv2.imwrite(str(path), striped())
    turned_by_exif(path, orientation)
    picture = read_picture(path)
    assert picture.shape[:2] == ((240, 320) if orientation in (1, 3) else (320, 240))
    assert near(picture[red_at], RED)


def test_stills_keep_their_order_and_sizes_but_not_excessive_ones(folder: Path) -> None:
    with Stills.open(folder, rate_fps=2.0) as stills:
        frames = list(stills.frames())
    assert [f.bgr.shape[:2] for f in frames] == [(240, 320), (300, 200), (960, LARGEST_STILL_PX)]
    assert [f.captured_s for f in frames] == [0.0, 0.5, 1.0]
    assert stills.source.model == "3 stills"


def test_stills_digest_follows_the_contents_not_the_names(folder: Path) -> None:
    before = Stills.open(folder, rate_fps=1).source.sha256
    (folder / "a.jpg").rename(folder / "z.jpg")
    assert Stills.open(folder, rate_fps=1).source.sha256 == before
    (folder / "b.png").write_bytes((folder / "b.png").read_bytes() + b"\x00")
    assert Stills.open(folder, rate_fps=1).source.sha256 != before


def test_an_unreadable_still_is_named(folder: Path) -> None:
    (folder / "b.png").write_bytes(b"\x89PNG\r\n but no more")
    with Stills.open(folder, rate_fps=1) as stills, pytest.raises(CameraError, match=r"b\.png"):
        list(stills.frames())


def test_an_empty_still_is_named(folder: Path) -> None:
    (folder / "a.jpg").write_bytes(b"")
    with Stills.open(folder, rate_fps=1) as stills, pytest.raises(CameraError, match=r"a\.jpg"):
        list(stills.frames())


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("nothing here")
    with pytest.raises(CameraError, match="holds no picture"):
        Stills.open(tmp_path, rate_fps=1)
    with pytest.raises(CameraError, match="absent"):
        Stills.open(tmp_path / "absent", rate_fps=1)


def test_a_clip_from_a_telephone_held_upright_is_turned_as_its_container_says(tmp_path: Path) -> None:
    path = tmp_path / "telephone.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 24.0, (320, 240))
    for index in range(8):
        writer.write(striped(shift=8 * index))
    writer.release()
    raw = bytearray(path.read_bytes())
    matrix = raw.index(b"tkhd") + 44
    quarter_turn = (0, 0x10000, 0, 0xFFFF0000, 0, 0, 240 << 16, 0, 0x40000000)
    raw[matrix : matrix + 36] = b"".join(v.to_bytes(4, "big") for v in quarter_turn)
    path.write_bytes(raw)
    with VideoFile.open(path) as video:
        frames = list(video.frames())
    assert {f.bgr.shape for f in frames} == {(320, 240, 3)}
    assert near(frames[0].bgr[200, 180], RED) and near(frames[0].bgr[200, 60], BLUE)
