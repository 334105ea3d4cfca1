"""Faults of layout that no accessibility engine looks for: out of the page, cut off, on top of another, too small.

A target is measured as the finger finds it: a box to be ticked counts with its label. Text is cut off when its
element holds more than it shows; two things overlap when the middle of one is another's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

TARGET_PX = 48
_FAULTS = Path(__file__).with_name("layout.js").read_text("utf-8").split("\n", 1)[1]
CHINESE_FONTS = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi")


def layout_faults(page: Any) -> list[str]:
    """What is out of place on a page of Playwright's, in words."""
    found: list[str] = page.evaluate(_FAULTS, TARGET_PX)
    return found


def font_faults(page: Any) -> list[str]:
    """Elements whose Chinese is set in a font that has none of its own, by what the browser really used."""
    session = page.context.new_cdp_session(page)
    try:
        session.send("DOM.enable")
        session.send("CSS.enable")
        root = session.send("DOM.getDocument")["root"]["nodeId"]
        faults = []
        for selector in ("h1", "main p", "main button", "main label", "header a"):
            for node in session.send("DOM.querySelectorAll", {"nodeId": root, "selector": selector})["nodeIds"]:
                for font in session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]:
                    family = font["familyName"]
                    if not family.startswith(CHINESE_FONTS) and not _latin(family):
                        faults.append(f"{selector}: {family}")
        return faults
    finally:
        session.detach()


def _latin(family: str) -> bool:
    """Fonts that may set digits and signs beside Chinese."""
    return family.startswith(("DejaVu", "Liberation", "Noto Sans Mono CJK SC", "Noto Sans Symbols"))
