"""The desk as a web application: which path leads to which view, who may go there, and the session's cookie.

Order for each page: session, role, form with its token, view. Views run in threads; what goes wrong in one becomes a
page in words, never a traceback.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from central.config import StoreKind
from central.desk import views_lists, views_review, views_show
from central.desk.at import At, Room, View
from central.desk.pages import PACKAGE, page, stylesheet, words_in
from central.desk.signing_in import Door, Visitor
from edge.core.errors import DoorstepError, StoreError
from edge.gate.forms import Form, read_form
from edge.gate.guard import Guard, Rules, TooLarge
from edge.gate.words import Words, in_all_languages

COOKIE = "__Host-desk"
LANGUAGE_COOKIE = "desk-language"
LOOPBACK = ("127.0.0.1", "::1")
UPLOAD_BYTES = 64 * 1024 * 1024

Endpoint = Callable[[Request], Awaitable[Response]]
Allowed = Callable[[Visitor], bool]


def rules(names: tuple[str, ...]) -> Rules:
    """What the desk's entrance allows."""
    return Rules(
        names=names,
        form_bytes=64 * 1024,
        upload_bytes=UPLOAD_BYTES,
        upload_paths=("/lists/import",),
        per_s=5.0,
        burst=120,
        slow_paths=("/sign-in",),
        slow_per_s=0.2,
        slow_burst=10,
    )


class DeskApp:
    """Builds the application over one room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._door = Door(room.store, room.vault)

    def build(self) -> Guard:
        review = "/reviews/{sha256:str}"
        routes = [
            Route("/sign-in", self._sign_in_page, methods=["GET"]),
            Route("/sign-in", self._sign_in, methods=["POST"]),
            Route("/language/{language:str}", _language, methods=["GET"]),
            Route("/desk.css", _style, methods=["GET"]),
            Route("/favicon.ico", _no_icon, methods=["GET"]),
            Route("/metrics", self._metrics, methods=["GET"]),
            self._route("/sign-out", self._sign_out, method="POST"),
            self._route("/", views_review.queue),
            self._route(review, views_review.review),
            self._route(review + "/pictures/{number:int}", views_review.picture),
            self._route(review + "/evidence/{number:int}", views_review.evidence),
            self._route(review + "/decision", views_review.decide, _decides, method="POST"),
            self._route(review + "/reference", views_review.take_reference, _decides, method="POST"),
            self._route(review + "/second", views_review.second, _decides, method="POST"),
            self._route("/units", views_show.units),
            self._route("/people", views_show.person),
            self._route("/people", views_show.person, method="POST"),
            self._route("/lists", views_lists.lists, _supervises),
            self._route("/lists/import", views_lists.take, _supervises, method="POST"),
            self._route("/lists/assign", views_lists.assign, _supervises, method="POST"),
            self._route("/reports", views_show.reports),
            self._route("/reports.csv", views_show.reports_csv),
            self._route("/log", views_show.log, _audits),
        ]
        app = Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found, TooLarge: _too_large})
        return Guard(
            app, rules(self._room.config.desk.names), words=lambda code: in_all_languages(PACKAGE, f"error.{code}")
        )

    def _route(self, path: str, view: View, allowed: Allowed | None = None, *, method: str = "GET") -> Route:
        async def endpoint(request: Request) -> Response:
            visitor = await run_in_threadpool(self._visitor, request)
            if isinstance(visitor, Response):
                return visitor
            form = await read_form(request, upload_bytes=UPLOAD_BYTES) if method == "POST" else Form()
            at = At(
                room=self._room,
                visitor=visitor,
                words=_words(request),
                path={name: str(value) for name, value in request.path_params.items()},
                query=request.query_params,
                form=form or Form(),
                at=self._room.now(),
            )
            if allowed is not None and not allowed(visitor):
                return at.message("not_allowed", status=403)
            if method == "POST" and (form is None or not form.bears(visitor.csrf)):
                return at.message("form", status=403)
            return await run_in_threadpool(_answered, view, at)

        return Route(path, endpoint, methods=[method])

    def _visitor(self, request: Request) -> Visitor | Response:
        try:
            visitor = self._door.visitor(request.cookies.get(COOKIE, ""), at=self._room.now())
        except StoreError:
            return _text(_words(request), "unavailable", 503)
        return visitor or RedirectResponse("/sign-in", status_code=303)

    async def _sign_in_page(self, request: Request) -> Response:
        return self._sign_in_form(request)

    def _sign_in_form(self, request: Request, *, status: int = 200) -> Response:
        simulated = self._room.config.kind is StoreKind.SIMULATED
        words = _words(request)
        html = page("sign_in", words, visitor=None, simulated=simulated, refused=status != 200)
        return HTMLResponse(html, status_code=status)

    async def _sign_in(self, request: Request) -> Response:
        form = await read_form(request, upload_bytes=UPLOAD_BYTES) or Form()
        given = (form.text("username"), form.fields.get("password", ""), form.text("code").replace(" ", ""))
        try:
            token = await run_in_threadpool(self._door.sign_in, *given, at=self._room.now())
        except StoreError:
            return _text(_words(request), "unavailable", 503)
        if token is None:
            return self._sign_in_form(request, status=403)
        response = RedirectResponse("/", status_code=303)
        response.set_cookie(COOKIE, token, secure=True, httponly=True, samesite="strict", path="/")
        return response

    def _sign_out(self, at: At) -> Response:
        self._door.sign_out(at.visitor, at=at.at)
        response = at.go("/sign-in")
        response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="strict", path="/")
        return response

    async def _metrics(self, request: Request) -> Response:
        # For a collector on this machine; a proxy in front must not pass it on.
        if request.client is None or request.client.host not in LOOPBACK or "x-forwarded-for" in request.headers:
            return _text(_words(request), "not_found", 404)
        return PlainTextResponse(await run_in_threadpool(views_show.metrics, self._room))


def _answered(view: View, at: At) -> Response:
    try:
        return view(at)
    except StoreError:
        return at.message("unavailable", status=503)
    except DoorstepError:
        return at.message("input", status=400)


def _words(request: Request) -> Words:
    return words_in(request.cookies.get(LANGUAGE_COOKIE, ""))


def _text(words: Words, code: str, status: int) -> Response:
    return PlainTextResponse(words(f"error.{code}") + "\n", status_code=status)


async def _language(request: Request) -> Response:
    response = RedirectResponse("/", status_code=303)
    chosen = words_in(request.path_params["language"]).language
    response.set_cookie(LANGUAGE_COOKIE, chosen, secure=True, httponly=True, samesite="strict", path="/")
    return response


async def _style(_request: Request) -> Response:
    return Response(stylesheet(), media_type="text/css")


async def _no_icon(_request: Request) -> Response:
    return Response(status_code=204)


async def _not_found(request: Request, _error: Exception) -> Response:
    return _text(_words(request), "not_found", 404)


async def _too_large(request: Request, _error: Exception) -> Response:
    return _text(_words(request), "too_large", 413)


def _decides(visitor: Visitor) -> bool:
    return visitor.decides


def _supervises(visitor: Visitor) -> bool:
    return visitor.supervises


def _audits(visitor: Visitor) -> bool:
    return visitor.audits
