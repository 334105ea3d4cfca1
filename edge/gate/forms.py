"""A form's fields and files, read into memory within bounds; nothing of them touches a disk."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.datastructures import UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import Request

MOST_FILES, MOST_FIELDS = 2000, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form's fields, and its files as (name, content) by field. Held in memory only."""

    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Sequence[tuple[str, bytes]]] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> str:
        return self.fields.get(name, "").strip()

    def bears(self, token: str) -> bool:
        """Whether the form came with the token of the page it was on."""
        return hmac.compare_digest(self.text("csrf").encode(), token.encode())


async def read_form(request: Request, *, upload_bytes: int) -> Form | None:
    """The form's content; None when it cannot be read. upload_bytes: a file up to here stays in memory."""
    try:
        if request.headers.get("content-type", "").startswith("multipart/form-data"):
            parser = MultiPartParser(
                request.headers, request.stream(), max_files=MOST_FILES, max_fields=MOST_FIELDS
            )
            parser.spool_max_size = upload_bytes  # photographs are not spooled to a disk
            parsed = await parser.parse()
        else:
            parsed = await FormParser(request.headers, request.stream()).parse()
    except (MultiPartException, UnicodeDecodeError, KeyError):
        return None
    fields: dict[str, str] = {}
    files: dict[str, list[tuple[str, bytes]]] = {}
    for name, value in parsed.multi_items():
        if isinstance(value, UploadFile):
            files.setdefault(name, []).append((value.filename or "", await value.read()))
        else:
            fields[name] = value
    await parsed.close()
    return Form(fields=fields, files=files)
