"""Whether a page still is what its picture in the documents shows: what stands on it, and how it looks.

Beside each picture lies its outline: every element that shows, with its words; figures, times and digests blurred.
It must be the same to the letter. The look is compared tolerantly, cell by cell, so that another version of browser
or font passes and a page that has lost its style, or a part, does not.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np

CELL_PX = 16
INK, DIFFERS = 6.0, 10.0
"""Grey levels of 255: from which a cell counts as drawn upon, and as drawn otherwise."""
MOST_DRIFT = 0.05
_OUTLINE = """() => {
  const said = ["href", "name", "type", "alt", "role", "aria-label", "aria-current"], lines = [];
  const walk = (element, depth) => {
    if (getComputedStyle(element).display === "none") return;
    const named = said.filter((key) => element.hasAttribute(key)).map((key) => `${key}=${element.getAttribute(key)}`);
    const texts = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
    const words = texts.map((node) => node.textContent.trim().replace(/\\s+/g, " ")).filter(Boolean);
    lines.push("  ".repeat(depth) + [element.tagName.toLowerCase(), ...named, ...words].join(" "));
    for (const child of element.children) walk(child, depth + 1);
  };
  walk(document.body, 0);
  return lines.join("\\n");
}"""
_VARYING = (
    # Two pictures are loaded at once, and either may be first in the log.
    (re.compile(r"打开(?:底库|现场)照片(?!（)"), "PICTURE OPENED"),
    (re.compile(r"\b[0-9a-f]{12,}\b…?"), "DIGEST"),
    (re.compile(r"(网络校时|硬件时钟|未校准)( ?± ?[\d.]+ s)?"), "CLOCK"),
    (re.compile(r"\d+(?:[.,:/–-]\d+)*"), "N"),
)


def outline(page: Any) -> str:
    """What stands on a page, element by element; Playwright's own outline changes with its version."""
    text: str = page.evaluate(_OUTLINE)
    for pattern, blurred in _VARYING:
        text = pattern.sub(blurred, text)
    return text.strip() + "\n"


def outline_file(picture: Path) -> Path:
    return picture.with_suffix(".outline.txt")


def drift(kept: bytes, made: bytes) -> float:
    """How far two pictures are apart: the share of cells drawn upon that are drawn otherwise, 0 to 1."""
    ours, theirs = (_cells(raw) for raw in (kept, made))
    height, width = (max(ours.shape[axis], theirs.shape[axis]) for axis in (0, 1))
    ours, theirs = (_padded(cells, height, width) for cells in (ours, theirs))
    ground = float(np.median(ours))
    drawn = (np.abs(ours - ground) > INK) | (np.abs(theirs - ground) > INK)
    other = drawn & (np.abs(ours - theirs) > DIFFERS)
    return float(other.sum() / max(1, drawn.sum()))


def _cells(raw: bytes) -> np.ndarray:
    """Mean brightness of each cell of a PNG."""
    grey = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert grey is not None, "not a picture"
    height, width = grey.shape[0] // CELL_PX, grey.shape[1] // CELL_PX
    whole = grey[: height * CELL_PX, : width * CELL_PX].astype(np.float32)
    return np.asarray(whole.reshape(height, CELL_PX, width, CELL_PX).mean(axis=(1, 3)))


def _padded(cells: np.ndarray, height: int, width: int) -> np.ndarray:
    """As large as asked, with paper of the picture's own ground below and beside."""
    room = ((0, height - cells.shape[0]), (0, width - cells.shape[1]))
    return np.pad(cells, room, constant_values=float(np.median(cells)))
