"""The composition root of the bench: what is examined on a unit, and the sheet that comes of it.

Nothing is written but the sheet. What this unit or machine does not have is skipped, and the line says so.
"""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path

from edge import __version__
from edge.capture.still import photograph_jpeg
from edge.core.bench_rules import BoardFacts, judge_board, judge_certificate, judge_clock, judge_space
from edge.core.bench_sheet import BenchSheet, SheetLine, failed, passed, sign_sheet, skipped
from edge.core.errors import InputError
from edge.core.keys import KeyRole, key_sha256, spaced
from edge.core.light_code import DARK
from edge.core.panel import Button, Sign
from edge.core.record import SourceKind
from edge.core.verdict import Verdict
from edge.device.board import look_at_board
from edge.device.credentials import STORE
from edge.models.nets import time_nets
from edge.paper.bench_page import bench_page
from edge.services.audit import audit_store
from edge.services.examine import Check, Seen, buttons_line, camera_line, examine, lamps_line, look_through
from edge.signing.certificate import read_certificate
from edge.signing.keyfile import replace_whole
from edge.signing.link_identity import next_files
from edge.sync.tls import probe_broker, tls_files
from edge.wiring.sync import STATEMENT, sync_keys
from edge.wiring.unit import RECORD_CREDENTIAL, RECORD_KEY, Unit
from edge.wiring.visit import VisitSide

SLOWEST_NET_MS = 250.0
PRESS_S, PRESS_LOOK_S = 20.0, 0.05


class Bench:
    """A unit on the bench. camera: another source than unit.toml's. A line asked for twice is the same line."""

    def __init__(self, unit: Unit, *, camera: str | None = None, press: bool = False) -> None:
        self.unit, self._spec, self._press = unit, camera, press
        self.seen: Seen | None = None
        self.side = VisitSide(unit)

    @cached_property
    def facts(self) -> BoardFacts:
        return look_at_board(self.unit.root, self._now().timestamp())

    def checks(self) -> dict[str, Check]:
        """Every line by its name, in the order of the sheet."""
        board: dict[str, Check] = {line.check: partial(_as_it_is, line) for line in judge_board(self.facts)}
        return board | {
            "space": lambda: judge_space(self.facts, min_free_mb=self.unit.config.min_free_mb),
            "clock": lambda: judge_clock(self.unit.clock.state()),
            "camera": self._camera,
            "lamps": self._lamps,
            "buttons": self._buttons,
            "models": self._models,
            "store": self._store,
            "keys": self._keys,
            "trust": self._trust,
            "certificate": self._certificate,
            "broker": self._broker,
        }

    def known(self, names: Iterable[str]) -> list[str]:
        """The names, each of them a line's. Raises InputError."""
        checks, wanted = self.checks(), list(names)
        unknown = sorted(set(wanted) - set(checks))
        if unknown:
            raise InputError(f"no check {unknown[0]!r}", remedy=f"There are: {', '.join(checks)}.")
        return wanted

    def examine(self, names: Iterable[str], tell: Callable[[str], None]) -> BenchSheet:
        """The sheet of the named lines. Raises InputError for a name that there is none of."""
        checks, wanted = self.checks(), self.known(names)
        public = self.unit.public
        return BenchSheet(
            unit_id=self.unit.config.unit_id,
            purpose=public.purpose.value,
            key_sha256=key_sha256(public),
            made_utc=self.unit.clock.now_utc(),
            software=f"doorstep {__version__}",
            lines=examine({name: checks[name] for name in wanted}, tell),
        )

    def signed(self, sheet: BenchSheet) -> bytes:
        """The sheet under the unit's record key. Raises SigningError."""
        return sign_sheet(sheet, self.unit.record_key.signer)

    def _now(self) -> datetime:
        return datetime.fromisoformat(self.unit.clock.now_utc()).astimezone(UTC)

    def _camera(self) -> SheetLine:
        with self.side.camera(self._spec) as camera:
            if camera.source.kind is SourceKind.NO_CAMERA:
                return skipped("camera", "none")
            self.seen = look_through(camera)
            return camera_line(camera, self.seen)

    def _lamps(self) -> SheetLine:
        light = self.side.light()
        try:
            if not light.present:
                return skipped("lamps", "none")
            with self.side.camera(self._spec) as camera:
                if camera.source.kind is SourceKind.NO_CAMERA:
                    return skipped("lamps", "no_camera")
                return lamps_line(camera, light)
        finally:
            light.set(DARK)
            light.close()

    def _buttons(self) -> SheetLine:
        config = self.unit.config.panel
        pins = {Button.START: config.start_pin, Button.CANCEL: config.cancel_pin} if config else {}
        wanted = {button for button, pin in pins.items() if pin is not None}
        if not wanted:
            return skipped("buttons", "none")
        if not self._press:
            return skipped("buttons", "not_asked")
        panel = self.side.panel()
        try:
            return buttons_line(panel, wanted, _patiently)
        finally:
            panel.show(Sign.OFF)
            panel.close()

    def _models(self) -> SheetLine:
        config = self.unit.config.models
        nets = self.side.nets  # verified, and each run against its golden vectors
        times = time_nets(self.side.bundle, runtime=config.runtime, threads=config.threads, rounds=10)
        figures = {f"{t.role}_ms": round(t.run_ms, 2) for t in times}
        found = {"runtime": nets.runtime_name} | {t.role: f"{t.run_ms:.1f}" for t in times}
        if max(figures.values()) > SLOWEST_NET_MS:
            return failed("models", "slow", found, **figures)
        return passed("models", "ok", found, **figures)

    def _store(self) -> SheetLine:
        self.unit.store_file.quick_check()
        report = audit_store(self.unit.store, self.unit.believed())
        found, records = {"records": str(len(report.records))}, len(report.records)
        if report.verdict is Verdict.DOES_NOT_VERIFY:
            return failed("store", report.verdict.value, found, records=records)
        return passed("store", report.verdict.value, found, records=records)

    def _keys(self) -> SheetLine:
        if not (self.unit.key_dir / f"{RECORD_KEY}.key").exists() and (STORE / RECORD_CREDENTIAL).exists():
            return skipped("keys", "credentials")
        _ = self.unit.record_key, self.unit.at_rest
        if not (self.unit.sync_key_dir / STATEMENT).exists():
            return failed("keys", "never_made")
        sync_keys(self.unit)
        files = [*self.unit.key_dir.glob("*.key"), *self.unit.sync_key_dir.glob("*.key")]
        if self.unit.config.sync:
            _, certificate, private_key = tls_files(self.unit.config.sync, self.unit.root)
            files += [private_key, next_files(certificate, private_key)[1]]
        exposed = [path for path in files if path.exists() and _exposed(path)]
        if exposed:
            names = ", ".join(str(path.relative_to(self.unit.root)) for path in exposed)
            return failed("keys", "exposed", {"files": names})
        return passed("keys", "ok", {"count": str(sum(map(Path.exists, files)))})

    def _trust(self) -> SheetLine:
        roles = {document.role for document in self.unit.believed()}
        wanting = sorted({KeyRole.RECEIPT, KeyRole.BUNDLE} - roles)
        if wanting:
            return failed("trust", "wanting", {"roles": " ".join(wanting)})
        return passed("trust", "ok", {"roles": " ".join(sorted(roles))})

    def _certificate(self) -> SheetLine:
        if self.unit.config.sync is None:
            return skipped("certificate", "none")
        _, certificate, private_key = tls_files(self.unit.config.sync, self.unit.root)
        found = read_certificate(certificate)
        days_left = (found.not_after - self._now()).total_seconds() / 86400
        under_way = any(path.exists() for path in next_files(certificate, private_key))
        return judge_certificate(
            found.name, self.unit.config.unit_id, days_left, found.issuer, under_way=under_way
        )

    def _broker(self) -> SheetLine:
        config = self.unit.config.sync
        if config is None:
            return skipped("broker", "none")
        tls = probe_broker(config, tls_files(config, self.unit.root))
        return passed("broker", "ok", {"address": f"{config.host}:{config.port}", "tls": tls})


def _patiently(done: Callable[[], bool]) -> None:
    """Waits until `done`, PRESS_S at most."""
    pause, left = threading.Event(), round(PRESS_S / PRESS_LOOK_S)
    while not done() and left:
        pause.wait(PRESS_LOOK_S)
        left -= 1


def _as_it_is(line: SheetLine) -> SheetLine:
    return line


def write_sheet(bench: Bench, sheet: BenchSheet, folder: Path) -> list[Path]:
    """The signed sheet, its page and the camera's test picture, as UNIT.bench.* in `folder`. Raises InputError."""
    stem = folder / f"{sheet.unit_id}.bench"
    contents = {
        stem.with_name(stem.name + ".json"): bench.signed(sheet),
        stem.with_name(stem.name + ".html"): bench_page(sheet, spaced(sheet.key_sha256)).encode(),
    }
    if bench.seen is not None:
        contents[stem.with_name(stem.name + ".jpg")] = photograph_jpeg(bench.seen.frame.bgr)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in contents.items():
            replace_whole(path, content)
    except OSError as e:
        raise InputError(f"cannot write {folder}: {e.strerror}", remedy="Choose another folder with --out.") from e
    return list(contents)


def _exposed(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
