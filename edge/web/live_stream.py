"""A live view over HTTP: pictures as a multipart stream, what to do about them as server-sent events.

Both look at what is newest and then send; while a slow client has not taken what was sent, nothing waits for it, and
the next it gets is the newest again. The box is drawn into the picture, for a few hundredths of a millisecond
(`python -m tools.bench screen`); drawn by the page it would need an event for every picture, and lag behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool

from edge.services.live_view import Glimpse, LiveView

BOUNDARY = "picture"
MULTIPART = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
EVENTS = "text/event-stream"
MOST_FPS = 25.0
LOOK_S = 0.02
BEAT_S = 10.0

GoesOn = Callable[[], Awaitable[bool]]


async def multipart(view: LiveView, goes_on: GoesOn) -> AsyncIterator[bytes]:
    """The newest picture each time, MOST_FPS at most, while `goes_on`. X-Picture: its number."""
    shown, clock = 0, asyncio.get_running_loop()
    # The boundary follows its part at once: browsers show a part when they have seen where it ends.
    yield f"--{BOUNDARY}\r\n".encode()
    while await goes_on():
        began_s = clock.time()
        if view.glimpse().number != shown:
            shown, jpeg = await run_in_threadpool(view.picture)
            if jpeg:
                head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\nX-Picture: {shown}\r\n\r\n"
                yield head.encode() + jpeg + f"\r\n--{BOUNDARY}\r\n".encode()
                await asyncio.sleep(max(0.0, 1.0 / MOST_FPS - (clock.time() - began_s)))
                continue
        await asyncio.sleep(LOOK_S)


async def events(view: LiveView, told: Callable[[Glimpse], dict[str, Any]], goes_on: GoesOn) -> AsyncIterator[bytes]:
    """One event when what `told` makes of the moment has changed, and a comment each BEAT_S so that a dead line is
    found."""
    before, clock = None, asyncio.get_running_loop()
    sent_s = clock.time()
    while await goes_on():
        now = told(view.glimpse())
        if now != before:
            before, sent_s = now, clock.time()
            yield b"data: " + msgspec.json.encode(now) + b"\n\n"
        elif clock.time() - sent_s > BEAT_S:
            sent_s = clock.time()
            yield b":\n\n"
        await asyncio.sleep(LOOK_S)
