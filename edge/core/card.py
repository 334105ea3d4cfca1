"""What a unit's boot partition holds: its files made of templates, and how they go into those of the image.

- `config.txt` gets one block between two marks, after the image's own lines; lines of the image that the block
  contradicts are put out of force, and come back when the block no longer does.
- `cmdline.txt` gets words and loses words; the others, the root partition's above all, stay.
- The same choice gives the same bytes, whatever was there of an earlier run.
No template takes a secret, and what a person gave is checked for its form before it gets here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from edge.core.config import UNIT_ID
from edge.core.errors import InputError

BEGIN = "# --- doorstep: begin (written by `doorstep provision card`; what is changed in here is lost)"
END = "# --- doorstep: end"
OFF = "#doorstep# "
_KINDS = r"(ssh-ed25519|ecdsa-sha2-nistp256|sk-ssh-ed25519@openssh\.com)"
_SSH_KEY = re.compile(_KINDS + r" [\w+/=]{60,200}( [\w@.-]{1,64})?", re.ASCII)
_CAMERA = re.compile(r"[a-z][a-z0-9]{2,15}")


class Board(StrEnum):
    PI4 = "pi4"
    CM4 = "cm4"
    PI5 = "pi5"
    ZERO2W = "zero2w"


class Release(StrEnum):
    BOOKWORM = "bookworm"
    TRIXIE = "trixie"


MODEL = {
    Board.PI4: "Raspberry Pi 4",
    Board.CM4: "Raspberry Pi Compute Module 4",
    Board.PI5: "Raspberry Pi 5",
    Board.ZERO2W: "Raspberry Pi Zero 2 W",
}
DEVICE_TREE = {
    Board.PI4: "bcm2711-rpi-4-b.dtb",
    Board.CM4: "bcm2711-rpi-cm4.dtb",
    Board.PI5: "bcm2712-rpi-5-b.dtb",
    Board.ZERO2W: "bcm2710-rpi-zero-2-w.dtb",
}
"""The file of an image without which the board does not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a technician chose. camera: the sensor's overlay. ssh_keys: public keys, one line each."""

    board: Board
    release: Release
    unit_id: str
    camera: str = "imx708"
    ssh_keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not UNIT_ID.fullmatch(self.unit_id):
            raise InputError(f"a unit's id is 2 to 63 of a-z, 0-9 and '-', got {self.unit_id!r}")
        if not _CAMERA.fullmatch(self.camera):
            raise InputError(f"{self.camera!r} is not the name of a camera's overlay", remedy="imx708, imx219, …")
        for key in self.ssh_keys:
            if not _SSH_KEY.fullmatch(key):
                raise InputError(
                    "not a public key of ssh (ed25519 or nistp256)", remedy="Give the file that ends in .pub."
                )

    @property
    def overlay(self) -> str:
        """The module's carrier has two camera connectors; the first is the one that is wired."""
        return f"{self.camera},cam0" if self.board is Board.CM4 else self.camera


def fill(template: str, choice: Choice) -> str:
    """A template with the choice in the places of its braces. Lists become JSON, which TOML and YAML read too."""
    values = {
        "unit_id": choice.unit_id,
        "camera": choice.overlay,
        "ssh": "true" if choice.ssh_keys else "false",
        "ssh_keys": json.dumps(choice.ssh_keys),
    }
    return re.sub(r"\{(\w+)\}", lambda m: values[m.group(1)], template)


def merged_config(image: str, parts: Sequence[str]) -> str:
    """`config.txt` with one block of `parts` at its end."""
    block = [line for part in parts for line in part.splitlines()]
    contradicted = {_subject(line) for line in block if _subject(line)}
    lines = []
    for line in _without_block(image):
        line = line.removeprefix(OFF)
        lines.append(OFF + line if _subject(line) in contradicted else line)
    while lines and not lines[-1].strip():
        lines.pop()
    return "\n".join([*lines, "", BEGIN, "[all]", *block, END, ""])


def _without_block(text: str) -> list[str]:
    kept: list[str] = []
    inside = False
    for line in text.splitlines():
        if line == BEGIN:
            inside = True
        elif line == END:
            inside = False
        elif not inside:
            kept.append(line)
    return kept


def _subject(line: str) -> str:
    """What a line decides; two lines with one subject contradict each other. Empty for what does not matter."""
    name, _, value = line.strip().partition("=")
    if not value or name.startswith("#"):
        return ""
    if name == "dtoverlay":
        return f"dtoverlay={value.partition(',')[0]}"
    if name == "dtparam":
        return f"dtparam={value.partition('=')[0]}"
    return name


def merged_cmdline(image: str, wishes: Sequence[str]) -> str:
    """`cmdline.txt`, one line, with the words of `wishes` (+word, -word, # a remark) put in and taken out."""
    words = image.split()
    for wish in wishes:
        sign, word = wish[:1], wish[1:].strip()
        if sign not in "+-" or not word:
            continue
        name = word.partition("=")[0]
        # A name that stands once has one value; consoles and systemd.run's kind may stand several times.
        words = [w for w in words if w != word and not (sign == "+" and "=" in word and w.startswith(f"{name}="))]
        if sign == "+":
            words.append(word)
    return " ".join(words) + "\n"


def wishes_of(*texts: str) -> list[str]:
    """The lines of the lists of words that are wishes."""
    return [line for text in texts for line in text.splitlines() if line[:1] in ("+", "-")]


def stamp(choice: Choice) -> str:
    """What first-boot.sh compares with the board it runs on, as assignments of the shell."""
    fields = {
        "BOARD": choice.board.value,
        "MODEL": MODEL[choice.board],
        "RELEASE": choice.release.value,
        "UNIT_ID": choice.unit_id,
        "CAMERA": choice.camera,
    }
    return "".join(f'{name}="{value}"\n' for name, value in fields.items())


def check_card(present: Mapping[str, str], names: frozenset[str], choice: Choice, codename: str | None) -> None:
    """Refuse a card that is for something else. Raises InputError.

    present: the texts on the card by path; names: all its file names; codename: what its root partition says.
    """
    other = re.findall(r'(?m)^(BOARD|RELEASE|UNIT_ID)="([^"]*)"$', present.get("doorstep/card.env", ""))
    wanted = {"BOARD": choice.board.value, "RELEASE": choice.release.value, "UNIT_ID": choice.unit_id}
    for name, value in other:
        if value != wanted[name]:
            what = name.lower().replace("_", " ")
            raise InputError(
                f"this card was made for {what} {value}, not {wanted[name]}",
                remedy="Write the image to the card anew, or give the values it was made with.",
            )
    if "config.txt" not in names:
        return  # a folder, to be copied to a card
    if DEVICE_TREE[choice.board] not in names:
        raise InputError(
            f"the image on this card does not start a {MODEL[choice.board]} ({DEVICE_TREE[choice.board]} is missing)",
            remedy="Write the 64-bit Raspberry Pi OS Lite image to it, or name the right board.",
        )
    found = codename or _codename(present, names)
    if found is None:
        raise InputError(
            "the card does not tell its release", remedy="Name its mounted root partition with --root DIR."
        )
    if found != choice.release.value:
        raise InputError(
            f"this card has {found}, not {choice.release.value}", remedy="Name the release that is on the card."
        )


def _codename(present: Mapping[str, str], names: frozenset[str]) -> str | None:
    """Trixie's images have cloud-init's files; Bookworm's own first start stands in the kernel's command line."""
    trixie = {"meta-data", "user-data"} <= names or "ds=nocloud" in present.get("cmdline.txt", "")
    bookworm = "sys-mods/firstboot" in present.get("cmdline.txt", "") or "custom.toml" in names
    if trixie == bookworm:
        return None
    return Release.TRIXIE.value if trixie else Release.BOOKWORM.value
