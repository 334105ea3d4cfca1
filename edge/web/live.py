"""The live page of a visit: which streams there are, and what their events say in words."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from edge.core.session import Step
from edge.services.live_view import Glimpse
from edge.web.at import At
from edge.web.live_stream import EVENTS, MULTIPART, multipart
from edge.web.live_stream import events as event_stream
from edge.web.viewer import Phase, Seeing

OVER = (Phase.DONE, Phase.FAILED)
SHOWN = (Step.CAPTURE, Step.DOCUMENTS, Step.FIRST_REFERENCE)


async def pictures(at: At, request: Request) -> Response:
    """The camera's picture, while somebody looks and the visit is at a step that shows it."""
    if await _faces_wanted(at) is None:
        return Response(status_code=204)

    async def goes_on() -> bool:
        return not _ended(at, OVER) and not await request.is_disconnected()

    return StreamingResponse(multipart(at.room.viewer.view, goes_on), media_type=MULTIPART)


async def check_pictures(at: At, request: Request) -> Response:
    """The camera's picture for a slip to be held before it; to look is what keeps the camera open."""
    at.room.viewer.ready()

    async def goes_on() -> bool:
        if _ended(at, (*OVER, Phase.CAPTURING)) or await request.is_disconnected():
            return False
        at.room.viewer.want(faces=False)
        return True

    return StreamingResponse(multipart(at.room.viewer.view, goes_on), media_type=MULTIPART)


async def events(at: At, request: Request) -> Response:
    """Phase, hint in words, seconds left, share of what is wanted; ends after the event that says how it ended."""
    faces, over = await _faces_wanted(at), False
    if faces is None:
        return StreamingResponse(_gone(), media_type=EVENTS)

    def told(glimpse: Glimpse) -> dict[str, Any]:
        nonlocal over
        seeing = at.room.viewer.seeing()
        over = seeing.phase in OVER
        countdown = glimpse.countdown
        return {
            "phase": seeing.phase.value,
            "hint": glimpse.hint,
            "say": glimpse.say,
            "text": _text(at, glimpse, seeing),
            "document": seeing.document,
            "asked": seeing.asked,
            "ask": at.words(f"action.{seeing.asked}") if seeing.asked else "",
            "left_s": round(countdown.left_s, 1) if countdown else None,
            "share": round(countdown.share, 2) if countdown else 0.0,
            "error": at.words("capture.failed") if seeing.error else "",
            "detail": seeing.error,
        }

    async def goes_on() -> bool:
        if over or at.room.viewer.gone or await request.is_disconnected():
            return False
        at.room.viewer.want(faces=faces)
        return True

    return StreamingResponse(event_stream(at.room.viewer.view, told, goes_on), media_type=EVENTS)


def _ended(at: At, over: tuple[Phase, ...]) -> bool:
    return at.room.viewer.gone or at.room.viewer.seeing().phase in over


def _text(at: At, glimpse: Glimpse, seeing: Seeing) -> str:
    if seeing.document:
        return at.words(f"document_hint.{seeing.document}")
    return at.words(f"hint.{glimpse.hint}") if glimpse.hint else ""


async def _gone() -> Any:
    yield b'data: {"phase":"gone"}\n\n'


async def _faces_wanted(at: At) -> bool | None:
    """Whether a face is looked for; None where the visit's step shows no camera."""
    session = await run_in_threadpool(at.session)
    if session is None or session.step not in SHOWN:
        return None
    return session.step is Step.CAPTURE
