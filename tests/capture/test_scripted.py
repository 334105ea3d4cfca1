"""A scripted scene: the same again from the same seed, turned and dimmed as told, and paced without a queue."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.capture.pacing import LATE_S, PacedCamera
from edge.capture.script import Script
from edge.capture.scripted import ScriptedCamera
from edge.core.config import CameraConfig
from edge.core.errors import CameraError
from edge.core.face import Frame, Picture
from tests.capture.conftest import striped

SHORT = Script(seconds=0.2)


def shown(script: Script, seed: int = 1, photograph: Picture | None = None) -> list[Frame]:
    picture = striped(640, 480) if photograph is None else photograph
    return list(ScriptedCamera(picture, script, seed=seed).frames())


def test_the_same_seed_gives_the_same_frames_and_another_seed_others() -> None:
    first, again, other = shown(SHORT, 1), shown(SHORT, 1), shown(SHORT, 2)
    assert all(np.array_equal(a.bgr, b.bgr) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a.bgr, b.bgr) for a, b in zip(first, other, strict=True))


def test_the_digest_names_photograph_script_and_seed() -> None:
    photograph, other = striped(), striped(shift=9)
    made = [
        (photograph, SHORT, 1),
        (other, SHORT, 1),
        (photograph, Script(seconds=0.2, roll_deg=1), 1),
        (photograph, SHORT, 2),
    ]
    digests = {ScriptedCamera(p, s, seed=n).source.sha256 for p, s, n in made}
    assert len(digests) == 4


def test_thirty_frames_of_640_by_480_make_a_second() -> None:
    frames = shown(Script(seconds=1.0))
    assert len(frames) == 30
    assert {f.bgr.shape for f in frames} == {(480, 640, 3)}
    assert frames[-1].captured_s == pytest.approx(29 / 30)


def test_a_roll_of_90_degrees_lays_the_crown_to_the_right() -> None:
    frame = shown(Script(seconds=0.1, roll_deg=90, noise=0))[0].bgr
    right, left = frame[200:280, 430:520].mean(axis=(0, 1)), frame[200:280, 120:210].mean(axis=(0, 1))
    assert right[2] > 150 > right[0] and left[0] > 150 > left[2]


def test_a_dim_room_is_darker_and_noisier() -> None:
    day, dim = shown(Script(seconds=0.1)), shown(Script(seconds=0.1, gain=0.4, noise=8))
    assert dim[0].bgr.mean() < 0.6 * day[0].bgr.mean()
    blue = (slice(300, 460), slice(100, 540), 1)
    assert dim[0].bgr[blue].std() > 2 * day[0].bgr[blue].std()


def test_the_camera_moves_between_frames_without_noise() -> None:
    frames = shown(Script(seconds=0.3, noise=0))
    assert all(not np.array_equal(a.bgr, b.bgr) for a, b in zip(frames, frames[1:], strict=False))


def test_an_empty_room_is_played_without_a_photograph() -> None:
    frames = list(ScriptedCamera(None, SHORT, seed=4).frames())
    assert len(frames) == 6
    assert frames[0].bgr.std() > 20


def test_the_second_stream_shows_the_same_exposure() -> None:
    frame = next(ScriptedCamera(striped(640, 480), SHORT, seed=1, two_streams=True).frames())
    assert frame.lores_i420 is not None and frame.lores_i420.shape == (720, 640)
    again = cv2.cvtColor(frame.lores_i420, cv2.COLOR_YUV2BGR_I420)
    assert np.abs(again.astype(int) - frame.bgr).mean() < 12


def test_odd_sizes_are_refused_since_yuv_has_none() -> None:
    with pytest.raises(CameraError, match="even"):
        ScriptedCamera(None, SHORT, seed=1, config=CameraConfig(width_px=641))


class Watch:
    """A clock that only moves when somebody works or sleeps."""

    def __init__(self) -> None:
        self.now_s, self.slept_s = 50.0, 0.0

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds
        self.now_s += seconds


def paced(watch: Watch, seconds: float) -> PacedCamera:
    camera = ScriptedCamera(
        striped(), Script(seconds=seconds), seed=1, config=CameraConfig(width_px=64, height_px=48)
    )
    return PacedCamera(camera=camera, monotonic_s=lambda: watch.now_s, sleep_s=watch.sleep)


def test_real_time_play_takes_the_time_of_the_scene() -> None:
    watch = Watch()
    assert len(list(paced(watch, 2.0).frames())) == 60
    assert watch.slept_s == pytest.approx(59 / 30)


def test_real_time_play_drops_late_frames_instead_of_queueing_them() -> None:
    watch = Watch()
    lags = []
    for frame in paced(watch, 4.0).frames():
        lags.append(watch.now_s - 50.0 - frame.captured_s)
        watch.now_s += 0.2
    assert max(lags) <= LATE_S
    assert len(lags) == pytest.approx(4.0 / 0.2, abs=2)


def test_a_source_slower_than_real_time_is_shown_all_the_same() -> None:
    watch = Watch()

    class Slow:
        def __init__(self) -> None:
            self.inner = ScriptedCamera(striped(), Script(seconds=3.0), seed=1)
            self.source, self.close = self.inner.source, self.inner.close

        def frames(self):  # type: ignore[no-untyped-def]
            for frame in self.inner.frames():
                watch.now_s += 0.2
                yield frame

    camera = PacedCamera(camera=Slow(), monotonic_s=lambda: watch.now_s, sleep_s=watch.sleep)  # type: ignore[arg-type]
    assert len(list(camera.frames())) >= 5
