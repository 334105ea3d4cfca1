"""A TCP proxy on loopback that fails on purpose: cuts, delays, truncates, half-closes, lets connections overtake one
another; or shapes to a narrow link.

Runs in a thread of its own. Every connection draws its fate from the seed when it begins; `faults` counts what was
done, by kind, `connections` those that were joined. With `calm` set, new connections pass unharmed.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

PIECE = 4096
KINDS = ("cut", "delay", "truncate", "half_close")
LATE_S = 0.1
REORDER_SHARE, OVERTAKEN_WITHIN_S = 0.3, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A link: bits per second for each direction, and the delay that each piece waits, one way."""

    bits_per_s: float
    delay_s: float


class Proxy:
    """Listens on `port` and joins each connection to `target_port`. A context manager.

    Of `kinds` one befalls each connection, after `mean_bytes` or so in one direction.
    """

    def __init__(
        self,
        target_port: int,
        *,
        seed: int,
        mean_bytes: float = 6000,
        shape: Shape | None = None,
        kinds: Sequence[str] = KINDS,
    ) -> None:
        self.calm = False
        self.faults: Counter[str] = Counter()
        self.carried = 0
        self.connections = 0
        self.port = 0
        self._target_port, self._mean_bytes, self._shape, self._kinds = target_port, mean_bytes, shape, kinds
        self._dice = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._joined: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._stalled_until_s = 0.0
        self._arrived = asyncio.Event()

    def cut_all(self) -> None:
        """Cut every connection now, as when a mast fails."""
        self._run(self._cut_all())

    def stall(self, seconds: float) -> None:
        """Carry nothing for so long, and lose nothing, as when a mast is overloaded. For a shaped link."""
        self._loop.call_soon_threadsafe(self._stall, seconds)

    def __enter__(self) -> Proxy:
        self._thread.start()
        server = self._run(asyncio.start_server(self._join, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._server = server
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.close()
        self._run(self._end_all())  # the end of a run, and no fault of it
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _cut_all(self) -> None:
        self.faults["cut"] += len(self._joined)
        await self._end_all()

    async def _end_all(self) -> None:
        for ends in list(self._joined):
            for end in ends:
                end.transport.abort()

    def _stall(self, seconds: float) -> None:
        self.faults["stall"] += 1
        self._stalled_until_s = self._loop.time() + seconds

    async def _let_another_pass(self) -> None:
        """Hold a new connection back until a later one has been joined, for a while at most."""
        arrived, self._arrived = self._arrived, asyncio.Event()
        arrived.set()
        if self.calm or self._shape or self._dice.random() >= REORDER_SHARE:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._arrived.wait(), OVERTAKEN_WITHIN_S)
            self.faults["reorder"] += 1

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._let_another_pass()
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        self.connections += 1
        fate = None if self.calm or self._shape else self._dice.choice(self._kinds)
        at = int(self._dice.expovariate(1 / self._mean_bytes))
        self._joined.add((writer, far_writer))
        victim = self._dice.random() < 0.5
        try:
            await asyncio.gather(
                self._carry(reader, far_writer, fate if victim else None, at),
                self._carry(far_reader, writer, None if victim else fate, at),
            )
        except OSError:
            pass
        finally:
            self._joined.discard((writer, far_writer))
            for end in (writer, far_writer):
                with contextlib.suppress(OSError):
                    end.transport.abort()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fate: str | None, at: int
    ) -> None:
        """One direction. Its fate comes over it once `at` bytes have passed."""
        passed, free_s = 0, 0.0
        while piece := await reader.read(PIECE):
            if fate and passed + len(piece) > at:
                self.faults[fate] += 1
                piece = await self._befall(fate, piece, writer, at - passed)
                fate = None
            if self._shape:
                free_s = await self._paced(len(piece), free_s)
                self._loop.call_later(self._shape.delay_s, _write, writer, piece)
            else:
                writer.write(piece)
                await writer.drain()
            passed += len(piece)
            self.carried += len(piece)
        if self._shape:
            await asyncio.sleep(self._shape.delay_s)
        if writer.can_write_eof() and not writer.is_closing():
            writer.write_eof()

    async def _paced(self, size: int, free_s: float) -> float:
        """Wait until the link, free at `free_s`, has carried `size` bytes; gives when it is free again.

        Reckoned from when it should have been free: a machine that wakes us late must not narrow the link.
        """
        assert self._shape is not None
        now_s = self._loop.time()
        if free_s < now_s - LATE_S:
            free_s = now_s
        free_s = max(free_s, self._stalled_until_s) + size * 8 / self._shape.bits_per_s
        await asyncio.sleep(max(0.0, free_s - now_s))
        return free_s

    async def _befall(self, fate: str, piece: bytes, writer: asyncio.StreamWriter, keep: int) -> bytes:
        """What is left of `piece`. Raises ConnectionError to end the connection."""
        if fate == "delay":
            await asyncio.sleep(self._dice.uniform(0.2, 2.5))
            return piece
        if fate == "truncate":
            writer.write(piece[: max(0, keep)])
            await writer.drain()
        if fate == "half_close":
            writer.write_eof()
            await asyncio.sleep(self._dice.uniform(0.1, 1.0))
        raise ConnectionAbortedError(fate)


def _write(writer: asyncio.StreamWriter, piece: bytes) -> None:
    if not writer.is_closing():
        writer.write(piece)
