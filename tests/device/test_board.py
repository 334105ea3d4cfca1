"""What a board says of itself, read from a tree like that of a Pi 5; and from this machine, whatever it is."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from edge.device.board import look_at_board


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    """A root with the files of a Raspberry Pi 5 whose data lies on an eMMC partition."""
    device = tmp_path.stat().st_dev
    disk = "sys/devices/mmc/mmcblk0"
    files = {
        "proc/device-tree/model": b"Raspberry Pi 5 Model B Rev 1.0\0",
        "proc/device-tree/chosen/bootloader/version": b"0123456789abcdef\0",
        "proc/device-tree/chosen/bootloader/build-timestamp": (1746713597).to_bytes(4, "big"),
        "etc/os-release": b'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_CODENAME=trixie\n',
        "sys/class/thermal/thermal_zone0/temp": b"48250\n",
        "sys/devices/platform/soc/soc:firmware/get_throttled": b"50000\n",
        "sys/class/rtc/rtc0/name": b"rpi-rtc soc\n",
        "sys/class/rtc/rtc0/since_epoch": b"1000\n",
        f"{disk}/mmcblk0p3/partition": b"3\n",
        f"{disk}/device/type": b"MMC\n",
        f"{disk}/device/life_time": b"0x02 0x03\n",
        f"{disk}/device/pre_eol_info": b"0x01\n",
    }
    root = tmp_path / "root"
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    link = root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}"
    link.parent.mkdir(parents=True)
    link.symlink_to(root / disk / "mmcblk0p3")
    return root


def test_everything_that_a_pi_says_is_read(pi: Path, tmp_path: Path) -> None:
    def a_second_later(_seconds: float) -> None:
        (pi / "sys/class/rtc/rtc0/since_epoch").write_bytes(b"1001\n")

    facts = look_at_board(tmp_path, 1002.5, root=pi, sleep=a_second_later)
    assert facts.is_pi and facts.model == "Raspberry Pi 5 Model B Rev 1.0"
    assert facts.eeprom == "2025-05-08 0123456789ab"
    assert (facts.release, facts.temperature_c, facts.throttled) == ("trixie", 48.25, 0x50000)
    assert (facts.rtc, facts.rtc_off_s, facts.rtc_runs_s) == ("rpi-rtc soc", -2.5, 1.0)
    assert (facts.storage, facts.life_used, facts.pre_eol) == ("mmcblk0 MMC", 3, 1)
    assert 0 < facts.free_bytes <= facts.total_bytes


def test_clock_that_stands_still_is_seen(pi: Path, tmp_path: Path) -> None:
    assert look_at_board(tmp_path, 1000.0, root=pi, sleep=lambda _s: None).rtc_runs_s == 0.0


def test_card_that_tells_no_wear_leaves_it_unknown(pi: Path, tmp_path: Path) -> None:
    (pi / "sys/devices/mmc/mmcblk0/device/life_time").unlink()
    assert look_at_board(tmp_path, 1000.0, root=pi, sleep=lambda _s: None).life_used is None


def test_machine_with_nothing_of_it_says_nothing(tmp_path: Path) -> None:
    facts = look_at_board(tmp_path, 0.0, root=tmp_path / "nothing")
    assert (facts.model, facts.eeprom, facts.temperature_c, facts.throttled, facts.rtc) == ("", "", None, None, "")


def test_this_machine_can_be_looked_at(tmp_path: Path) -> None:
    assert look_at_board(tmp_path, 0.0, sleep=lambda _s: time.sleep(0)).machine
