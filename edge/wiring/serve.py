"""The composition root of the visit daemon: entrances, sockets and certificate of the pages, and its heartbeat."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import ipaddress
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edge.core.errors import InputError
from edge.device.listening import passed_sockets
from edge.device.notify import READY, STOPPING, WATCHDOG, notify
from edge.device.voice import read_ahead
from edge.gate.serving import LOOPBACK, Listen, serving
from edge.signing.page_certificate import fingerprint, page_certificate
from edge.web.app import ScreenApp
from edge.web.at import Room
from edge.web.panel import PanelBesidePages
from edge.web.views_paper import spoken_texts
from edge.wiring.retire import obey_wipe
from edge.wiring.unit import Unit
from edge.wiring.visit import VisitSide
from edge.wiring.web import OpenCamera, make_room

HEARTBEAT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where to serve. access_point: `IP:PORT` for phones, empty for none. camera: a spec, None for the unit's own."""

    port: int
    access_point: str = ""
    camera: str | None = None


def run_until_stopped(
    unit: Unit, plan: Plan, tell: Callable[[str], None], open_camera: OpenCamera | None = None
) -> None:
    """Serve until SIGTERM or SIGINT; `tell` hears the address. Raises ConfigError, SigningError, InputError."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    with pages(unit, plan, open_camera) as (address, room):
        notify(READY)
        tell(address)
        try:
            while not stop.wait(HEARTBEAT_S):
                if obey_wipe(unit):
                    break
                unit.workers.note_time()
                if room.viewer.healthy():
                    notify(WATCHDOG)
        finally:
            notify(STOPPING)


@contextlib.contextmanager
def pages(unit: Unit, plan: Plan, open_camera: OpenCamera | None = None) -> Iterator[tuple[str, Room]]:
    """The pages while the block lasts: the kiosk's address, and the room."""
    kiosk, phones = _entrances(unit, plan)
    room = make_room(unit, open_camera or (_camera(unit, plan.camera) if plan.camera else None), _complain)
    with contextlib.ExitStack() as stack:
        stack.callback(room.viewer.close)
        threading.Thread(target=read_ahead, args=(room.voice, spoken_texts()), name="voice", daemon=True).start()
        if unit.config.panel:
            stack.enter_context(PanelBesidePages(VisitSide(unit).panel(), room))
        if phones and phones.tls:
            url = f"https://{phones.host}:{phones.port}"
            room = dataclasses.replace(room, phone_url=url, fingerprint=fingerprint(phones.tls[0]))
            app = ScreenApp(room, for_phones=True).build((phones.host,))
            stack.enter_context(serving(app, phones, what="the page for phones"))
        address = stack.enter_context(serving(ScreenApp(room).build(LOOPBACK), kiosk, what="the page"))
        stack.callback(room.viewer.leave)
        yield address, room


def _complain(why: str) -> None:
    print(why, file=sys.stderr, flush=True)


def _camera(unit: Unit, spec: str) -> OpenCamera:
    return lambda: VisitSide(unit).camera(spec)


def _entrances(unit: Unit, plan: Plan) -> tuple[Listen, Listen | None]:
    """Loopback for the kiosk, and what is not loopback for phones; by sockets that were passed, or by the plan."""
    passed = passed_sockets()
    if passed:
        kiosks = [s for s in passed if ipaddress.ip_address(s.getsockname()[0]).is_loopback]
        others = [s for s in passed if s not in kiosks]
        if not kiosks:
            raise InputError("no loopback socket was passed", remedy="See systemd/doorstep-visit.socket.")
        return _listen(kiosks), _phones_on(unit, others) if others else None
    kiosk = Listen(host="127.0.0.1", port=plan.port or _free_port())
    if not plan.access_point:
        return kiosk, None
    host, _, port = plan.access_point.rpartition(":")
    if not port.isdecimal():
        raise InputError(f"an access point is IP:PORT, got {plan.access_point!r}")
    return kiosk, _phones(unit, host, int(port))


def _phones(unit: Unit, host: str, port: int, sockets: list[socket.socket] | None = None) -> Listen:
    now = dt.datetime.fromisoformat(unit.clock.now_utc())
    tls = page_certificate(unit.root / "page", host, unit_id=unit.config.unit_id, now=now)
    return Listen(host=host, port=port, sockets=sockets or [], tls=tls)


def _phones_on(unit: Unit, sockets: list[socket.socket]) -> Listen:
    host, port = sockets[0].getsockname()[:2]
    return _phones(unit, host, port, sockets)


def _listen(sockets: list[socket.socket]) -> Listen:
    host, port = sockets[0].getsockname()[:2]
    return Listen(host=host, port=port, sockets=sockets)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
