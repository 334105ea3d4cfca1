"""A boot partition as an image has it, and the command on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.cli.main import main

CONFIG = "camera_auto_detect=1\ndtoverlay=vc4-kms-v3d\nauto_initramfs=1\narm_boost=1\n[cm4]\notg_mode=1\n[all]\n"
CMDLINE = {
    "bookworm": "console=serial0,115200 console=tty1 root=PARTUUID=4e639091-02 rootfstype=ext4 rootwait"
    " fsck.repair=yes quiet init=/usr/lib/raspberrypi-sys-mods/firstboot\n",
    "trixie": "console=serial0,115200 console=tty1 root=PARTUUID=4e639091-02 rootfstype=ext4 rootwait resize"
    " ds=nocloud;i=rpi-imager-1\n",
}
TREES = ("bcm2711-rpi-4-b", "bcm2711-rpi-cm4", "bcm2712-rpi-5-b", "bcm2710-rpi-zero-2-w")
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "B" * 43 + " bench"
Provision = Callable[..., Result]


@pytest.fixture
def image(tmp_path: Path) -> Callable[[str], Path]:
    """A fresh boot partition of a release."""

    def make(release: str) -> Path:
        folder = tmp_path / f"boot-{release}-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "config.txt").write_text(CONFIG)
        (folder / "cmdline.txt").write_text(CMDLINE[release])
        if release == "trixie":
            for name in ("user-data", "meta-data", "network-config"):
                (folder / name).write_text("#cloud-config\n")
        for tree in TREES:
            (folder / f"{tree}.dtb").write_bytes(b"\xd0\x0d\xfe\xed")
        return folder

    return make


@pytest.fixture
def provision(tmp_path: Path) -> Provision:
    key = tmp_path / "technician.pub"
    key.write_text(SSH_KEY + "\n")

    def run(folder: Path, board: str, release: str, *more: object) -> Result:
        arguments = ["provision", "card", folder, "--board", board, "--release", release, "--id", "changsha-0007"]
        arguments += ["--ssh-key", key, *more]
        return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)

    return run


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, by path."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def changes(result: Result) -> list[str]:
    found: list[str] = json.loads(result.stdout)["changes"]
    return found
