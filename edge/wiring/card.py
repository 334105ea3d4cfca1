"""The composition root of a card: the templates of firmware-config, a choice, and the folder they go to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from edge.core.card import Choice, Release, check_card, fill, merged_cmdline, merged_config, stamp, wishes_of
from edge.core.errors import InputError
from edge.signing import trust
from edge.signing.keyfile import encode_public
from edge.store.card import CardFolder, codename_of

PLACES = (Path(__file__).parents[2] / "firmware-config", Path("/usr/share/doorstep/firmware-config"))
_FIRST_START = {Release.BOOKWORM: ("custom.toml",), Release.TRIXIE: ("user-data", "meta-data", "network-config")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done to a card: the files to be written and those to be taken away, by path."""

    folder: Path
    files: dict[str, bytes]
    before: dict[str, bytes]
    gone: frozenset[str]

    @property
    def changes(self) -> list[str]:
        changed = [name for name, content in self.files.items() if self.before.get(name) != content]
        return sorted([*changed, *self.gone])

    def diff(self) -> str:
        """The changes as a unified diff; of what is not text, its size."""
        parts = []
        for name in self.changes:
            old, new = self.before.get(name, b""), self.files.get(name, b"")
            try:
                lines = (old.decode().splitlines(), new.decode().splitlines())
            except UnicodeDecodeError:
                parts.append(f"--- {name}\n+++ {name}\n(not text: {len(old)} bytes before, {len(new)} after)")
                continue
            source = name if name in self.before else "/dev/null"
            parts.append("\n".join(unified_diff(*lines, fromfile=source, tofile=name, lineterm="", n=1)))
        return "\n".join(parts)

    def carry_out(self) -> None:
        changed = {name: content for name, content in self.files.items() if self.before.get(name) != content}
        CardFolder(self.folder).write(changed, self.gone)


def plan_card(
    folder: Path, choice: Choice, *, packages: Sequence[Path], trusted: Sequence[Path], root: Path | None
) -> Plan:
    """What `choice` means for the boot partition in `folder`. Raises InputError, CouldNotBeChecked."""
    card = CardFolder(folder)
    before = card.contents()
    texts = {name: content.decode("utf-8", "replace") for name, content in before.items() if _is_text(name)}
    check_card(texts, card.names(), choice, codename_of(root) if root else None)
    files = {name: text.encode() for name, text in _texts(choice, texts).items()}
    for path in trusted:
        document = trust.read_document(path)
        files[f"doorstep/trust/{document.keyid[:16]}.pub.json"] = encode_public(document)
    for path in packages:
        files[f"doorstep/{_package_name(path)}"] = path.read_bytes()
    ours = {name for name in before if name.startswith("doorstep/") and not name.endswith("first-boot.log")}
    return Plan(folder=folder, files=files, before=before, gone=frozenset(ours - set(files)))


def _texts(choice: Choice, present: dict[str, str]) -> dict[str, str]:
    boot = _templates() / "boot"
    names = ("common", choice.board, choice.release)
    parts = [fill((boot / "config" / f"{name}.txt").read_text(), choice) for name in names]
    own = boot / choice.release
    wishes = wishes_of((boot / "cmdline.txt").read_text(), (own / "cmdline.txt").read_text())
    found = {
        "config.txt": merged_config(present.get("config.txt", ""), parts),
        "cmdline.txt": merged_cmdline(present.get("cmdline.txt", ""), wishes),
        "doorstep/card.env": stamp(choice),
        "doorstep/first-boot.sh": (boot / "first-boot.sh").read_text(),
    }
    return found | {name: fill((own / name).read_text(), choice) for name in _FIRST_START[choice.release]}


def _templates() -> Path:
    for place in PLACES:
        if place.is_dir():
            return place
    raise InputError("the files of firmware-config are not here", remedy="Run it from a checkout or a unit.")


def _is_text(name: str) -> bool:
    return not name.endswith(".deb")


def _package_name(path: Path) -> str:
    if path.suffix != ".deb" or not path.is_file():
        raise InputError(f"{path} is no Debian package", remedy="Give what `make deb` made.")
    return path.name
