"""The Chinese font of this machine, from a Debian package: none is carried along."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge.core.errors import PaperError

PACKAGE = "fonts-noto-cjk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Font:
    """face: its number in a collection of several (.ttc), of which only one writes mainland forms."""

    file: Path
    face: int = 0


_SHARE = Path("/usr/share/fonts")
KNOWN = (
    Font(file=_SHARE / "opentype/noto/NotoSansCJK-Regular.ttc", face=2),
    Font(file=_SHARE / "truetype/wqy/wqy-microhei.ttc"),
    Font(file=_SHARE / "truetype/wqy/wqy-zenhei.ttc"),
    Font(file=Path("/usr/share/fonts-droid-fallback/truetype/DroidSansFallbackFull.ttf")),
)
"""In order of preference: fonts-noto-cjk, fonts-wqy-microhei, fonts-wqy-zenhei, fonts-droid-fallback."""


def chinese_font(known: tuple[Font, ...] = KNOWN) -> Font:
    """The first of `known` that is installed. Raises PaperError."""
    for font in known:
        if font.file.is_file():
            return font
    raise PaperError("no Chinese font on this machine", remedy=f"Install one: sudo apt-get install {PACKAGE}")
