"""The unit's pages as a web application: which path leads to which view, who may go there, and the cookies.

Order for each page: a phone's pairing, session, form with its token, view. Views run in threads; what goes wrong in
one becomes a page in words, never a traceback. No path and no query names a person.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import resources

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from edge.core.errors import DoorstepError, StoreError
from edge.gate.forms import Form, read_form
from edge.gate.guard import Guard, Rules, TooLarge
from edge.gate.words import LANGUAGES, Words, in_all_languages
from edge.web import live, views_door, views_list, views_manual, views_paper, views_show, views_visit
from edge.web.at import PACKAGE, THEMES, At, Room, View
from edge.web.door import Visitor

COOKIE, PHONE_COOKIE = "__Host-visit", "__Host-phone"
LANGUAGE_COOKIE, THEME_COOKIE = "screen-language", "screen-theme"
UPLOAD_BYTES = 12 * 1024 * 1024
KINDS = {".css": "text/css", ".mjs": "text/javascript", ".svg": "image/svg+xml", ".ogg": "audio/ogg"}

Endpoint = Callable[[Request], Awaitable[Response]]


def rules(names: tuple[str, ...]) -> Rules:
    """What an entrance to the unit's pages allows. One worker taps; a live page asks for little more."""
    return Rules(
        names=names,
        form_bytes=64 * 1024,
        upload_bytes=UPLOAD_BYTES,
        upload_paths=("/visit/photo", "/check", "/add/scan"),
        per_s=20.0,
        burst=200,
        slow_paths=("/sign-in", "/unlock", "/join", "/visit/witness"),
        slow_per_s=0.2,
        slow_burst=10,
        scripts=True,
    )


class ScreenApp:
    """Builds the application over one room, for one entrance: the unit's own screen, or phones."""

    def __init__(self, room: Room, *, for_phones: bool = False) -> None:
        self._room, self._for_phones = room, for_phones

    def build(self, names: tuple[str, ...]) -> Guard:
        get, post, open_ = self._get, self._post, self._open
        routes = [
            open_("/sign-in", views_door.sign_in_page),
            Route("/sign-in", self._sign_in, methods=["POST"]),
            Route("/unlock", self._unlock, methods=["POST"]),
            Route("/sign-out", self._sign_out, methods=["POST"]),
            Route("/language/{choice:str}", _chosen(LANGUAGE_COOKIE, LANGUAGES), methods=["GET"]),
            Route("/theme/{choice:str}", _chosen(THEME_COOKIE, THEMES), methods=["GET"]),
            Route("/static/{name:str}", _static, methods=["GET"]),
            Route("/favicon.ico", _no_icon, methods=["GET"]),
            get("/", views_list.home),
            get("/list", views_list.today),
            post("/list", views_list.today),
            get("/add", views_list.add_page),
            post("/add", views_list.add),
            post("/add/scan", views_list.scan),
            post("/visit/begin", views_list.begin),
            get("/visit", views_visit.show),
            *(post(f"/visit/{name}", view) for name, view in views_visit.POSTS.items()),
            *(post(f"/visit/{name}", view) for name, view in views_manual.POSTS.items()),
            get("/visit/leave", views_manual.leave_page),
            Route("/visit/live", self._stream(live.events), methods=["GET"]),
            Route("/visit/picture", self._stream(live.pictures), methods=["GET"]),
            get("/history", views_show.history),
            post("/history", views_show.choose_history),
            post("/history/withdraw", views_show.withdraw),
            get("/status", views_show.status),
            get("/technician", views_show.technician),
            post("/technician/examine", views_show.examine),
            post("/technician/bundle", views_show.bundle),
            get("/paper/{sequence:int}/slip", views_paper.slip),
            get("/paper/{sequence:int}/form", views_paper.form),
            get("/check", views_paper.check_page),
            post("/check", views_paper.check),
            Route("/check/picture", self._stream(live.check_pictures), methods=["GET"]),
            get("/voice/{room:str}/{key:str}", views_paper.voice),
            get("/stay", views_door.stay),
        ]
        if self._for_phones:
            routes += [
                Route("/join", self._join_page, methods=["GET"]),
                Route("/join", self._join, methods=["POST"]),
            ]
        else:
            routes.append(get("/pair", views_door.pair))
        missing = {404: self._not_found, 405: self._not_found, TooLarge: self._too_large}
        app = Starlette(routes=routes, exception_handlers=missing)
        return Guard(app, rules(names), words=lambda code: in_all_languages(PACKAGE, f"refused.{code}"))

    def _get(self, path: str, view: View) -> Route:
        return Route(path, self._endpoint(view), methods=["GET"])

    def _post(self, path: str, view: View) -> Route:
        return Route(path, self._endpoint(view, changes=True), methods=["POST"])

    def _open(self, path: str, view: View) -> Route:
        async def endpoint(request: Request) -> Response:
            if not self._may_look(request):
                return RedirectResponse("/join", status_code=303)
            return await run_in_threadpool(_answered, view, self._at(request, None))

        return Route(path, endpoint, methods=["GET"])

    def _endpoint(self, view: View, *, changes: bool = False) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            visitor = self._visitor(request)
            if visitor is None:
                return RedirectResponse("/sign-in", status_code=303)
            form = await read_form(request, upload_bytes=UPLOAD_BYTES) if changes else Form()
            at = self._at(request, visitor, form)
            if changes and (form is None or not form.bears(visitor.csrf)):
                return at.message("form", status=403)
            return await run_in_threadpool(_answered, view, at)

        return endpoint

    def _stream(self, make: Callable[[At, Request], Awaitable[Response]]) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            visitor = self._visitor(request)
            if visitor is None:
                return _text(_words(request), "signed_out", 403)
            return await make(self._at(request, visitor), request)

        return endpoint

    def _visitor(self, request: Request) -> Visitor | None:
        if not self._may_look(request):
            return None
        return self._room.door.visitor(request.cookies.get(COOKIE, ""))

    def _may_look(self, request: Request) -> bool:
        """On the unit's own screen anybody; on a phone that read the code off it."""
        return not self._for_phones or self._room.pairing.paired(request.cookies.get(PHONE_COOKIE, ""))

    def _at(self, request: Request, visitor: Visitor | None, form: Form | None = None) -> At:
        theme = request.cookies.get(THEME_COOKIE, "")
        return At(
            room=self._room,
            visitor=visitor,
            words=_words(request),
            theme=theme if theme in THEMES else THEMES[0],
            on_phone=self._for_phones,
            form=form or Form(),
            path={name: str(value) for name, value in request.path_params.items()},
        )

    async def _sign_in(self, request: Request) -> Response:
        if not self._may_look(request):
            return RedirectResponse("/join", status_code=303)
        form = await read_form(request, upload_bytes=UPLOAD_BYTES)
        answer, token = await run_in_threadpool(views_door.sign_in, self._at(request, None, form))
        return _with_cookie(answer, COOKIE, token) if token else answer

    async def _unlock(self, request: Request) -> Response:
        if not self._may_look(request):
            return RedirectResponse("/join", status_code=303)
        form = await read_form(request, upload_bytes=UPLOAD_BYTES)
        return await run_in_threadpool(_answered, views_door.unlock, self._at(request, None, form))

    async def _sign_out(self, request: Request) -> Response:
        visitor = self._visitor(request)
        form = await read_form(request, upload_bytes=UPLOAD_BYTES)
        if visitor is not None and form is not None and form.bears(visitor.csrf):
            self._room.door.sign_out(request.cookies.get(COOKIE, ""))
        response = RedirectResponse("/sign-in", status_code=303)
        response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="strict", path="/")
        return response

    async def _join_page(self, request: Request) -> Response:
        return self._at(request, None).show("join", refused=False)

    async def _join(self, request: Request) -> Response:
        form = await read_form(request, upload_bytes=UPLOAD_BYTES) or Form()
        token = self._room.pairing.claim(form.text("code"))
        if token is None:
            return self._at(request, None).show("join", refused=True, status=403)
        return _with_cookie(RedirectResponse("/sign-in", status_code=303), PHONE_COOKIE, token)

    async def _not_found(self, request: Request, _error: Exception) -> Response:
        return _text(_words(request), "not_found", 404)

    async def _too_large(self, request: Request, _error: Exception) -> Response:
        return _text(_words(request), "too_large", 413)


def _answered(view: View, at: At) -> Response:
    try:
        return view(at)
    except StoreError as e:
        at.room.faults.note(e)
        return at.message("store", status=503, error=e)
    except DoorstepError as e:
        at.room.faults.note(e)
        return at.message("input", status=400, error=e)


def _with_cookie(response: Response, name: str, value: str) -> Response:
    response.set_cookie(name, value, secure=True, httponly=True, samesite="strict", path="/")
    return response


def _chosen(cookie: str, choices: tuple[str, ...]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        choice = request.path_params["choice"]
        response = RedirectResponse("/", status_code=303)
        return _with_cookie(response, cookie, choice if choice in choices else choices[0])

    return endpoint


async def _static(request: Request) -> Response:
    folder = resources.files("edge.web") / "static"
    name = request.path_params["name"]
    known = {file.name: file for file in folder.iterdir()}
    kind = KINDS.get(name[name.rfind(".") :])
    if name not in known or kind is None:
        return _text(_words(request), "not_found", 404)
    return Response(known[name].read_bytes(), media_type=kind)


async def _no_icon(_request: Request) -> Response:
    return Response(status_code=204)


def _words(request: Request) -> Words:
    return Words(PACKAGE, request.cookies.get(LANGUAGE_COOKIE, ""))


def _text(words: Words, code: str, status: int) -> Response:
    return PlainTextResponse(words(f"refused.{code}") + "\n", status_code=status)
