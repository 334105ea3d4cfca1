"""The visit daemon as a process of its own, and a browser in front of it."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.core.record import VisitRecord
from edge.demo.page import PIN
from edge.services.slip import record_of
from edge.wiring.unit import open_unit_readonly

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium not found: apt-get install chromium")
WORKER, WITNESS = "demo-worker", "demo-witness"
PHONE_HOST = "127.0.0.2"
START_S, STOP_S = 60, 20


class Kiosk:
    """`doorstep serve` over a unit's folder; killed or ended, and started again on the same folder."""

    def __init__(self, root: Path, clip: Path, *, phones: bool = False) -> None:
        self.root, self._clip = root, clip
        self.port, self.phone_port = free_port("127.0.0.1"), free_port(PHONE_HOST) if phones else 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *, clock_offset_s: float = 0.0) -> None:
        """clock_offset_s: how far the wall clock of the unit is set wrong."""
        program = ["tests.web.shifted", str(clock_offset_s)] if clock_offset_s else ["edge.cli.main"]
        command = [sys.executable, "-m", *program, "serve", "--unit", str(self.root), "--port", str(self.port)]
        command += ["--video", str(self._clip)]
        if self.phone_port:
            command += ["--access-point", f"{PHONE_HOST}:{self.phone_port}"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        assert self._process.stdout.readline().strip() == self.address

    def kill(self) -> None:
        """As a power cut would."""
        assert self._process
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(STOP_S)

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(STOP_S)

    def memory_kb(self) -> int:
        """What the daemon holds in memory (VmRSS)."""
        assert self._process
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))

    def records(self) -> list[VisitRecord]:
        """What the store holds, read as any other process would."""
        with open_unit_readonly(self.root) as unit:
            return [record_of(stored) for stored in unit.store.records()]


class Walk:
    """A worker in front of one page. Everything that the browser complains of is kept."""

    def __init__(self, browser: object, address: str, *, complaints: list[str], **context: object) -> None:
        options = {"locale": "zh-CN", "viewport": {"width": 800, "height": 480}, **context}
        self.address = address
        self.page = browser.new_context(**options).new_page()
        self.page.on("console", lambda message: complaints.append(message.text))
        self.page.on("pageerror", lambda error: complaints.append(str(error)))
        self.page.set_default_timeout(15_000)
        self.presses = 0

    def press(self, selector: str) -> None:
        self.presses += 1
        self.page.click(selector)

    def sign_in(self, worker: str = WORKER, pin: str = PIN) -> None:
        self.page.goto(self.address + "/")
        self.page.check(f"input[name=worker][value={worker}]")
        self.page.fill("input[name=pin]", pin)
        self.press("main button.main")

    def begin(self, name: str) -> None:
        self.press(f"button.person:has-text('{name}')")
        self.at("confirm")

    def confirm(self) -> None:
        self.press("form[action='/visit/confirm'] button.main")
        self.at("consent")

    def agree(self, *purposes: str) -> None:
        for purpose in purposes:
            self.press(f".choice:has(input[name={purpose}])")
        self.press("button[value=agreed]")
        self.at("capture")

    def sign(self) -> None:
        self.press("button[value=yes]")
        self.at("outcome")

    def refuse(self) -> None:
        self.press("button[value=refused]")
        self.at("documents")

    def capture(self) -> None:
        self.press("#start button")
        self.at("review", timeout_s=40)

    def to_first_reference(self, name: str) -> None:
        """From the list, past the capture, to the page that photographs a document beside the face."""
        self.begin(name)
        self.confirm()
        self.agree("match", "send")
        self.capture()
        self.press("form[action='/visit/beside-face'] button")
        self.at("first_reference")
        self.page.wait_for_selector("body[data-phase=looking]")

    def document(self, kind: str = "id_card") -> None:
        self.press(f"form:has(input[value={kind}]) button")
        playwright.expect(self.page.locator(".had")).to_have_count(1)

    def declare(self) -> None:
        self.press("form[action='/visit/documents'] button")
        self.at("declare")
        for name in ("input[name=person_seen]", "input[name=no_mask_or_photo]", "input[value=id_card]"):
            self.press(f".choice:has({name})")
        self.press("form[action='/visit/declare'] button")
        self.at("witness")

    def witness(self, worker: str = WITNESS, pin: str = PIN) -> None:
        self.press(f".choice:has(input[value={worker}])")
        self.page.fill("input[name=pin]", pin)
        self.press("form[action='/visit/witness'] button.main")

    def at(self, step: str, *, timeout_s: float = 10) -> None:
        """Wait until the page of a step is shown."""
        self.page.wait_for_selector(f"body[data-page={step}]", timeout=timeout_s * 1000)


def free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def chromium() -> Iterator[object]:
    with playwright.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()
