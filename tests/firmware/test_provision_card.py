"""Cards: the same choice gives the same files, the wrong card is left alone, and no secret gets on one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.core.keys import KeyPurpose
from edge.wiring.unit import found_unit
from tests.firmware.conftest import CONFIG, SSH_KEY, Provision, changes, contents

Image = Callable[[str], Path]
BOARDS = ("pi4", "cm4", "pi5", "zero2w")
RELEASES = ("bookworm", "trixie")


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("board", BOARDS)
def test_two_provisionings_are_identical(image: Image, provision: Provision, board: str, release: str) -> None:
    first, second = image(release), image(release)
    for folder in (first, second):
        assert provision(folder, board, release, "--yes").exit_code == 0
    assert contents(first) == contents(second)
    assert changes(provision(first, board, release, "--yes", "--json")) == []
    assert contents(first) == contents(second)


def test_without_yes_only_the_diff_is_shown(image: Image, provision: Provision) -> None:
    folder = image("trixie")
    before = contents(folder)
    shown = provision(folder, "pi5", "trixie")
    assert "+dtoverlay=imx708" in shown.stdout and "-camera_auto_detect=1" in shown.stdout
    assert contents(folder) == before


@pytest.mark.parametrize(("board", "release"), [("pi4", "trixie"), ("pi5", "bookworm")])
def test_card_of_another_board_or_release_is_left_alone(
    image: Image, provision: Provision, board: str, release: str
) -> None:
    folder = image("trixie")
    provision(folder, "pi5", "trixie", "--yes")
    before = contents(folder)
    refused = provision(folder, board, release, "--yes")
    assert refused.exit_code == 4 and "this card was made for" in refused.stderr
    assert contents(folder) == before


def test_image_of_another_release_is_refused(image: Image, provision: Provision, tmp_path: Path) -> None:
    assert "this card has trixie" in provision(image("trixie"), "pi5", "bookworm", "--yes").stderr
    (tmp_path / "root" / "etc").mkdir(parents=True)
    (tmp_path / "root" / "etc" / "os-release").write_text("VERSION_CODENAME=bookworm\n")
    refused = provision(image("trixie"), "pi5", "trixie", "--root", tmp_path / "root")
    assert "this card has bookworm" in refused.stderr


def test_no_secret_is_on_a_card(image: Image, provision: Provision, tmp_path: Path) -> None:
    unit = tmp_path / "unit"
    found_unit(unit, "changsha-0007", KeyPurpose.PROVISIONED).close()
    public, private = unit / "keys" / "record.pub.json", unit / "keys" / "record.key"
    folder = image("trixie")
    assert provision(folder, "pi5", "trixie", "--trust", public, "--yes").exit_code == 0
    everything = b"".join(contents(folder).values())
    assert b"PRIVATE" not in everything and b"psk" not in everything.lower()
    assert private.read_bytes()[-80:-40] not in everything
    for wrong in (("--ssh-key", private), ("--trust", private)):
        before = contents(folder)
        assert provision(folder, "pi5", "trixie", *wrong, "--yes").exit_code in (3, 4)
        assert contents(folder) == before


def test_first_start_of_bookworm_is_read_as_toml(image: Image, provision: Provision) -> None:
    folder = image("bookworm")
    provision(folder, "pi4", "bookworm", "--yes")
    custom = tomllib.loads((folder / "custom.toml").read_text())
    assert custom["system"]["hostname"] == "changsha-0007"
    assert custom["ssh"] == {"enabled": True, "password_authentication": False, "authorized_keys": [SSH_KEY]}
    words = (folder / "cmdline.txt").read_text().split()
    assert "init=/usr/lib/raspberrypi-sys-mods/firstboot" in words, "the image's own first start comes first"
    assert "systemd.run=/boot/firmware/doorstep/first-boot.sh" in words


def test_first_start_of_trixie_does_not_grow_over_the_data(image: Image, provision: Provision) -> None:
    folder = image("trixie")
    provision(folder, "zero2w", "trixie", "--yes")
    words = (folder / "cmdline.txt").read_text().split()
    assert "resize" not in words and "root=PARTUUID=4e639091-02" in words and "ds=nocloud;i=rpi-imager-1" in words
    assert "runcmd:\n  - [sh, /boot/firmware/doorstep/first-boot.sh]" in (folder / "user-data").read_text()


def test_package_that_is_no_longer_named_goes(image: Image, provision: Provision, tmp_path: Path) -> None:
    package = tmp_path / "doorstep_0.1.0_arm64.deb"
    package.write_bytes(b"!<arch>\n\xff")
    folder = image("trixie")
    provision(folder, "pi5", "trixie", "--package", package, "--yes")
    assert (folder / "doorstep" / package.name).exists()
    assert changes(provision(folder, "pi5", "trixie", "--yes", "--json")) == [f"doorstep/{package.name}"]
    assert not (folder / "doorstep" / package.name).exists()


def test_empty_folder_serves_for_copying_later(tmp_path: Path, provision: Provision) -> None:
    (tmp_path / "out").mkdir()
    assert provision(tmp_path / "out", "cm4", "bookworm", "--yes").exit_code == 0
    assert "dtoverlay=imx708,cam0" in (tmp_path / "out" / "config.txt").read_text()
    assert CONFIG.splitlines()[0] not in (tmp_path / "out" / "config.txt").read_text()
