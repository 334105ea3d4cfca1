"""A web server with one live view, in this process, and readers of it in another, as a browser's would be."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import socket
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from edge.services.live_view import Glimpse, LiveView
from edge.web.live_stream import EVENTS, MULTIPART, events, multipart

READ_BYTES = 4096


class Served:
    """Serves `view` on a free port of loopback; a context manager that gives the port."""

    def __init__(self, view: LiveView) -> None:
        async def pictures(request: Request) -> Response:
            return StreamingResponse(multipart(view, self._goes_on), media_type=MULTIPART)

        async def hints(request: Request) -> Response:
            return StreamingResponse(self._hints(view), media_type=EVENTS)

        app = Starlette(routes=[Route("/pictures", pictures), Route("/hints", hints)])
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=lambda: self._server.run(sockets=[self._socket]), daemon=True)

    async def _goes_on(self) -> bool:
        return not self._server.should_exit

    def _hints(self, view: LiveView) -> AsyncIterator[bytes]:
        def told(now: Glimpse) -> dict[str, str]:
            return {"hint": now.hint}

        return events(view, told, self._goes_on)

    def __enter__(self) -> int:
        self._thread.start()
        port: int = self._socket.getsockname()[1]
        return port

    def __exit__(self, *_exc: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()


@dataclass(slots=True)
class Arrived:
    """Times of arrival on the machine's monotonic clock: (s, number) of pictures by reader, (s, hint) of events."""

    pictures: list[list[tuple[float, int]]] = field(default_factory=list)
    hints: list[tuple[float, str]] = field(default_factory=list)


class Reader:
    """`count` readers of pictures and one of events in a process of their own."""

    def __init__(self, port: int, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_read_all, args=(port, count, there), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self._here.recv()
        return self

    def finish(self) -> Arrived:
        self._here.send("enough")
        arrived: Arrived = self._here.recv()
        return arrived

    def __exit__(self, *_exc: object) -> None:
        self._process.join(5)
        self._process.kill()


def _read_all(port: int, count: int, there: Connection) -> None:
    arrived = Arrived(pictures=[[] for _ in range(count)])
    lines = [threading.Thread(target=_read_pictures, args=(port, kept), daemon=True) for kept in arrived.pictures]
    lines.append(threading.Thread(target=_read_hints, args=(port, arrived.hints), daemon=True))
    for line in lines:
        line.start()
    there.send("ready")
    there.recv()
    there.send(arrived)


def _read_pictures(port: int, kept: list[tuple[float, int]]) -> None:
    answer = _get(port, "/pictures")
    length = number = 0
    while line := answer.readline():
        name, _, value = line.decode("latin-1").strip().partition(": ")
        if name == "Content-Length":
            length = int(value)
        elif name == "X-Picture":
            number = int(value)
        elif not name and length:
            answer.read(length)
            kept.append((time.monotonic(), number))
            length = 0


def _read_hints(port: int, kept: list[tuple[float, str]]) -> None:
    answer = _get(port, "/hints")
    while line := answer.readline():
        if line.startswith(b"data: "):
            kept.append((time.monotonic(), json.loads(line[6:])["hint"]))


def _get(port: int, path: str) -> http.client.HTTPResponse:
    line = http.client.HTTPConnection("127.0.0.1", port)
    line.request("GET", path)
    return line.getresponse()
