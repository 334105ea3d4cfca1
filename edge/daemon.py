"""The sync daemon as a service: `python -m edge.daemon FOLDER`.

Logs one line per change to standard error, tells systemd READY, WATCHDOG (from the loop, so that a loop that
hangs is seen) and STOPPING, and ends on SIGTERM. It holds the TLS key and never asks for the record key.
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from edge.core.errors import DoorstepError
from edge.device.notify import READY, STOPPING, WATCHDOG, notify
from edge.services.progress import Backlog, Progress, ProgressKind
from edge.services.sync_loop import Until, run_sync
from edge.wiring.sync import make_drain
from edge.wiring.unit import default_root, open_unit

QUIET = frozenset({ProgressKind.SENT, ProgressKind.DELIVERED})


def main(arguments: list[str]) -> int:
    """Run until SIGTERM; 0 when asked to stop, 4 on an error that waiting does not mend."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    root = Path(arguments[0]) if arguments else default_root()
    try:
        with open_unit(root) as unit:
            drain = make_drain(unit)
            notify(READY)
            run_sync(drain, until=Until(), clock=unit.clock, stop_within=stop.wait, tell=_log)
    except DoorstepError as e:
        print(f"{e.message}\n{e.remedy}", file=sys.stderr)
        return 4
    finally:
        notify(STOPPING)
    return 0


def _log(told: list[Progress], backlog: Backlog) -> None:
    notify(WATCHDOG)
    for progress in told:
        if progress.kind not in QUIET:
            about = f" record {progress.sequence}" if progress.sequence else ""
            print(f"{progress.kind}{about} {progress.detail}".rstrip(), file=sys.stderr, flush=True)
    delivered = sum(1 for p in told if p.kind is ProgressKind.DELIVERED)
    if delivered:
        print(f"delivered {delivered}, {backlog.open} open", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
