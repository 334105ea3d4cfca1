"""The screen's picture must be the newest one, cost nothing that nobody looks at, and never hold up the camera."""

from __future__ import annotations

import threading

import numpy as np

from edge.core.face import FaceRegion, Frame
from edge.core.quality import Hint
from edge.services.burst import Burst
from edge.services.live_view import LiveView
from tests.services.test_burst import POLICY, seen


def frame(at_s: float) -> Frame:
    return Frame(bgr=np.zeros((4, 4, 3), np.uint8), captured_s=at_s)


class Encoder:
    """Gives the frame's time as its JPEG, and counts."""

    def __init__(self) -> None:
        self.calls = 0
        self.go = threading.Event()
        self.go.set()
        self.begun = threading.Event()

    def __call__(self, frame: Frame, region: FaceRegion | None, good: bool) -> bytes:
        self.calls += 1
        self.begun.set()
        assert self.go.wait(10)
        return f"{frame.captured_s} {'box' if region else 'none'} {'good' if good else 'not yet'}".encode()


def test_slow_client_gets_the_newest_and_never_the_next() -> None:
    encoder = Encoder()
    view = LiveView(encoder, dominant_area_ratio=2.0)
    for n in range(50):
        view.show(frame(n), seen(n))
    assert view.picture() == (50, b"49 box good")
    assert encoder.calls == 1


def test_picture_is_encoded_once_for_all_who_look() -> None:
    encoder = Encoder()
    view = LiveView(encoder, dominant_area_ratio=2.0)
    view.show(frame(1.0), seen(1.0, hint=Hint.COME_CLOSER))
    assert [view.picture() for _ in range(3)] == [(1, b"1.0 box not yet")] * 3
    assert encoder.calls == 1


def test_encoder_that_hangs_does_not_hold_up_the_camera() -> None:
    encoder = Encoder()
    view = LiveView(encoder, dominant_area_ratio=2.0)
    view.show(frame(1.0), seen(1.0))
    encoder.go.clear()
    looker = threading.Thread(target=view.picture, daemon=True)
    looker.start()
    assert encoder.begun.wait(10)
    for n in range(2, 100):
        view.show(frame(n), seen(n))  # would never end here, were the two to wait for one another
    assert view.glimpse().number == 99
    encoder.go.set()
    looker.join(10)
    assert view.picture() == (99, b"99 box good")


def test_nobody_is_left_on_the_screen_when_it_is_cleared() -> None:
    view = LiveView(Encoder(), dominant_area_ratio=2.0)
    view.show(frame(1.0), seen(1.0))
    number, _ = view.picture()
    view.clear()
    assert view.picture() == (number + 1, b"")
    assert view.glimpse().frame is None and view.glimpse().hint == ""


def test_nothing_is_shown_before_the_first_picture() -> None:
    assert LiveView(Encoder(), dominant_area_ratio=2.0).picture() == (0, b"")


def test_countdown_is_the_windows_own() -> None:
    view, burst = LiveView(Encoder(), dominant_area_ratio=2.0), Burst(policy=POLICY)
    for at_s in (50.0, 53.5):
        burst.count(seen(at_s))
        view.watch(frame(at_s), seen(at_s), burst)
    left = view.glimpse().countdown
    assert left is not None and (left.left_s, left.still_s, left.share) == (6.5, 2.0, 0.0)


def test_rival_of_like_size_is_told() -> None:
    view = LiveView(Encoder(), dominant_area_ratio=2.0)
    for n in range(10):
        view.show(frame(n / 10), seen(n / 10, people=2, rival=0.8))
    assert view.glimpse().hint == "several_people" and view.glimpse().people == 2


def test_document_is_shown_without_a_hint() -> None:
    view = LiveView(Encoder(), dominant_area_ratio=2.0)
    view.show(frame(1.0), None)
    assert view.glimpse().hint == "" and view.picture() == (1, b"1.0 none good")
