"""What is known of each clip in a folder: from labels.csv beside the clips, or else from their names.

labels.csv: columns file and label (live, or anything else for an attack), and where known species, bpm, and
eyes_shut_s (intervals such as 6-12;16-17). A name that speaks of a replay, print, mask or cut-out is an attack; one
that ends in NNbpm tells the pulse.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import msgspec

from edge.core.errors import InputError

LABELS_FILE = "labels.csv"
_ATTACK = re.compile(r"replay|print|mask|cut.?out|photo|spoof|attack|screen|phone|tablet", re.IGNORECASE)
_BPM = re.compile(r"(\d{2,3})bpm", re.IGNORECASE)


class ClipLabel(msgspec.Struct, frozen=True, kw_only=True):
    """label: live or attack. simulated: rendered, not filmed. code_*: of the lamps that lit the clip from its
    start."""

    label: str
    species: str
    bpm: float | None = None
    eyes_shut_s: tuple[tuple[float, float], ...] = ()
    simulated: bool = False
    code_seed: int | None = None
    slot_s: float = 0.0
    slots: int = 0


def read_labels(folder: Path, names: list[str]) -> dict[str, ClipLabel]:
    """A label for each name. Raises InputError for a labels.csv that cannot be read or lacks a column."""
    rows: dict[str, dict[str, str]] = {}
    path = folder / LABELS_FILE
    if path.is_file():
        try:
            with path.open(newline="", encoding="utf-8-sig") as file:
                reader = csv.DictReader(file)
                if not {"file", "label"} <= set(reader.fieldnames or []):
                    raise InputError(f"{path}: expected columns file and label")
                rows = {row["file"]: row for row in reader}
        except (OSError, UnicodeDecodeError, csv.Error) as e:
            raise InputError(f"{path} cannot be read: {e}") from e
    return {name: _of_row(rows[name], path) if name in rows else _of_name(name) for name in names}


def _of_row(row: dict[str, str], path: Path) -> ClipLabel:
    live = row["label"].strip().lower() == "live"
    try:
        return ClipLabel(
            label="live" if live else "attack",
            species=(row.get("species") or row["label"]).strip(),
            bpm=float(row["bpm"]) if row.get("bpm") else None,
            eyes_shut_s=_intervals(row.get("eyes_shut_s") or ""),
            simulated=row.get("seed") not in (None, ""),
            code_seed=int(row["code_seed"]) if row.get("code_seed") else None,
            slot_s=float(row.get("slot_s") or 0.0),
            slots=int(row.get("slots") or 0),
        )
    except ValueError as e:
        raise InputError(f"{path}: {row['file']}: {e}") from e


def _of_name(name: str) -> ClipLabel:
    attack = _ATTACK.search(name)
    bpm = _BPM.search(name)
    return ClipLabel(
        label="attack" if attack else "live",
        species=attack.group().lower() if attack else "live",
        bpm=float(bpm.group(1)) if bpm else None,
    )


def _intervals(text: str) -> tuple[tuple[float, float], ...]:
    pairs = [part.split("-") for part in text.replace(",", ";").split(";") if part.strip()]
    return tuple((float(begin), float(end)) for begin, end in pairs)
