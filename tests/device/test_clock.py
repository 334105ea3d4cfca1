"""The clock says where its time comes from, and None for what nobody knows."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from edge.core.record import ClockSource
from edge.device.clock import SystemClock, kernel_discipline


@pytest.mark.parametrize(
    ("bound_s", "timesync", "rtc", "expected"),
    [
        (0.02, False, False, (ClockSource.NTP, 0.02)),
        (None, True, True, (ClockSource.NTP, None)),
        (None, False, True, (ClockSource.RTC, None)),
        (None, False, False, (ClockSource.UNSET, None)),
    ],
)
def test_source_of_the_time_is_never_guessed(
    tmp_path: Path, bound_s: float | None, timesync: bool, rtc: bool, expected: tuple[ClockSource, float | None]
) -> None:
    if timesync:
        (tmp_path / "synchronized").touch()
    if rtc:
        (tmp_path / "rtc" / "rtc0").mkdir(parents=True)
    clock = SystemClock(
        boot_id_file=tmp_path / "boot_id",
        timesync_file=tmp_path / "synchronized",
        rtc_dir=tmp_path / "rtc",
        discipline=lambda: bound_s,
    )
    state = clock.state()
    assert (state.source, state.uncertainty_s) == expected
    assert state.boot_id == ""


def test_times_are_utc_with_milliseconds_and_monotonic() -> None:
    clock = SystemClock()
    text = clock.now_utc()
    assert text.endswith("Z") and len(text) == len("2026-01-05T08:00:00.000Z")
    assert datetime.fromisoformat(text).tzinfo is not None
    assert clock.monotonic_s() <= clock.monotonic_s()
    assert len(clock.state().boot_id) in (0, 36)


def test_kernel_is_asked_without_being_set() -> None:
    bound_s = kernel_discipline()
    assert bound_s is None or bound_s >= 0
