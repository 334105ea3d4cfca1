"""What the kernel and the firmware say of this board, read from /proc and /sys; nothing is written.

`root` is an argument so that the tree of another board can be looked at. What cannot be read is left empty: a laptop
has no device tree, an SD card tells no wear.
"""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from edge.core.bench_rules import BoardFacts

RTC_LOOK_S = 1.1


def look_at_board(
    data: Path, now_s: float, *, root: Path = Path("/"), sleep: Callable[[float], None] = time.sleep
) -> BoardFacts:
    """Facts of the board whose file system is at `root`, and of the disk that `data` lies on.

    now_s: the system's wall clock in seconds since 1970. Sleeps RTC_LOOK_S where there is an RTC.
    """
    tree, disk = root / "proc/device-tree", shutil.disk_usage(data)
    release = _os_release(root)
    rtc_name, rtc_off_s, rtc_runs_s = _rtc(root / "sys/class/rtc/rtc0", sleep, now_s)
    storage, life_used, pre_eol = _storage(root, data)
    millidegrees = _number(root / "sys/class/thermal/thermal_zone0/temp")
    throttled = _text(root / "sys/devices/platform/soc/soc:firmware/get_throttled")
    return BoardFacts(
        model=_text(tree / "model") or _text(root / "sys/class/dmi/id/product_name"),
        machine=platform.machine(),
        eeprom=_eeprom(tree / "chosen/bootloader"),
        os_name=release.get("PRETTY_NAME", ""),
        release=release.get("VERSION_CODENAME", ""),
        temperature_c=None if millidegrees is None else millidegrees / 1000,
        throttled=int(throttled, 16) if throttled else None,
        rtc=rtc_name,
        rtc_off_s=rtc_off_s,
        rtc_runs_s=rtc_runs_s,
        storage=storage,
        life_used=life_used,
        pre_eol=pre_eol,
        free_bytes=disk.free,
        total_bytes=disk.total,
    )


def _eeprom(bootloader: Path) -> str:
    version = _text(bootloader / "version")
    try:
        built_s = int.from_bytes((bootloader / "build-timestamp").read_bytes()[:4], "big")
        return f"{datetime.fromtimestamp(built_s, UTC):%Y-%m-%d} {version[:12]}".strip()
    except OSError:
        return version


def _os_release(root: Path) -> dict[str, str]:
    lines = (_text(root / "etc/os-release") or _text(root / "usr/lib/os-release")).splitlines()
    pairs = (line.split("=", 1) for line in lines if "=" in line)
    return {key.strip(): value.strip().strip('"') for key, value in pairs}


def _rtc(rtc: Path, sleep: Callable[[float], None], now_s: float) -> tuple[str, float | None, float | None]:
    name, first_s = _text(rtc / "name"), _number(rtc / "since_epoch")
    if first_s is None:
        return name, None, None
    sleep(RTC_LOOK_S)  # it counts whole seconds
    second_s = _number(rtc / "since_epoch")
    return name, first_s - now_s, None if second_s is None else second_s - first_s


def _storage(root: Path, data: Path) -> tuple[str, int | None, int | None]:
    device = data.stat().st_dev
    block = root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}"
    try:
        block = block.resolve(strict=True)
    except OSError:
        return "", None, None
    disk = block.parent if (block / "partition").exists() else block
    name = " ".join(part for part in (disk.name, _text(disk / "device/type"), _text(disk / "device/name")) if part)
    life_used = max((int(part, 16) for part in _text(disk / "device/life_time").split()), default=0)
    pre_eol = _text(disk / "device/pre_eol_info")
    return name, life_used or None, int(pre_eol, 16) if pre_eol else None


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace").strip("\0\n ")
    except OSError:
        return ""


def _number(path: Path) -> float | None:
    try:
        return float(_text(path))
    except ValueError:
        return None
