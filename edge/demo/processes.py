"""Child processes of the demonstration: started with a log file, waited for, ended by their own process id."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from edge.core.errors import DoorstepError

CENTRAL = (sys.executable, "-m", "central.cli")
UNIT = (sys.executable, "-m", "edge.cli.main")
READY_TIMEOUT_S = 20.0
END_TIMEOUT_S = 10.0
LOOK_EVERY_S = 0.02


class StageError(DoorstepError):
    """A process of the demonstration did not start, failed, or did not answer in time."""

    default_remedy = "Read the log files in the folder of the demonstration (--keep leaves it in place)."


class Child:
    """A process that runs until `end`. Its output goes to `log`; a context manager, `end` is idempotent."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self.log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def failed(self) -> bool:
        """Whether it ended by itself with an error."""
        return self._process.poll() not in (None, 0)

    def last_line(self) -> str:
        return (self.text().strip().splitlines() or ["no output"])[-1]

    def wait_for(self, text: str) -> None:
        """Wait until the log holds `text`. Raises StageError with the log's last line."""
        wait_until(lambda: text in self.text() or not self.running, READY_TIMEOUT_S)
        if text not in self.text():
            raise StageError(f"{self.log.stem} did not start: {self.last_line()}")

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def end(self) -> None:
        if not self.running:
            return
        self._process.terminate()
        try:
            self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.end()


def run(command: Sequence[str], *, allowed: Sequence[int] = (0,)) -> str:
    """Run to the end and give what it printed. Raises StageError for any other exit code."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode not in allowed:
        shown = " ".join(Path(part).name for part in command[:6])
        said = (done.stderr or done.stdout).strip().splitlines()
        raise StageError(f"{shown}… ended with {done.returncode}: {' '.join(said[-2:]) or 'no message'}")
    return done.stdout


def run_json(command: Sequence[str], *, allowed: Sequence[int] = (0,)) -> Any:
    """The same for a command that prints one JSON document."""
    return json.loads(run(command, allowed=allowed))


def wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Whether `condition` came true in time."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(LOOK_EVERY_S)
    return True
