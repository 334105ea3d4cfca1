"""QR codes as pictures (ISO/IEC 18004), by segno: SVG for a page and for print, PNG for a file."""

from __future__ import annotations

import io

import segno

QUIET_MODULES = 4  # the standard's quiet zone; without it dark themes and frames make a code unreadable


def qr_svg(text: str) -> bytes:
    """A black code on white, scaled by whatever shows it; no XML declaration, no size of its own."""
    out = io.BytesIO()
    segno.make_qr(text, error="m").save(
        out, kind="svg", border=QUIET_MODULES, light="#fff",
        omitsize=True, xmldecl=False, svgclass=None, lineclass=None,
    )  # fmt: skip
    return out.getvalue()


def qr_png(text: str, *, module_px: int = 8) -> bytes:
    """The same as PNG, each module a square of `module_px`."""
    out = io.BytesIO()
    segno.make_qr(text, error="m").save(out, kind="png", border=QUIET_MODULES, scale=module_px)
    return out.getvalue()


def qr_terminal(text: str) -> str:
    """The same in characters of half a line's height, dark on light, for a terminal of about 80 columns."""
    out = io.StringIO()
    segno.make_qr(text, error="l").terminal(out, compact=True, border=2)
    return out.getvalue()
