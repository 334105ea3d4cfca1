"""What counts as good on a technician's bench: facts of the board in, lines of the sheet out.

Bits of `throttled` as the firmware gives them (Raspberry Pi documentation, vcgencmd get_throttled): 0 under-voltage,
1 frequency capped, 2 throttled, 3 soft temperature limit; the same from bit 16 on: since the board started. Wear as
eMMC gives it (JEDEC JESD84-B51, EXT_CSD 267 to 269): life_time n means up to n×10 % used, pre_eol 1 is normal.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.bench_sheet import SheetLine, failed, passed, skipped
from edge.core.record import ClockSource, ClockState

RELEASES = ("bookworm", "trixie")
MOST_TEMPERATURE_C = 75.0
MOST_RTC_OFF_S = 2.0
MOST_LIFE_USED = 8
LEAST_SHARPNESS = 20.0
LEAST_RATE_FPS = 8.0
LEAST_LIGHT_GAIN = 3.0
LEAST_CERTIFICATE_DAYS, LEAST_DAYS_ASKED = 30, 14
NO_PI = "not a Raspberry Pi: "
_NOW = {0: "under-voltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFacts:
    """What the system says of the board; None or empty where it says nothing. Temperatures in °C, sizes in bytes.

    rtc_off_s: the RTC minus the system clock; rtc_runs_s: how far it moved while about a second passed.
    life_used: the worse of eMMC's two figures, in tenths; None for cards, which do not tell.
    """

    model: str
    machine: str
    eeprom: str = ""
    os_name: str = ""
    release: str = ""
    temperature_c: float | None = None
    throttled: int | None = None
    rtc: str = ""
    rtc_off_s: float | None = None
    rtc_runs_s: float | None = None
    storage: str = ""
    life_used: int | None = None
    pre_eol: int | None = None
    free_bytes: int = 0
    total_bytes: int = 0

    @property
    def is_pi(self) -> bool:
        return "raspberry pi" in self.model.lower()


def judge_board(facts: BoardFacts) -> list[SheetLine]:
    """The lines that need nothing but facts."""
    return [_board(facts), _eeprom(facts), _system(facts), _heat(facts), _power(facts), _rtc(facts), _wear(facts)]


def _board(facts: BoardFacts) -> SheetLine:
    if facts.is_pi:
        return passed("board", f"{facts.model}, {facts.machine}")
    return skipped("board", NO_PI + (facts.model or facts.machine))


def _eeprom(facts: BoardFacts) -> SheetLine:
    if not facts.is_pi:
        return skipped("eeprom", NO_PI + facts.machine)
    return passed("eeprom", facts.eeprom) if facts.eeprom else skipped("eeprom", "this board has no boot EEPROM")


def _system(facts: BoardFacts) -> SheetLine:
    if facts.release in RELEASES:
        return passed("system", facts.os_name)
    if facts.is_pi:
        return failed("system", facts.os_name or "unknown", "Install Raspberry Pi OS (64 bit), Bookworm or Trixie.")
    return skipped("system", f"{facts.os_name or 'unknown'}: tried on {' and '.join(RELEASES)} only")


def _heat(facts: BoardFacts) -> SheetLine:
    if facts.temperature_c is None:
        return skipped("temperature", "the board has no sensor that can be read")
    text, figure = f"{facts.temperature_c:.0f} °C", facts.temperature_c
    if facts.temperature_c > MOST_TEMPERATURE_C:
        remedy = f"Let it cool below {MOST_TEMPERATURE_C:.0f} °C; look for a blocked vent or a loose heat sink."
        return failed("temperature", text, remedy, temperature_c=figure)
    return passed("temperature", text, temperature_c=figure)


def _power(facts: BoardFacts) -> SheetLine:
    if facts.throttled is None:
        return skipped("power", "the firmware's throttling flags cannot be read here")
    now = [name for bit, name in _NOW.items() if facts.throttled >> bit & 1]
    before = [name for bit, name in _NOW.items() if facts.throttled >> (bit + 16) & 1]
    if now or before:
        text = ", ".join([f"{n} now" for n in now] + [f"{b} since start" for b in before if b not in now])
        return failed("power", text, "Use the board's own power supply or a better cable, then start it again.")
    return passed("power", "no under-voltage and no throttling since start")


def _rtc(facts: BoardFacts) -> SheetLine:
    if not facts.rtc:
        if facts.is_pi:
            return failed("rtc", "no battery-backed clock", "Fit a DS3231 (on a Pi 5: its battery) and its overlay.")
        return skipped("rtc", "no battery-backed clock here")
    if facts.rtc_off_s is None or facts.rtc_runs_s is None:
        return skipped("rtc", f"{facts.rtc}: its time cannot be read")
    found = f"{facts.rtc}, {facts.rtc_off_s:+.1f} s from the system's clock"
    if not 0 < facts.rtc_runs_s <= MOST_RTC_OFF_S:
        return failed("rtc", f"{facts.rtc} stands still", "Change its battery, then set it: hwclock --systohc.")
    if abs(facts.rtc_off_s) > MOST_RTC_OFF_S:
        return failed("rtc", found, "Set it from a right clock: hwclock --systohc.", off_s=facts.rtc_off_s)
    return passed("rtc", f"{found}, running", off_s=facts.rtc_off_s)


def _wear(facts: BoardFacts) -> SheetLine:
    if facts.life_used is None:
        return skipped("endurance", f"{facts.storage or 'this disk'} does not tell its wear")
    found = f"{facts.storage}: up to {facts.life_used * 10} % of its life used"
    if facts.life_used > MOST_LIFE_USED or (facts.pre_eol or 1) > 1:
        return failed("endurance", found, "Copy the data and change the card or board.", life_used=facts.life_used)
    return passed("endurance", found, life_used=facts.life_used)


def judge_space(facts: BoardFacts, *, min_free_mb: int) -> SheetLine:
    """Twice the room below which visits are refused is to be free on the bench."""
    free_mb = facts.free_bytes // 1_000_000
    found = f"{free_mb / 1000:.1f} GB free of {facts.total_bytes / 1e9:.1f} GB"
    if free_mb < 2 * min_free_mb:
        remedy = f"Below {min_free_mb} MB no visit begins. Let the unit sync, or use a larger card."
        return failed("space", found, remedy, free_mb=free_mb)
    return passed("space", found, free_mb=free_mb)


def judge_clock(state: ClockState) -> SheetLine:
    found = f"{state.wall_utc}, set from {state.source.value}"
    if state.source is ClockSource.UNSET:
        return failed("clock", found, "Connect to a network until the clock is set, and fit an RTC.")
    if state.uncertainty_s is None:
        return passed("clock", found)
    return passed("clock", f"{found}, off by {state.uncertainty_s:g} s at most", off_s=state.uncertainty_s)


def judge_camera(model: str, size_px: tuple[int, int], sharpness: float, rate_fps: float, luma: float) -> SheetLine:
    """sharpness: grey levels squared of the middle of the picture; luma: its mean, 0..255."""
    found = (
        f"{model}, {size_px[0]}×{size_px[1]} px, {rate_fps:.1f} frames/s, sharpness {sharpness:.0f}, light {luma:.0f}"
    )
    figures = {"rate_fps": round(rate_fps, 2), "sharpness": round(sharpness, 1), "luma": round(luma, 1)}
    if rate_fps < LEAST_RATE_FPS:
        return failed("camera", found, "Check ribbon and overlay; other programs must not use the camera.", **figures)
    if sharpness < LEAST_SHARPNESS:
        remedy = "Point it at a printed page in good light; clean the lens, turn a lens of fixed focus."
        return failed("camera", found, remedy, **figures)
    return passed("camera", found, **figures)


def judge_lamps(dark: float, lit: float) -> SheetLine:
    """Mean light 0..255 of the picture with the lamps off and on: the camera is to see them."""
    found = f"the picture's light goes from {dark:.0f} to {lit:.0f}"
    if lit - dark < LEAST_LIGHT_GAIN:
        remedy = "Check wiring and pins in unit.toml; hold a white sheet a hand's length before the lens."
        return failed("lamps", found, remedy, gain=round(lit - dark, 1))
    return passed("lamps", found, gain=round(lit - dark, 1))


def judge_certificate(
    name: str, unit_id: str, days_left: float, issuer: str, *, under_way: bool = False
) -> SheetLine:
    """under_way: the unit has asked for the next one by itself, or is trying it."""
    found = f"for {name}, by {issuer}, {days_left:.0f} days left" + (", the next one is asked for" * under_way)
    figures = {"days_left": round(days_left, 1)}
    if name != unit_id:
        return failed("certificate", found, f"Install the certificate that was made for {unit_id}.")
    if days_left <= 0:
        remedy = "No broker takes it. Carry its request by stick: `doorstep export`; or `doorstep provision request`."
        return failed("certificate", found, remedy, **figures)
    if under_way and days_left < LEAST_DAYS_ASKED:
        remedy = "A technician must sign it: `doorstep-central unit renewals export`, then `provision ca renew`."
        return failed("certificate", found, remedy, **figures)
    if not under_way and days_left < LEAST_CERTIFICATE_DAYS:
        remedy = "Let it sync, then it asks by itself; or `doorstep provision request`, then `provision install`."
        return failed("certificate", found, remedy, **figures)
    return passed("certificate", found, **figures)
