"""The unit's pages called in memory, as a client without a browser's manners would."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.testclient import TestClient

from edge.demo.page import PIN
from edge.gate.serving import LOOPBACK
from edge.web.app import ScreenApp
from edge.web.at import Room
from edge.wiring.unit import Unit, open_unit
from edge.wiring.web import make_room
from tests.web.kiosk import WORKER

PHONE = "10.42.0.1"


class Screen:
    """One unit's pages; every client is a browser of its own."""

    def __init__(self, root: Path) -> None:
        self.unit: Unit = open_unit(root)
        self.room: Room = make_room(self.unit)
        self._kiosk = ScreenApp(self.room).build(LOOPBACK)
        self._phones = ScreenApp(self.room, for_phones=True).build((PHONE,))

    def stranger(self) -> TestClient:
        return _client(self._kiosk, "https://localhost")

    def phone(self) -> TestClient:
        return _client(self._phones, f"https://{PHONE}")

    def worker(self, name: str = WORKER) -> TestClient:
        client = self.stranger()
        assert sign_in(client, name).status_code == 303
        return client

    def close(self) -> None:
        self.room.viewer.close()
        self.unit.close()


def _client(app: object, base: str) -> TestClient:
    return TestClient(app, base_url=base, client=("127.0.0.1", 5), follow_redirects=False)


def sign_in(client: TestClient, name: str = WORKER, pin: str = PIN):
    return client.post("/sign-in", data={"worker": name, "pin": pin})


def hidden(client: TestClient, path: str = "/visit") -> dict[str, str]:
    """The fields that every form of a page carries."""
    text = client.get(path).text
    return {name: value for name, value in re.findall(r'name="(csrf|revision)" value="(\w+)"', text)}


def post(client: TestClient, path: str, page: str = "/visit", **fields: str):
    return client.post(path, data={**hidden(client, page), **fields})


def begin(client: TestClient, person_id: str = "demo-1") -> None:
    assert post(client, "/visit/begin", "/list", person_id=person_id).headers["location"] == "/visit"
