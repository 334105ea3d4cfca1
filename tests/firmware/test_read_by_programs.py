"""First boot, time, network and devices: each file is read by the program it is for, which also sees a fault."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.firmware.conftest import Provision
from tests.firmware.test_system_files import SYSTEM
from tools import programs

SYSFS_OF_NO_DEVICE = "/devices/virtual/mem/null"


def needs(name: str) -> None:
    if programs.found(name) is None:
        pytest.skip(f"{name} is neither installed nor unpacked (tools/setup.sh test)")


def test_first_boot_of_trixie_is_valid_for_cloud_init(
    image: Callable[[str], Path], provision: Provision, tmp_path: Path
) -> None:
    needs("cloud-init")
    card = image("trixie")
    assert provision(card, "pi5", "trixie", "--yes").exit_code == 0
    written = card / "user-data"
    assert "{" not in written.read_text().replace("{}", "")
    checked = programs.run("cloud-init", "schema", "--config-file", written)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    assert "Valid" in checked.stdout
    spoilt = tmp_path / "spoilt"
    spoilt.write_text(written.read_text().replace("ssh_pwauth: false", "ssh_pwauth: 7"))
    checked = programs.run("cloud-init", "schema", "--config-file", spoilt)
    assert checked.returncode != 0 and "ssh_pwauth" in checked.stdout + checked.stderr


def test_time_is_read_by_chronyd(tmp_path: Path) -> None:
    needs("chronyd")
    ours = SYSTEM / "etc/chrony/conf.d/60-doorstep.conf"
    read = programs.run("chronyd", "-p", "-f", ours)
    assert (read.returncode, read.stderr) == (0, "")
    assert {"driftfile /data/chrony/drift", "port 0", "cmdport 0"} <= set(read.stdout.splitlines())
    spoilt = tmp_path / "spoilt.conf"
    spoilt.write_text(ours.read_text().replace("maxslewrate", "maxslowrate"))
    assert programs.run("chronyd", "-p", "-f", spoilt).returncode != 0


def test_access_point_is_read_by_networkmanager() -> None:
    needs("nmcli")
    text = (SYSTEM / "usr/share/doorstep/access-point.nmconnection").read_text()
    text = text.replace("@ID@", "changsha-0007").replace("@PHRASE@", "abcdefghij0123456789")
    modify = ("--offline", "connection", "modify", "connection.id", "doorstep-ap")
    read = programs.run("nmcli", *modify, given=text)
    assert (read.returncode, read.stderr) == (0, "")
    assert {"key-mgmt=sae", "mode=ap", "ap-isolation=1", "method=shared"} <= set(read.stdout.splitlines())
    assert programs.run("nmcli", *modify, given=text.replace("mode=ap", "mode=access")).returncode != 0


def test_settings_of_networkmanager_are_all_understood(tmp_path: Path) -> None:
    needs("NetworkManager")
    (tmp_path / "main.conf").touch()
    folder = SYSTEM / "etc/NetworkManager/conf.d"
    read = programs.run(
        "NetworkManager", "--print-config", f"--config={tmp_path / 'main.conf'}", f"--config-dir={folder}"
    )
    assert read.returncode == 0 and "WARNING" not in read.stdout + read.stderr, read.stdout + read.stderr
    settings = re.findall(r"(?m)^([\w.-]+=\S+)$", (folder / "60-doorstep.conf").read_text())
    assert settings and all(setting in read.stdout for setting in settings)


def test_rules_for_devices_are_read_by_udev(tmp_path: Path) -> None:
    """As udev reads them at a start. `udevadm verify` would do, and is younger than Bookworm."""
    needs("udevadm")
    if os.geteuid() != 0 or not Path(f"/sys{SYSFS_OF_NO_DEVICE}").exists():
        pytest.skip("this takes root, in a mount namespace of its own, and sysfs")
    rules = tmp_path / "rules.d"
    rules.mkdir()
    ours = (SYSTEM / "usr/lib/udev/rules.d/60-doorstep.rules").read_text()
    # The package makes these groups; here they may be missing.
    (rules / "60-doorstep.rules").write_text(re.sub(r'GROUP="\w+"', 'GROUP="root"', ours))
    assert complaints(rules) == []
    (rules / "60-doorstep.rules").write_text(ours.replace("GROUP=", "GRUOP="))
    assert any("GRUOP" in line for line in complaints(rules))


def complaints(rules: Path) -> list[str]:
    """What udev has to say of the rules in a folder, read in the place of the machine's own at run time."""
    program = programs.found("udevadm")
    script = (
        'mount -t tmpfs none /run && mkdir -p /run/udev/rules.d && mount --bind "$1" /run/udev/rules.d'
        ' && exec "$2" test --action=add "$3"'
    )
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", str(rules), str(program), SYSFS_OF_NO_DEVICE],
        capture_output=True, text=True, timeout=60, env=programs.environment(),
    )  # fmt: skip
    if done.stderr.startswith("unshare:"):
        pytest.skip(done.stderr.strip())
    assert "/run/udev/rules.d/60-doorstep.rules" in done.stdout + done.stderr, done.stderr
    return [line for line in (done.stdout + done.stderr).splitlines() if re.search(r"60-doorstep\.rules:\d+", line)]
