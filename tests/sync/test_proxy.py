"""The storm's proxy does what it counts: without that, a clean run would prove nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tools.faults.proxy import Proxy

SENT = 40_000
PATIENCE_S = 10.0
FAREWELL = b"farewell"


class Echo:
    """A server that gives back what it gets. `got` and `ended` by connection, `first` in order of arrival."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.got: list[int] = []
        self.ended: list[str] = []
        self.first: list[bytes] = []
        self.threads: list[threading.Thread] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._server.accept()
            except OSError:
                return
            self.threads.append(threading.Thread(target=self._echo, args=(link,), daemon=True))
            self.threads[-1].start()

    def _echo(self, link: socket.socket) -> None:
        got, how = 0, "reset"
        with link:
            try:
                while piece := link.recv(4096):
                    if not got:
                        self.first.append(piece)
                    got += len(piece)
                    link.sendall(piece)
                how = "closed"
                link.sendall(FAREWELL)
            except OSError:
                pass
        self.got.append(got)
        self.ended.append(how)

    def close(self) -> None:
        for thread in self.threads:
            thread.join(PATIENCE_S)
        self._server.close()


@contextmanager
def blown(*kinds: str, seed: int = 1, mean_bytes: float = 5_000) -> Iterator[tuple[Echo, Proxy]]:
    echo = Echo()
    with Proxy(echo.port, seed=seed, kinds=kinds, mean_bytes=mean_bytes) as proxy:
        yield echo, proxy
        echo.close()


def talk(proxy: Proxy) -> tuple[int, str]:
    """Send SENT bytes and read what comes back; gives how many did, and how it ended."""
    got = 0
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_S) as link:
        try:
            for _ in range(SENT // 1000):
                link.sendall(bytes(1000))
                got += len(link.recv(1000))
            return got, "whole"
        except ConnectionError:
            return got, "reset"


def test_undisturbed_connections_are_carried_whole_and_counted_as_none() -> None:
    with blown() as (_, proxy):
        proxy.calm = True
        assert talk(proxy) == (SENT, "whole")
    assert not proxy.faults


@pytest.mark.parametrize("kind", ["cut", "truncate"])
def test_connection_ends_before_all_was_carried(kind: str) -> None:
    with blown(kind) as (echo, proxy):
        got, _ = talk(proxy)
    assert got < SENT and echo.got[0] < SENT
    assert proxy.faults[kind] == 1


def test_truncated_stream_ends_in_the_middle_of_what_was_written() -> None:
    """Pieces of 1,000 bytes go in; at one end what has come out is no multiple of them."""
    with blown("truncate") as (echo, proxy):
        got, _ = talk(proxy)
    assert got % 1000 or echo.got[0] % 1000


def test_half_closed_connection_ends_in_one_direction_while_the_other_lives() -> None:
    """The server is told the end although nobody has closed, and its last word still arrives."""
    with (
        blown("half_close", seed=2, mean_bytes=1) as (echo, proxy),
        socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_S) as link,
    ):
        link.sendall(bytes(SENT))
        heard = link.recv(100)
    assert (echo.got, echo.ended, heard) == ([0], ["closed"], FAREWELL)


def wait_until(reached) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_delayed_connection_loses_nothing_and_waits() -> None:
    with blown("delay") as (_, proxy):
        began_s = time.monotonic()
        assert talk(proxy) == (SENT, "whole")
        waited_s = time.monotonic() - began_s
    assert proxy.faults == {"delay": 1}
    assert waited_s >= 0.2


def test_connections_overtake_one_another() -> None:
    """Ten callers, one after the other; they reach the server in another order, and all do."""
    with blown("cut", mean_bytes=1e12) as (echo, proxy):
        links = []
        for number in range(10):
            links.append(socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_S))
            links[-1].sendall(bytes([number]))
        wait_until(lambda: len(echo.first) == 10)
        for link in links:
            link.close()
    order = [piece[0] for piece in echo.first]
    assert sorted(order) == list(range(10)) and order != sorted(order)
    assert proxy.faults["reorder"]


def test_falling_mast_cuts_each_connection_once() -> None:
    with blown("cut", mean_bytes=1e12) as (echo, proxy):
        links = [socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_S) for _ in range(3)]
        wait_until(lambda: proxy.connections == 3)
        proxy.cut_all()
        wait_until(lambda: len(echo.ended) == 3)
        for link in links:
            link.close()
    assert proxy.faults["cut"] == 3
