"""What a view of the desk is given, and what it may answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from starlette.responses import HTMLResponse, RedirectResponse, Response

from central.config import CentralConfig, StoreKind
from central.desk.pages import page
from central.desk.signing_in import Visitor
from central.downward import Downlink
from central.store import CentralStore
from central.vault import Vault
from edge.gate.forms import Form
from edge.gate.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What the desk works with, the same for all requests. evidence_key: what units seal their pictures to."""

    config: CentralConfig
    folder: Path
    store: CentralStore
    vault: Vault
    downlink: Downlink
    evidence_key: X25519PrivateKey
    now: Callable[[], dt.datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """One request of somebody who has signed in."""

    room: Room
    visitor: Visitor
    words: Words
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Form
    at: dt.datetime

    def show(self, template: str, *, status: int = 200, **values: Any) -> Response:
        simulated = self.room.config.kind is StoreKind.SIMULATED
        html = page(template, self.words, visitor=self.visitor, simulated=simulated, **values)
        return HTMLResponse(html, status_code=status)

    def message(self, code: str, *, status: int) -> Response:
        return self.show("message", status=status, code=code)

    def go(self, path: str) -> Response:
        return RedirectResponse(path, status_code=303)

    def number(self, name: str) -> int:
        text = self.query.get(name, "0")
        return min(int(text), 10**6) if text.isascii() and text.isdigit() else 0


View: TypeAlias = Callable[[At], Response]
