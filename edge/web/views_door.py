"""Signing in with a PIN, staying signed in, and the code that pairs a phone."""

from __future__ import annotations

from starlette.responses import Response

from edge.core.errors import InputError, PinLocked, PinRefused, VerificationError
from edge.web.at import At


def sign_in_page(at: At) -> Response:
    return _form(at)


def sign_in(at: At) -> tuple[Response, str]:
    """The answer, and the token of a new session where there is one."""
    worker_id, pin = at.form.text("worker"), at.form.text("pin")
    try:
        token = at.room.door.sign_in(worker_id, pin)
    except PinRefused as e:
        return _form(at, status=403, refused="wrong", left=e.left, chosen=worker_id), ""
    except PinLocked as e:
        hours = max(1, round(e.remaining_s / 3600))
        return _form(at, status=403, refused="locked", hours=hours, challenge=e.challenge, chosen=worker_id), ""
    except InputError:
        return _form(at, status=403, refused="nobody"), ""
    return at.go("/"), token


def unlock(at: At) -> Response:
    """End a lock by the code that a technician gave for the challenge on the page."""
    worker_id = at.form.text("worker")
    try:
        at.room.unlock(worker_id, at.form.text("code"))
    except (InputError, VerificationError):
        return _form(at, status=403, refused="code", chosen=worker_id)
    return _form(at, chosen=worker_id)


def stay(at: At) -> Response:
    """Asked for by the page when the worker says that somebody is still there."""
    return Response(status_code=204)


def pair(at: At) -> Response:
    """The QR code to be read by the worker's phone; the code stands behind `#`, which no server ever gets."""
    room = at.room
    if not room.phone_url:
        return at.show("pair", qr="", url="", fingerprint="", count=0)
    url = f"{room.phone_url}/join"
    qr = room.unit.qr_svg(f"{url}#{room.pairing.offer()}")
    return at.show("pair", qr=qr, url=url, fingerprint=room.fingerprint, count=room.pairing.count())


def _form(at: At, *, status: int = 200, refused: str = "", **told: object) -> Response:
    workers = at.room.workers.workers()
    values = {"left": 0, "hours": 0, "challenge": "", "chosen": workers[0].worker_id if workers else "", **told}
    return at.show("sign_in", status=status, workers=workers, refused=refused, **values)
