"""A boot partition's files: the image's own lines stay, and what contradicts is put out of force, not lost."""

from __future__ import annotations

import pytest

from edge.core.card import Board, Choice, Release, check_card, fill, merged_cmdline, merged_config, wishes_of
from edge.core.errors import InputError

IMAGE = "# For more options\ncamera_auto_detect=1\ndtoverlay=vc4-kms-v3d\n[cm4]\notg_mode=1\n[all]\n"
PARTS = ["camera_auto_detect=0\ndtoverlay=vc4-kms-v3d,cma-128\n"]
CMDLINE = "console=serial0,115200 console=tty1 root=PARTUUID=1234-02 rootfstype=ext4 rootwait resize\n"


def choice(**changed: object) -> Choice:
    fields = {"board": Board.PI5, "release": Release.TRIXIE, "unit_id": "changsha-0007", **changed}
    return Choice(**fields)  # type: ignore[arg-type]


def test_line_of_the_image_that_contradicts_is_out_of_force() -> None:
    lines = merged_config(IMAGE, PARTS).splitlines()
    assert "#doorstep# camera_auto_detect=1" in lines and "camera_auto_detect=1" not in lines
    assert lines.index("dtoverlay=vc4-kms-v3d,cma-128") > lines.index("#doorstep# dtoverlay=vc4-kms-v3d")
    assert "otg_mode=1" in lines


def test_second_run_gives_the_same_bytes() -> None:
    once = merged_config(IMAGE, PARTS)
    assert merged_config(once, PARTS) == once


def test_line_comes_back_when_nothing_contradicts_it_any_more() -> None:
    again = merged_config(merged_config(IMAGE, PARTS), ["enable_uart=0"])
    assert "\ncamera_auto_detect=1\n" in again and "cma-128" not in again


def test_root_partition_stays_on_the_command_line() -> None:
    words = merged_cmdline(CMDLINE, wishes_of("# why\n-console=serial0,115200\n-resize\n+panic=10\n")).split()
    assert words == ["console=tty1", "root=PARTUUID=1234-02", "rootfstype=ext4", "rootwait", "panic=10"]


def test_word_with_another_value_is_replaced() -> None:
    assert merged_cmdline("panic=3 quiet panic=4", ["+panic=10"]) == "quiet panic=10\n"


def test_module_uses_its_first_camera_connector() -> None:
    assert fill("dtoverlay={camera}", choice(board=Board.CM4)) == "dtoverlay=imx708,cam0"


@pytest.mark.parametrize(
    "wrong",
    [
        {"unit_id": "Unit; reboot"},
        {"camera": "imx708\ndtoverlay=x"},
        {"ssh_keys": ("ssh-ed25519 AAAA",)},
        {"ssh_keys": ("ssh-ed25519 " + "A" * 68 + '"\nruncmd: [x]',)},
    ],
)
def test_choice_that_would_reach_into_a_file_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        choice(**wrong)


@pytest.mark.parametrize(
    ("present", "codename"),
    [
        ({"cmdline.txt": "init=/usr/lib/raspberrypi-sys-mods/firstboot"}, None),
        ({"cmdline.txt": "ds=nocloud"}, "bookworm"),
        ({}, None),
        ({"doorstep/card.env": 'BOARD="pi4"\n'}, "trixie"),
        ({"doorstep/card.env": 'UNIT_ID="changsha-0008"\n'}, "trixie"),
    ],
)
def test_card_for_something_else_is_refused(present: dict[str, str], codename: str | None) -> None:
    names = frozenset({"config.txt", "bcm2712-rpi-5-b.dtb", *present})
    with pytest.raises(InputError):
        check_card(present, names, choice(), codename)


def test_image_that_does_not_start_the_board_is_refused() -> None:
    with pytest.raises(InputError, match="does not start a Raspberry Pi 5"):
        check_card({"cmdline.txt": "ds=nocloud"}, frozenset({"config.txt", "bcm2711-rpi-4-b.dtb"}), choice(), None)
