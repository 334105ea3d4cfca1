"""The system's files are read by the programs they are for, and the README knows each of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).parents[2] / "firmware-config"
SYSTEM = FIRMWARE / "system"
FILES = sorted(p.relative_to(FIRMWARE).as_posix() for p in FIRMWARE.rglob("*") if p.is_file())


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=60)


def needs(program: str) -> str:
    found = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not found:
        pytest.skip(f"{program} is not installed")
    return found


@pytest.mark.parametrize("name", [name for name in FILES if name != "README.md"])
def test_readme_says_what_the_file_does(name: str) -> None:
    listed = re.findall(r"(?m)^\| `([^`]+)` \| .{20,} \|$", (FIRMWARE / "README.md").read_text())
    assert name in listed


def test_firewall_is_read_by_nft_and_drops_by_default(tmp_path: Path) -> None:
    nft = needs("nft")
    text = (SYSTEM / "etc/doorstep/nftables.conf").read_text()
    # The package makes this user; here there is none.
    rules = tmp_path / "rules.nft"
    rules.write_text(text.replace('"doorstep-sync"', '"nobody"'))
    checked = run("unshare", "-rn", nft, "-c", "-f", rules)
    assert (checked.returncode, checked.stderr) == (0, "")
    policies = dict(re.findall(r"hook (\w+) .*policy (\w+)", text))
    assert policies == {"input": "drop", "forward": "drop", "output": "drop"}
    rules.write_text(text.replace("hook input", "hook imput"))
    assert run("unshare", "-rn", nft, "-c", "-f", rules).returncode != 0


def test_users_and_folders_are_made_as_the_services_need_them(tmp_path: Path) -> None:
    sysusers, tmpfiles = needs("systemd-sysusers"), needs("systemd-tmpfiles")
    if os.geteuid() != 0:
        pytest.skip("making users takes root, in a folder too")
    (tmp_path / "etc").mkdir()
    made = run(sysusers, f"--root={tmp_path}", SYSTEM / "usr/lib/sysusers.d/doorstep.conf")
    assert made.returncode == 0, made.stderr
    users = {line.split(":")[0]: line.split(":")[2:4] for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    groups = {line.split(":")[0]: line.split(":")[2] for line in (tmp_path / "etc/group").read_text().splitlines()}
    assert users["doorstep"][1] == users["doorstep-sync"][1] == groups["doorstep"]
    assert users["doorstep"][0] != users["doorstep-sync"][0] and users["doorstep-kiosk"][1] != groups["doorstep"]
    made = run(tmpfiles, "--create", f"--root={tmp_path}", SYSTEM / "usr/lib/tmpfiles.d/doorstep.conf")
    assert made.returncode == 0, made.stderr
    folder = (tmp_path / "var/lib/doorstep").stat()
    assert (oct(folder.st_mode & 0o7777), folder.st_uid) == ("0o2770", 0)
    assert str(folder.st_gid) == groups["doorstep"]


def first_boot(root: Path, model: str, release: str) -> subprocess.CompletedProcess[str]:
    card = root / "boot/firmware/doorstep"
    for folder in (card, root / "proc/device-tree", root / "etc", root / "dev/disk/by-label", root / "usr/share"):
        folder.mkdir(parents=True, exist_ok=True)
    (card / "card.env").write_text('BOARD="pi5"\nMODEL="Raspberry Pi 5"\nRELEASE="trixie"\nUNIT_ID="changsha-0007"\n')
    (root / "proc/device-tree/model").write_text(model + "\0")
    (root / "etc/os-release").write_text(f"VERSION_CODENAME={release}\n")
    (root / "etc/fstab").touch()
    (root / "dev/disk/by-label/doorstep-data").touch()
    (root / "boot/firmware/cmdline.txt").write_text(
        "console=tty1 root=PARTUUID=1-02 systemd.run=/boot/firmware/doorstep/first-boot.sh"
        " systemd.run_success_action=reboot systemd.unit=kernel-command-line.target quiet\n"
    )
    if not (root / "usr/share/doorstep").exists():
        shutil.copytree(SYSTEM / "usr/share/doorstep", root / "usr/share/doorstep")
    script = ["sh", str(FIRMWARE / "boot/first-boot.sh")]
    environment = {"ROOT": str(root), "PATH": os.environ["PATH"]}
    return subprocess.run(script, capture_output=True, text=True, timeout=60, env=environment)


def test_first_start_makes_the_unit_and_takes_itself_out(tmp_path: Path) -> None:
    done = first_boot(tmp_path, "Raspberry Pi 5 Model B Rev 1.0", "trixie")
    assert done.returncode == 0, done.stderr
    assert "doorstep unit init /var/lib/doorstep --id changsha-0007 --provisioned" in done.stdout
    words = (tmp_path / "boot/firmware/cmdline.txt").read_text()
    assert words == "console=tty1 root=PARTUUID=1-02 quiet overlayroot=tmpfs:recurse=0\n"
    network = tmp_path / "etc/NetworkManager/system-connections/doorstep-ap.nmconnection"
    phrase = re.findall(r"psk=(\w{20})\n", network.read_text())
    assert phrase and network.stat().st_mode & 0o077 == 0
    first_boot(tmp_path, "Raspberry Pi 5 Model B Rev 1.0", "trixie")
    assert (tmp_path / "etc/fstab").read_text().count("doorstep-data") == 1
    assert re.findall(r"psk=(\w{20})\n", network.read_text()) == phrase
    assert phrase[0] not in (tmp_path / "boot/firmware/doorstep/first-boot.log").read_text()


@pytest.mark.parametrize(("model", "release"), [("Raspberry Pi 4 Model B", "trixie"), ("Raspberry Pi 5", "bookworm")])
def test_card_in_the_wrong_board_does_nothing(tmp_path: Path, model: str, release: str) -> None:
    done = first_boot(tmp_path, model, release)
    assert done.returncode == 1 and "What to do" in done.stdout
    assert "overlayroot" not in (tmp_path / "boot/firmware/cmdline.txt").read_text()


def test_partitions_are_made_on_an_image_and_only_once(tmp_path: Path) -> None:
    needs("sfdisk")
    if os.geteuid() != 0 or not Path("/dev/loop-control").exists():
        pytest.skip("this takes root and a loop device")
    card = tmp_path / "card.img"
    with card.open("wb") as file:
        file.truncate(3 << 30)
    table = "label: dos\nstart=8192,size=131072,type=c\nstart=139264,size=262144,type=83\n"
    subprocess.run(["sfdisk", "-q", card], input=table, text=True, check=True)
    subprocess.run(["mkfs.ext4", "-q", "-E", f"offset={139264 * 512}", card, "128M"], check=True, capture_output=True)
    script = FIRMWARE / "partition.sh"
    before = run("sfdisk", "-d", card).stdout
    assert "Nothing was written" in run("sh", script, card, "1").stdout
    assert run("sfdisk", "-d", card).stdout == before
    done = run("sh", script, card, "1", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    sizes = re.findall(r"size= *(\d+)", run("sfdisk", "-d", card).stdout)
    assert sizes[1] == str(2097152) and len(sizes) == 3
    label = run("blkid", "-p", "-O", str((139264 + 2097152) * 512), "-s", "LABEL", "-o", "value", card).stdout
    assert label == "doorstep-data\n"
    again = run("sh", script, card, "1", "--yes")
    assert again.returncode == 1 and "3 partitions" in again.stderr
