"""Which boards and releases are tried: the processor that qemu plays, and what the board's /proc/cpuinfo says.

XNNPACK asks cpuinfo, which reads /proc/cpuinfo: with that of the machine underneath (x86) it fails, so each board
brings its own. Main ID register fields: Arm's Technical Reference Manuals of the Cortex-A53, A72 and A76.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from edge.core.errors import InputError
from tools.deb.targets import Target

CORES = 4

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One processor. part, variant, revision: of its main ID register, as Linux prints them."""

    name: str
    boards: str
    cpu: str
    part: int
    variant: int
    revision: int
    features: str

    def cpuinfo(self) -> str:
        """What Linux on this board writes into /proc/cpuinfo, one block a core."""
        block = (
            f"processor\t: {{core}}\nBogoMIPS\t: 108.00\nFeatures\t: {self.features}\nCPU implementer\t: 0x41\n"
            f"CPU architecture: 8\nCPU variant\t: {self.variant:#x}\nCPU part\t: {self.part:#x}\n"
            f"CPU revision\t: {self.revision}\n"
        )
        return "\n".join(block.format(core=core) for core in range(CORES)) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release of Raspberry Pi OS, by Debian's name, and the packages that its Python and the wheels need."""

    name: str
    packages: tuple[str, ...]

    @property
    def target(self) -> Target:
        """What the project's package is made for there; the wheels tried are the package's."""
        return Target(release=self.name, architecture="arm64")


_COMMON = ("python3", "libgomp1", "libstdc++6", "ca-certificates")

BOARDS = {
    board.name: board
    for board in (
        Board(
            name="zero2w", boards="Zero 2 W", cpu="cortex-a53", part=0xD03, variant=0, revision=4,
            features="fp asimd evtstrm crc32 cpuid",
        ),
        Board(
            name="pi4", boards="Pi 4, CM4", cpu="cortex-a72", part=0xD08, variant=0, revision=3,
            features="fp asimd evtstrm crc32 cpuid",
        ),
        Board(
            name="pi5", boards="Pi 5", cpu="cortex-a76", part=0xD0B, variant=4, revision=1,
            features="fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop "
            "asimddp",
        ),
    )
}  # fmt: skip

RELEASES = {
    release.name: release
    for release in (
        Release(name="bookworm", packages=_COMMON),
        # base-files brings the links /lib -> usr/lib there.
        Release(name="trixie", packages=(*_COMMON, "base-files")),
    )
}


def chosen(known: dict[str, T], names: tuple[str, ...], what: str) -> list[T]:
    """Those named, or all. Raises InputError for a name that is not known."""
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(f"no {what} {', '.join(unknown)}", remedy=f"Known: {', '.join(known)}.")
    return [known[name] for name in names or known]
