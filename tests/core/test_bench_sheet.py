"""The bench sheet: a fault fails its line with a remedy, what is not there is skipped, and nobody edits a sheet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edge.core.bench_rules import (
    BoardFacts,
    judge_board,
    judge_camera,
    judge_certificate,
    judge_clock,
    judge_lamps,
    judge_space,
)
from edge.core.bench_sheet import (
    BenchSheet,
    LineState,
    SheetLine,
    ended_by,
    failed,
    open_sheet,
    passed,
    sign_sheet,
    skipped,
)
from edge.core.errors import CouldNotBeChecked, DoesNotVerify, SyncError
from edge.core.record import ClockSource
from edge.device.clock import ManualClock
from tests.samples import CENTRAL_KEY, UNIT, UNIT_KEY, sample_key

PI = BoardFacts(
    model="Raspberry Pi 5 Model B Rev 1.0", machine="aarch64", eeprom="2025-05-08 abc", os_name="Debian GNU/Linux 13",
    release="trixie", temperature_c=48.0, throttled=0, rtc="rpi-rtc", rtc_off_s=0.2, rtc_runs_s=1.0,
    storage="mmcblk0 MMC", life_used=1, pre_eol=1, free_bytes=20_000_000_000, total_bytes=30_000_000_000,
)  # fmt: skip
LAPTOP = BoardFacts(model="", machine="x86_64", os_name="Debian GNU/Linux 12 (bookworm)", release="bookworm")


def states(facts: BoardFacts) -> dict[str, LineState]:
    return {line.check: line.state for line in judge_board(facts)}


def test_good_board_passes_every_line() -> None:
    assert set(states(PI).values()) == {LineState.PASS}


def test_laptop_skips_what_it_has_not_and_fails_nothing() -> None:
    found = states(LAPTOP)
    assert found.pop("system") is LineState.PASS
    assert set(found.values()) == {LineState.SKIPPED}


@pytest.mark.parametrize(
    ("check", "change"),
    [
        ("system", {"release": "bullseye"}),
        ("temperature", {"temperature_c": 81.0}),
        ("power", {"throttled": 0x1}),
        ("power", {"throttled": 0x50000}),
        ("rtc", {"rtc": ""}),
        ("rtc", {"rtc_off_s": -3600.0}),
        ("rtc", {"rtc_runs_s": 0.0}),
        ("endurance", {"life_used": 9}),
        ("endurance", {"pre_eol": 2}),
    ],
)
def test_fault_of_the_board_fails_its_own_line(check: str, change: dict[str, Any]) -> None:
    lines = {line.check: line for line in judge_board(replace(PI, **change))}
    assert lines[check].state is LineState.FAIL
    assert all(line.state is not LineState.FAIL for name, line in lines.items() if name != check)


def test_under_voltage_that_is_over_is_still_told() -> None:
    (line,) = [line for line in judge_board(replace(PI, throttled=0x10000)) if line.check == "power"]
    assert line.details == {"now": "", "since": "under_voltage"}


@pytest.mark.parametrize(
    "line",
    [
        judge_space(replace(PI, free_bytes=300_000_000), min_free_mb=200),
        judge_clock(ManualClock(source=ClockSource.UNSET).state()),
        judge_camera("imx708", (640, 480), sharpness=300.0, rate_fps=4.0, luma=120.0),
        judge_camera("imx708", (640, 480), sharpness=3.0, rate_fps=30.0, luma=120.0),
        judge_lamps(100.0, 101.0),
        judge_certificate("unit-b", UNIT, 300.0, "CA"),
        judge_certificate(UNIT, UNIT, 5.0, "CA"),
    ],
)
def test_measured_fault_fails(line: SheetLine) -> None:
    assert line.state is LineState.FAIL


def sheet(*lines: SheetLine, unit_id: str = UNIT) -> BenchSheet:
    return BenchSheet(
        unit_id=unit_id, purpose="demonstration", key_sha256="0" * 64, made_utc="2026-01-05T08:00:00.000Z",
        software="doorstep 0", lines=lines,
    )  # fmt: skip


def test_one_failed_line_fails_the_sheet_and_a_skipped_one_does_not() -> None:
    assert sheet(passed("a"), skipped("b", "none")).passed
    assert not sheet(passed("a"), failed("b", "broken")).passed


def test_signed_sheet_reads_back_and_an_edited_one_does_not() -> None:
    made = sheet(ended_by("broker", SyncError("no", remedy="cable")))
    raw = sign_sheet(made, UNIT_KEY.signer)
    assert open_sheet(raw, [UNIT_KEY.public]) == made
    edited = bytearray(raw)
    edited[len(edited) // 3] ^= 1
    with pytest.raises(DoesNotVerify):
        open_sheet(bytes(edited), [UNIT_KEY.public])


def test_sheet_of_one_unit_signed_by_another_is_refused() -> None:
    with pytest.raises(DoesNotVerify, match="another unit"):
        open_sheet(sign_sheet(sheet(unit_id="unit-z"), UNIT_KEY.signer), [UNIT_KEY.public])


def test_sheet_without_its_units_key_at_hand_is_not_checked() -> None:
    with pytest.raises(CouldNotBeChecked):
        open_sheet(sign_sheet(sheet(), UNIT_KEY.signer), [CENTRAL_KEY.public, sample_key("unit-0002").public])
