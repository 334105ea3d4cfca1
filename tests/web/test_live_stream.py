"""The picture's stream over a real line: a reader that is slow, or goes away, must not hold up anybody."""

from __future__ import annotations

import socket
import time

import numpy as np

from edge.capture.preview import preview_jpeg
from edge.core.face import Frame
from edge.services.live_view import LiveView
from tests.services.test_burst import seen
from tools.bench.screen_wire import Reader, Served


def feed(view: LiveView, seconds: float) -> float:
    """Noise, which makes large JPEGs, 30 a second; the longest time that the view held up its camera, s."""
    rng, longest_s = np.random.default_rng(1), 0.0
    frames = [rng.integers(0, 255, (480, 480, 3)).astype(np.uint8) for _ in range(4)]
    end_s = time.monotonic() + seconds
    at = 0
    while time.monotonic() < end_s:
        at += 1
        frame = Frame(bgr=frames[at % 4], captured_s=at / 30)
        began_s = time.thread_time()
        view.show(frame, seen(at / 30, people=0))
        longest_s = max(longest_s, time.thread_time() - began_s)
        time.sleep(1 / 30)
    return longest_s


def test_reader_that_stops_reading_holds_up_neither_camera_nor_other_readers() -> None:
    view = LiveView(preview_jpeg, dominant_area_ratio=2.0)
    with Served(view) as port, socket.create_connection(("127.0.0.1", port)) as stuck, Reader(port, 1) as reader:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.sendall(b"GET /pictures HTTP/1.1\r\nHost: x\r\n\r\n")
        longest_s = feed(view, 3.0)
        arrived = reader.finish()
    numbers = [number for _, number in arrived.pictures[0]]
    assert len(numbers) > 5
    assert numbers == sorted(set(numbers))
    assert view.glimpse().number - numbers[-1] < 15  # the newest, not what had queued up
    assert longest_s < 0.05
