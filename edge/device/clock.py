"""The unit's clock: the only file that reads one.

Times are wall time in UTC, qualified by where the wall clock was set from and how far it may be off:
- ntp: the kernel says that its clock is disciplined (adjtimex), bounded by the kernel's own maximum error, or
  systemd-timesyncd has set it since boot, by an unknown amount ago;
- rtc: a battery-backed clock is there, off by an unknown amount;
- unset: neither; the time may be wrong by years.
What is not known is None.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.core.record import ClockSource, ClockState

BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")
TIMESYNC_FILE = Path("/run/systemd/timesync/synchronized")
RTC_DIR = Path("/sys/class/rtc")

_TIME_ERROR = 5
_STA_UNSYNC = 0x40


class _Timex(ctypes.Structure):
    """struct timex of <sys/timex.h>, as far as `maxerror` and `status`; the rest is room for the kernel."""

    _fields_ = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 40),
    ]


def kernel_discipline() -> float | None:
    """Seconds by which the disciplined clock may be off at most; None when undisciplined or not to be known."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return None
    timex = _Timex()
    state = adjtimex(ctypes.byref(timex))
    if state < 0 or state == _TIME_ERROR or timex.status & _STA_UNSYNC:
        return None
    return round(float(timex.maxerror) / 1e6, 3)


class SystemClock:
    """Clock over the kernel's. The paths are arguments so that another root can be looked at."""

    def __init__(
        self,
        *,
        boot_id_file: Path = BOOT_ID_FILE,
        timesync_file: Path = TIMESYNC_FILE,
        rtc_dir: Path = RTC_DIR,
        discipline: Callable[[], float | None] = kernel_discipline,
    ) -> None:
        self._boot_id_file = boot_id_file
        self._timesync_file = timesync_file
        self._rtc_dir = rtc_dir
        self._discipline = discipline

    def now_utc(self) -> str:
        return _iso(datetime.now(UTC))

    def monotonic_s(self) -> float:
        # Not CLOCK_MONOTONIC: that one stands still while the unit sleeps in its bag.
        return round(time.clock_gettime(time.CLOCK_BOOTTIME), 3)

    def state(self) -> ClockState:
        source, uncertainty_s = self._origin()
        return ClockState(
            wall_utc=self.now_utc(),
            source=source,
            uncertainty_s=uncertainty_s,
            boot_id=self._boot_id(),
            monotonic_s=self.monotonic_s(),
        )

    def _origin(self) -> tuple[ClockSource, float | None]:
        bound_s = self._discipline()
        if bound_s is not None:
            return ClockSource.NTP, bound_s
        if self._timesync_file.exists():
            return ClockSource.NTP, None
        if any(self._rtc_dir.glob("rtc*")):
            return ClockSource.RTC, None
        return ClockSource.UNSET, None

    def _boot_id(self) -> str:
        try:
            return self._boot_id_file.read_text(encoding="ascii").strip()
        except OSError:
            return ""


class ManualClock:
    """Clock that stands still until told: for replays and tests."""

    def __init__(
        self,
        start_utc: str = "2026-01-05T08:00:00.000Z",
        *,
        boot_id: str = "00000000-0000-0000-0000-000000000000",
        source: ClockSource = ClockSource.NTP,
        uncertainty_s: float | None = 0.05,
    ) -> None:
        self._wall = datetime.fromisoformat(start_utc)
        self._monotonic_s = 100.0
        self._boot_id = boot_id
        self._source = source
        self._uncertainty_s = uncertainty_s

    def advance(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        self._wall += timedelta(seconds=seconds)
        self._monotonic_s += seconds

    def set_wall(self, wall_utc: str) -> None:
        """Set the wall clock, as a person or a server would; the monotonic one goes on."""
        self._wall = datetime.fromisoformat(wall_utc)

    def now_utc(self) -> str:
        return _iso(self._wall)

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def state(self) -> ClockState:
        return ClockState(
            wall_utc=self.now_utc(),
            source=self._source,
            uncertainty_s=self._uncertainty_s,
            boot_id=self._boot_id,
            monotonic_s=self._monotonic_s,
        )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
