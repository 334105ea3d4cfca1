"""Documents on their way between a unit and a technician: a file, or QR codes on a screen and in pictures."""

from __future__ import annotations

from pathlib import Path

import click

from edge.cli.writing import write_files
from edge.core.errors import InputError
from edge.core.qr_parts import PREFIX, join, split

PICTURES = {".png", ".jpg", ".jpeg"}
MAX_BYTES = 256 * 1024


def read_document(given: tuple[str, ...]) -> bytes:
    """A document from one file, from pictures of its QR codes, or from their texts as a scanner types them."""
    if len(given) == 1 and not given[0].startswith(PREFIX) and Path(given[0]).suffix.lower() not in PICTURES:
        return _file(Path(given[0]), MAX_BYTES)
    return join(_text(item) for item in given)


def write_document(document: bytes, folder: Path, stem: str) -> list[Path]:
    """STEM.json, and its QR codes as STEM-1.png and so on. Raises InputError."""
    from edge.paper.qr import qr_png

    parts = split(document)
    files = {folder / f"{stem}.json": document}
    files |= {folder / f"{stem}-{number}.png": qr_png(text) for number, text in enumerate(parts, 1)}
    write_files(files)
    return list(files)


def show_codes(document: bytes) -> None:
    """Its QR codes on the terminal, one under the other."""
    from edge.paper.qr import qr_terminal

    parts = split(document)
    for number, text in enumerate(parts, 1):
        click.echo(f"{number}/{len(parts)}")
        click.echo(qr_terminal(text))


def _text(item: str) -> str:
    if item.startswith(PREFIX):
        return item
    from edge.paper.qr_reading import MAX_BYTES as MAX_PICTURE_BYTES
    from edge.paper.qr_reading import read_qr

    return read_qr(_file(Path(item), MAX_PICTURE_BYTES))


def _file(path: Path, most_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(most_bytes + 1)
    except OSError as e:
        raise InputError(f"cannot read {path}: {e.strerror}", remedy="Check the path.") from e
    if len(raw) > most_bytes:
        raise InputError(f"{path} is too large to be such a document")
    return raw
