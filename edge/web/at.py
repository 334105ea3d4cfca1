"""What a view of the unit's pages is given, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from starlette.responses import HTMLResponse, RedirectResponse, Response

from edge.core.bench_sheet import SheetLine
from edge.core.chain import StoredRecord
from edge.core.downward_content import Decision
from edge.core.errors import DoorstepError
from edge.core.identity import Simplify
from edge.core.policy import Policy
from edge.core.session import Person, VisitSession
from edge.core.slip import Slip
from edge.core.today import LastVisit
from edge.gate.forms import Form
from edge.gate.templates import environment
from edge.gate.words import Words
from edge.ports import CardReader, Voice
from edge.ports.workers import OpenWorker
from edge.services.consents import ConsentBook
from edge.services.visiting import Visiting
from edge.services.workers import WorkerKeys
from edge.web.door import IDLE_S, WARNING_S, Door, Visitor
from edge.web.faults import LastFaults
from edge.web.pairing import Pairing
from edge.web.viewer import Job, Viewer

PACKAGE = "edge.resources"
THEMES = ("auto", "light", "dark")
_ENVIRONMENT = environment("edge.web")


class Unit(Protocol):
    """The unit as the pages need it, beyond a visit's own services (edge/wiring/web.py)."""

    @property
    def unit_id(self) -> str: ...

    @property
    def simulated(self) -> bool:
        """Whether its records are of simulated input, which every page then says."""

    @property
    def sends_photos(self) -> bool:
        """Whether there is a key of central's to seal photographs to."""

    def today(self) -> str:
        """YYYY-MM-DD by the unit's clock."""

    def people(self) -> Sequence[Person]:
        """Everybody on the visit list, as it is now."""

    def last_visits(self) -> Mapping[str, LastVisit]: ...

    def tasks(self) -> Sequence[Decision]: ...

    def policy(self) -> Policy: ...

    def history(self, person_id: str) -> Sequence[Mapping[str, Any]]:
        """This unit's records of a person, the latest first."""

    def window(self, session: VisitSession, done: Callable[..., None], *, ask: bool) -> Job:
        """A capture window for a visit; `done` gets what it came to, and the best picture as a JPEG. ask: with the
        optional active check."""

    def photograph(self, raw: bytes | None) -> bytes:
        """A document's photograph made anew: from `raw`, or what the camera shows now. Raises InputError."""

    def drawing(self, data_url: str) -> bytes:
        """A signature drawn on the page, as a JPEG. Raises InputError for none, or an empty one."""

    def qr_svg(self, text: str) -> str: ...


class Papers(Protocol):
    """What leaves on paper (edge/wiring/paper.py)."""

    def find(self, name: str) -> StoredRecord:
        """A record of this unit by its number. Raises InputError."""

    def slip(self, stored: StoredRecord) -> str:
        """The text of its QR code."""

    def form(self, stored: StoredRecord, language: str) -> bytes:
        """The application form as a PDF. Raises PaperError."""

    def check(self, text: str) -> Slip:
        """What a slip says. Raises DoesNotVerify, CouldNotBeChecked."""

    def read_code(self, picture: bytes) -> str:
        """The text of the QR code in a JPEG. Raises InputError."""


class Technician(Protocol):
    """How the unit stands, without anybody's name in it (edge/wiring/technician.py)."""

    def standing(self) -> Mapping[str, Any]: ...

    def lines(self) -> Sequence[SheetLine]:
        """What is known at once, and what was examined."""

    def examine(self) -> None:
        """Examine what takes time; the camera must be free."""

    def support_bundle(self) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What the pages work with, the same for all requests. phone_url: where a phone finds the unit, empty without.

    unlock: ends a worker's lock by a technician's code. Raises InputError, DoesNotVerify, CouldNotBeChecked.
    """

    unit: Unit
    visiting: Visiting
    workers: WorkerKeys
    door: Door
    pairing: Pairing
    viewer: Viewer
    technician: Technician
    faults: LastFaults
    simplify: Simplify
    papers: Papers
    consents: Callable[[], ConsentBook]
    unlock: Callable[[str, str], None]
    voice: Voice
    card_reader: CardReader
    phone_url: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """One request. visitor: who has signed in; None on the few pages for everybody."""

    room: Room
    visitor: Visitor | None
    words: Words
    theme: str
    on_phone: bool
    form: Form = field(default_factory=Form)
    path: Mapping[str, str] = field(default_factory=dict)

    @property
    def worker(self) -> OpenWorker:
        if self.visitor is None:
            raise AssertionError("this view is only for those who have signed in")
        return self.visitor.worker

    def show(self, template: str, *, status: int = 200, **values: Any) -> Response:
        html = _ENVIRONMENT.get_template(f"{template}.html").render(
            w=self.words,
            page=template,
            theme=self.theme,
            themes=THEMES,
            visitor=self.visitor,
            on_phone=self.on_phone,
            simulated=self.room.unit.simulated,
            idle_s=IDLE_S,
            warning_s=WARNING_S,
            **values,
        )
        return HTMLResponse(html, status_code=status)

    def message(self, code: str, *, status: int, error: DoorstepError | None = None) -> Response:
        return self.show("message", status=status, code=code, error=error)

    def go(self, path: str) -> Response:
        return RedirectResponse(path, status_code=303)

    def session(self) -> VisitSession | None:
        """The worker's open visit."""
        return self.room.visiting.open_of(self.worker.worker_id)


View: TypeAlias = Callable[[At], Response]
