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
_TROUBLES = {0: "under_voltage", 1: "capped", 2: "throttled", 3: "soft_limit"}


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
        return passed("board", "ok", {"model": facts.model, "machine": facts.machine})
    return skipped("board", "no_pi", {"what": facts.model or facts.machine})


def _eeprom(facts: BoardFacts) -> SheetLine:
    if not facts.is_pi:
        return skipped("eeprom", "no_pi", {"what": facts.machine})
    return passed("eeprom", "ok", {"version": facts.eeprom}) if facts.eeprom else skipped("eeprom", "none")


def _system(facts: BoardFacts) -> SheetLine:
    name = {"name": facts.os_name or "?"}
    if facts.release in RELEASES:
        return passed("system", "ok", name)
    return failed("system", "wrong", name) if facts.is_pi else skipped("system", "untried", name)


def _heat(facts: BoardFacts) -> SheetLine:
    if facts.temperature_c is None:
        return skipped("temperature", "no_sensor")
    details = {"celsius": f"{facts.temperature_c:.0f}", "limit": f"{MOST_TEMPERATURE_C:.0f}"}
    if facts.temperature_c > MOST_TEMPERATURE_C:
        return failed("temperature", "too_hot", details, temperature_c=facts.temperature_c)
    return passed("temperature", "ok", details, temperature_c=facts.temperature_c)


def _power(facts: BoardFacts) -> SheetLine:
    if facts.throttled is None:
        return skipped("power", "unreadable")
    now = [name for bit, name in _TROUBLES.items() if facts.throttled >> bit & 1]
    since = [name for bit, name in _TROUBLES.items() if facts.throttled >> (bit + 16) & 1]
    if now or since:
        return failed("power", "trouble", {"now": " ".join(now), "since": " ".join(since)})
    return passed("power")


def _rtc(facts: BoardFacts) -> SheetLine:
    if not facts.rtc:
        return failed("rtc", "none") if facts.is_pi else skipped("rtc", "none_here")
    if facts.rtc_off_s is None or facts.rtc_runs_s is None:
        return skipped("rtc", "unreadable", {"clock": facts.rtc})
    found = {"clock": facts.rtc, "off": f"{facts.rtc_off_s:+.1f}"}
    if not 0 < facts.rtc_runs_s <= MOST_RTC_OFF_S:
        return failed("rtc", "still", found)
    if abs(facts.rtc_off_s) > MOST_RTC_OFF_S:
        return failed("rtc", "off", found, off_s=facts.rtc_off_s)
    return passed("rtc", "ok", found, off_s=facts.rtc_off_s)


def _wear(facts: BoardFacts) -> SheetLine:
    storage = {"storage": facts.storage or "?"}
    if facts.life_used is None:
        return skipped("endurance", "silent", storage)
    found = {**storage, "percent": str(facts.life_used * 10)}
    if facts.life_used > MOST_LIFE_USED or (facts.pre_eol or 1) > 1:
        return failed("endurance", "worn", found, life_used=facts.life_used)
    return passed("endurance", "ok", found, life_used=facts.life_used)


def judge_space(facts: BoardFacts, *, min_free_mb: int) -> SheetLine:
    """Twice the room below which visits are refused is to be free on the bench."""
    free_mb = facts.free_bytes // 1_000_000
    found = {"free": f"{free_mb / 1000:.1f}", "total": f"{facts.total_bytes / 1e9:.1f}", "least": str(min_free_mb)}
    if free_mb < 2 * min_free_mb:
        return failed("space", "little", found, free_mb=free_mb)
    return passed("space", "ok", found, free_mb=free_mb)


def judge_clock(state: ClockState) -> SheetLine:
    found = {"time": state.wall_utc, "source": state.source.value}
    if state.source is ClockSource.UNSET:
        return failed("clock", "unset", found)
    if state.uncertainty_s is None:
        return passed("clock", "ok", found)
    return passed("clock", "within", {**found, "off": f"{state.uncertainty_s:g}"}, off_s=state.uncertainty_s)


def judge_camera(model: str, size_px: tuple[int, int], sharpness: float, rate_fps: float, luma: float) -> SheetLine:
    """sharpness: grey levels squared of the middle of the picture; luma: its mean, 0..255."""
    found = {
        "model": model,
        "size": f"{size_px[0]}×{size_px[1]}",
        "rate": f"{rate_fps:.1f}",
        "sharp": f"{sharpness:.0f}",
        "light": f"{luma:.0f}",
    }
    figures = {"rate_fps": round(rate_fps, 2), "sharpness": round(sharpness, 1), "luma": round(luma, 1)}
    if rate_fps < LEAST_RATE_FPS:
        return failed("camera", "slow", found, **figures)
    if sharpness < LEAST_SHARPNESS:
        return failed("camera", "blurred", found, **figures)
    return passed("camera", "ok", found, **figures)


def judge_lamps(dark: float, lit: float) -> SheetLine:
    """Mean light 0..255 of the picture with the lamps off and on: the camera is to see them."""
    found = {"dark": f"{dark:.0f}", "lit": f"{lit:.0f}"}
    if lit - dark < LEAST_LIGHT_GAIN:
        return failed("lamps", "unseen", found, gain=round(lit - dark, 1))
    return passed("lamps", "ok", found, gain=round(lit - dark, 1))


def judge_certificate(
    name: str, unit_id: str, days_left: float, issuer: str, *, under_way: bool = False
) -> SheetLine:
    """under_way: the unit has asked for the next one by itself, or is trying it."""
    found = {"name": name, "unit": unit_id, "issuer": issuer, "days": f"{days_left:.0f}"}
    figures = {"days_left": round(days_left, 1)}
    if name != unit_id:
        return failed("certificate", "of_another", found)
    if days_left <= 0:
        return failed("certificate", "over", found, **figures)
    if under_way and days_left < LEAST_DAYS_ASKED:
        return failed("certificate", "not_answered", found, **figures)
    if not under_way and days_left < LEAST_CERTIFICATE_DAYS:
        return failed("certificate", "ending", found, **figures)
    return passed("certificate", "asked" if under_way else "ok", found, **figures)
