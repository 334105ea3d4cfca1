"""What leaves on paper and what comes back: the slip's code, the printed form, a slip to be checked; the voice.

A record is named by its number, which says nothing of a person.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from edge.core.errors import CouldNotBeChecked, DoesNotVerify, InputError, VoiceError
from edge.core.verdict import Verdict
from edge.gate.words import LANGUAGES, catalogue
from edge.web.at import PACKAGE, At

SPOKEN_ROOMS, SPOKEN_TEXTS = ("hint", "action"), ("consent.explain",)
"""What of the catalogue may be read aloud."""


def slip(at: At) -> Response:
    """The QR code of a record's slip."""
    text = at.room.papers.slip(at.room.papers.find(at.path["sequence"]))
    return Response(at.room.unit.qr_svg(text), media_type="image/svg+xml")


def form(at: At) -> Response:
    """The printed form of a record; its file is named by the record's number."""
    stored = at.room.papers.find(at.path["sequence"])
    name = f'attachment; filename="{at.room.unit.unit_id}-{stored.sequence}.pdf"'
    pdf = at.room.papers.form(stored, at.words.language)
    return Response(pdf, media_type="application/pdf", headers={"Content-Disposition": name})


def check_page(at: At) -> Response:
    return _shown(at)


def check(at: At) -> Response:
    """Another unit's slip, or this one's: typed, photographed, or held before the camera."""
    text = at.form.text("slip").strip()
    if not text:
        try:
            uploaded = [content for _, content in at.form.files.get("photograph", ()) if content]
            text = at.room.papers.read_code(at.room.unit.photograph(uploaded[0] if uploaded else None))
        except InputError:
            return _shown(at, status=400, no_code=True)
    try:
        return _shown(at, slip=at.room.papers.check(text), verdict=Verdict.VERIFIES.value)
    except DoesNotVerify:
        return _shown(at, status=400, verdict=Verdict.DOES_NOT_VERIFY.value)
    except CouldNotBeChecked:
        return _shown(at, status=400, verdict=Verdict.COULD_NOT_BE_CHECKED.value)


def voice(at: At) -> Response:
    """A text of the catalogue as sound, in the page's language; nothing but such texts."""
    room, key = at.path["room"], at.path["key"]
    if room not in SPOKEN_ROOMS and f"{room}.{key}" not in SPOKEN_TEXTS:
        return Response(status_code=404)
    text = catalogue(PACKAGE, at.words.language).get(room, {}).get(key, "")
    if not text:
        return Response(status_code=404)
    try:
        return Response(at.room.voice.wav(text, at.words.language), media_type="audio/wav")
    except VoiceError:
        return Response(status_code=404)


def spoken_texts() -> list[tuple[str, str]]:
    """All that may be asked of the voice: (text, language)."""
    texts = []
    for language in LANGUAGES:
        rooms = catalogue(PACKAGE, language)
        single = (name.split(".") for name in SPOKEN_TEXTS)
        texts += [(text, language) for room in SPOKEN_ROOMS for text in rooms[room].values()]
        texts += [(rooms[room][key], language) for room, key in single]
    return texts


def _shown(at: At, *, status: int = 200, **found: Any) -> Response:
    values = {"slip": None, "verdict": "", "no_code": False, **found}
    return at.show("check", status=status, **values)
