"""A review desk with its accounts, called in memory; times are the test's own."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from starlette.testclient import TestClient

from central.config import load_config
from central.desk import proofs
from central.desk.app import DeskApp
from central.desk.at import Room
from central.desk.room import open_room
from central.desk.signing_in import Door, Role
from central.keys import public_documents
from edge.core.downward import content_of, open_message
from edge.core.downward_content import Content, decode_content
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument, decode_public_key
from edge.core.sealing import sealing_keyid
from edge.core.unit_keys import UnitKeys, sign_unit_keys
from tests.central.conftest import AT_UTC, Desk
from tests.samples import sample_key

PASSWORD = "correct horse battery"
BEGIN = dt.datetime(2026, 3, 2, 3, 0, tzinfo=dt.UTC)
ACCOUNTS = {"rev-1": Role.REVIEWER, "rev-2": Role.REVIEWER, "sup-1": Role.SUPERVISOR, "aud-1": Role.AUDITOR}


@dataclass
class ReviewDesk:
    """The desk over a central's store."""

    central: Desk
    room: Room
    secrets: dict[str, bytes] = field(default_factory=dict)
    now: dt.datetime = BEGIN
    clients: dict[str, TestClient] = field(default_factory=dict)

    def wait(self, **delta: float) -> None:
        self.now += dt.timedelta(**delta)

    def stranger(self) -> TestClient:
        app = DeskApp(self.room).build()
        return TestClient(app, base_url="https://localhost", client=("127.0.0.1", 5), follow_redirects=False)

    def sign_in(self, client: TestClient, name: str, **given: str) -> int:
        """Sign in with the next code, the account made where there is none; gives the status."""
        if name not in self.secrets:
            door = Door(self.room.store, self.room.vault)
            self.secrets[name] = door.add(name, ACCOUNTS[name], PASSWORD, at=self.now)
        self.wait(seconds=proofs.STEP_S)
        code = proofs.totp_code(self.secrets[name], int(self.now.timestamp()) // proofs.STEP_S)
        form = {"username": name, "password": PASSWORD, "code": code, **given}
        return client.post("/sign-in", data=form).status_code

    def as_(self, name: str) -> TestClient:
        """Somebody who has signed in."""
        if name not in self.clients:
            client = self.stranger()
            assert self.sign_in(client, name) == 303
            self.clients[name] = client
        return self.clients[name]

    def post(self, name: str, path: str, **form: str) -> tuple[int, str]:
        """Send a form with its token; gives status and page."""
        answer = self.as_(name).post(path, data={"csrf": self.csrf(name), **form})
        return answer.status_code, answer.text

    def csrf(self, name: str) -> str:
        found = re.search(r'name="csrf" value="(\w+)"', self.as_(name).get("/").text)
        assert found
        return found[1]


def give_keys(desk: ReviewDesk) -> X25519PrivateKey:
    """Let unit-a say what its messages are sealed to; gives the private half."""
    private = X25519PrivateKey.generate()
    public_hex = private.public_key().public_bytes_raw().hex()
    purpose = KeyPurpose.PROVISIONED
    sealing = PublicKeyDocument(
        role=KeyRole.SEALING, purpose=purpose, owner="unit-a", keyid=sealing_keyid(public_hex), public_hex=public_hex
    )
    confirmation = sample_key("unit-a", role=KeyRole.CONFIRMATION, purpose=purpose).public
    keys = UnitKeys(unit_id="unit-a", serial=1, made_utc=AT_UTC, sealing=sealing, confirmation=confirmation)
    raw = sign_unit_keys(keys, desk.central.signer)
    with desk.room.store.transaction() as transaction:
        assert desk.room.downlink.accept(transaction, "unit-a", raw, at_utc=AT_UTC)[0] == ""
    return private


def sent_down(desk: ReviewDesk, private: X25519PrivateKey) -> list[Content]:
    """What unit-a would apply: every message opened with its own checks."""
    documents = public_documents(desk.room.folder, desk.room.config)
    trusted = [decode_public_key(path.read_bytes()) for path in documents]
    with desk.room.store.transaction() as transaction:
        due = desk.room.downlink.due(transaction, now_s=desk.now.timestamp())
    opened = [
        open_message(message.envelope, trusted, unit_id="unit-a", purpose=KeyPurpose.PROVISIONED)
        for message, _ in due
    ]
    return [decode_content(content_of(message, private), message.kind) for message in opened]


def open_desk(central: Desk) -> ReviewDesk:
    folder = central.folder / "central"
    opened = open_room(load_config(folder), central.store, folder)
    desk = ReviewDesk(central=central, room=opened)
    room = dataclasses.replace(opened, now=lambda: desk.now)
    desk.room = room
    return desk
