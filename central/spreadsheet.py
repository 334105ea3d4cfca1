"""Visit lists as files: CSV (UTF-8, or GB 18030 as Chinese Excel writes it) and .xlsx, both given as CSV text.

The one file here that knows openpyxl. A row of the sheet stays the same line of the text.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from pathlib import PurePath

import openpyxl

from edge.core.errors import InputError

LARGEST_FILE_BYTES = 32 * 1024 * 1024
LARGEST_UNPACKED_BYTES = 256 * 1024 * 1024
LARGEST_ROWS = 100_000


def list_text(name: str, raw: bytes) -> str:
    """The list in a file of this name. Raises InputError when it cannot be read as one."""
    if len(raw) > LARGEST_FILE_BYTES:
        raise InputError(f"the list has {len(raw)} bytes, at most {LARGEST_FILE_BYTES} are read", code="too_large")
    if PurePath(name).suffix.lower() == ".xlsx":
        return _from_xlsx(raw)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    remedy = "Save it as CSV in UTF-8, or as .xlsx."
    raise InputError("the list is text in neither UTF-8 nor GB 18030", remedy=remedy, code="encoding")


def _from_xlsx(raw: bytes) -> str:
    remedy = "Save the list again as .xlsx or as CSV in UTF-8."
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > LARGEST_UNPACKED_BYTES:
            said = f"the sheet unpacks to {unpacked} bytes, at most {LARGEST_UNPACKED_BYTES} are read"
            raise InputError(said, code="too_large")
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        return _as_csv(book)
    except InputError:
        raise
    except Exception as e:
        raise InputError(f"not a sheet that can be read: {type(e).__name__}", remedy=remedy, code="encoding") from e


def _as_csv(book: openpyxl.Workbook) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    sheet = book.worksheets[0]
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        if number > LARGEST_ROWS:
            raise InputError(f"the sheet has more than {LARGEST_ROWS} rows", code="too_large")
        cells = [_cell(value) for value in row]
        # A blank row is written as a blank line, which readers skip and count.
        writer.writerow(cells if any(cells) else [])
    book.close()
    return out.getvalue()


def _cell(value: object) -> str:
    """One line of text: a line break in a cell would move the numbers of all rows below it."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())
