"""Requests that mean no good: each gets a clear refusal, and nothing is changed."""

from __future__ import annotations

import contextlib
import io
import socket
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from edge.core.errors import CameraError, InputError
from edge.core.id_number import check_character
from edge.demo.page import PIN
from edge.web.app import COOKIE, UPLOAD_BYTES, rules
from tests.web.kiosk import WITNESS, WORKER, Kiosk
from tests.web.rooms import Screen, begin, hidden, post, sign_in

PAGES = ("/", "/list", "/add", "/visit", "/visit/leave", "/history", "/status", "/technician", "/pair", "/stay")
CHANGES = (
    "/visit/begin", "/visit/confirm", "/visit/consent", "/visit/capture", "/visit/sign", "/visit/photo",
    "/visit/witness", "/visit/leave", "/visit/close", "/add", "/list", "/history", "/technician/bundle",
)  # fmt: skip
NASTY = (
    "'; DROP TABLE records; --",
    '"><script>alert(1)</script>',
    "{{ 7*7 }}${7*7}",
    "../../../../etc/passwd",
    "%00\x00\r\nSet-Cookie: a=b",
    "甲" * 5_000,
    "\U0001f9d3\u202e\ud7ff",
)


@pytest.fixture
def screen(root: Path) -> Iterator[Screen]:
    made = Screen(root)
    yield made
    made.close()


def nothing_happened(screen: Screen) -> bool:
    return screen.unit.store.head().sequence == 0 and screen.room.visiting.open_of(WORKER) is None


def test_nobody_sees_or_changes_anything_without_signing_in(screen: Screen) -> None:
    client = screen.stranger()
    for path in PAGES:
        assert client.get(path).headers["location"] == "/sign-in", path
    for path in CHANGES:
        assert client.post(path, data={"person_id": "demo-1"}).headers["location"] == "/sign-in", path
    for path in ("/visit/live", "/visit/picture"):
        assert client.get(path).status_code == 403, path
    assert nothing_happened(screen)


@pytest.mark.parametrize("host", ["elsewhere.example", "localhost.elsewhere.example", "127.0.0.1.nip.io", "", "[::"])
def test_forged_host_is_turned_away(screen: Screen, host: str) -> None:
    for path in ("/sign-in", "/list", "/static/screen.css"):
        assert screen.stranger().get(path, headers={"host": host}).status_code == 421


def test_form_from_another_site_changes_nothing(screen: Screen) -> None:
    client = screen.worker()
    fields = {**hidden(client, "/list"), "person_id": "demo-1"}
    for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://x.example"}):
        assert client.post("/visit/begin", data=fields, headers=headers).status_code == 403
    assert client.post("/visit/begin", data={"person_id": "demo-1"}).status_code == 403, "no token"
    assert client.post("/visit/begin", data={**fields, "csrf": "0" * 64}).status_code == 403
    assert nothing_happened(screen)


def test_token_of_one_worker_does_not_serve_another(screen: Screen) -> None:
    csrf = hidden(screen.worker(WITNESS), "/list")["csrf"]
    assert screen.worker().post("/visit/begin", data={"csrf": csrf, "person_id": "demo-1"}).status_code == 403
    assert nothing_happened(screen)


def test_replayed_cookie_is_worth_nothing_after_signing_out(screen: Screen) -> None:
    client = screen.worker()
    token = client.cookies[COOKIE]
    assert post(client, "/sign-out", "/list").headers["location"] == "/sign-in"
    again = screen.stranger()
    again.cookies.set(COOKIE, token)
    assert again.get("/list").headers["location"] == "/sign-in"


def test_cookie_cannot_be_read_by_scripts_or_sent_from_elsewhere(screen: Screen) -> None:
    cookie = sign_in(screen.stranger()).headers["set-cookie"].lower()
    assert all(word in cookie for word in ("__host-visit=", "httponly", "secure", "samesite=strict", "path=/"))


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/..%2f..%2fkeys%2frecord.key", "/static/%2e%2e/at.py", "/static/base.html"]
)
def test_path_that_climbs_finds_nothing(screen: Screen, path: str) -> None:
    answer = screen.worker().get(path)
    assert answer.status_code == 404 and "import" not in answer.text


def test_every_answer_is_hardened_and_holds_nothing_inline_or_foreign(screen: Screen) -> None:
    client, expected = screen.worker(), dict(rules(()).headers())
    begin(client)
    for path in (*PAGES, "/nowhere", "/static/screen.css", "/static/capture.mjs", "/sign-in"):
        answer = client.get(path)
        assert {name: answer.headers[name] for name in expected} == expected, path
        assert " style=" not in answer.text and "<style" not in answer.text and " onclick" not in answer.text, path
        assert "http://" not in answer.text.replace("http://www.w3.org", "") and "https://" not in answer.text, path
    assert "unsafe" not in expected["Content-Security-Policy"]


def test_gigabyte_is_refused_over_the_wire_and_not_kept(kiosk: Kiosk) -> None:
    """The daemon's memory must not grow by what is sent."""
    before_kb = kiosk.memory_kb()
    head = f"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1:{kiosk.port}\r\nTransfer-Encoding: chunked\r\n"
    head += "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    sent, piece = 0, b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", kiosk.port), timeout=30) as line:
        line.sendall(head.encode())
        answer = b""
        with contextlib.suppress(ConnectionError):
            while sent < 1 << 30:
                line.sendall(piece)
                sent += 1 << 20
        with contextlib.suppress(ConnectionError):
            answer = line.recv(4096)
    assert sent < 64 << 20, "it was cut off early"
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413")
    assert kiosk.memory_kb() - before_kb < 64 << 10
    assert kiosk.records() == []


def test_body_beyond_the_bound_is_refused(screen: Screen) -> None:
    client = screen.worker()
    begin(client)
    for path in ("/visit/photo", "/visit/confirm", "/sign-in"):
        body = b"x" * (UPLOAD_BYTES + 1 if path == "/visit/photo" else 70_000)
        kind = {"content-type": "application/x-www-form-urlencoded"}
        answer = client.post(path, content=iter([body]), headers=kind)
        assert answer.status_code == 413, path
    announced = {"content-length": str(1 << 30), "content-type": "multipart/form-data; boundary=x"}
    assert client.post("/visit/photo", content=b"x", headers=announced).status_code == 413
    for length in ("-1", "nonsense", "1e9"):
        assert client.post("/visit/photo", content=b"x", headers={"content-length": length}).status_code == 413


@pytest.mark.parametrize("content", [b"\xff\xfe=%zz&&&", b"a" * 100, b"", b"--x\r\n\r\n--x--"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/x"])
def test_nonsense_as_a_form_is_answered_in_words(screen: Screen, content: bytes, kind: str) -> None:
    answer = screen.worker().post("/visit/begin", content=content, headers={"content-type": kind})
    assert answer.status_code == 403 and "Traceback" not in answer.text
    assert nothing_happened(screen)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"GIF89a" + b"\0" * 99, b"\xff\xd8\xff" + b"\0" * 999, b"\x89PNG\r\n\x1a\n", bomb(30_000, 30_000),
        bomb(60_000, 60_000), bomb(1, 1), b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xff\xd8\xff\xe0" * 5000,
    ],
)  # fmt: skip
def test_malformed_picture_is_refused(screen: Screen, raw: bytes) -> None:
    with pytest.raises(InputError):
        screen.room.unit.photograph(raw)


def test_refused_picture_leaves_the_visit_where_it_was(screen: Screen) -> None:
    client = screen.worker()
    begin(client)
    post(client, "/visit/confirm")
    post(client, "/visit/consent", answer="agreed", match="yes", send="yes", giver="person")
    post(client, "/visit/without-face", reason="too_ill")
    before = screen.room.visiting.open_of(WORKER)
    files = {"photograph": ("../../x.php", bomb(60_000, 60_000), "image/jpeg")}
    answer = client.post("/visit/photo", data={**hidden(client), "kind": "id_card"}, files=files)
    assert answer.status_code == 400 and 'role="alert"' in answer.text
    assert screen.room.visiting.open_of(WORKER) == before


def test_photograph_is_made_anew_without_what_came_along(screen: Screen, portraits: Path) -> None:
    raw = (portraits / "obama.jpg").read_bytes()
    tagged = raw[:2] + b"\xff\xe1\x00\x12Exif\0\0GPS-HERE\0\0" + raw[2:] + b"<?php echo 1 ?>"
    made = screen.room.unit.photograph(tagged)
    assert made[:3] == b"\xff\xd8\xff" and b"GPS-HERE" not in made and b"php" not in made


def every_field(client: TestClient, text: str) -> list[int]:
    """`text` in every field of every form there is; the statuses."""
    answers = [
        sign_in(client, text, text),
        post(client, "/list", "/list", query=text),
        post(client, "/visit/begin", "/list", person_id=text),
        post(client, "/history", "/list", person_id=text),
        post(client, "/add", "/add", name=text, id_number=text, village=text, scheme=text),
        client.get(f"/language/{quote(text[:40])}"),
        client.get(f"/theme/{quote(text[:40])}"),
    ]
    for path in CHANGES:
        names = ("revision", "reason", "kind", "witness", "pin", "giver", "answer", "match", "id_number", "sure")
        csrf = {"csrf": hidden(client, "/list").get("csrf", "")}
        answers.append(client.post(path, data=dict.fromkeys(names, text) | csrf))
    assert not any("<script>alert" in a.text or "Traceback" in a.text or "root:" in a.text for a in answers)
    return [a.status_code for a in answers]


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_sql_html_and_worse_in_every_field_changes_nothing(screen: Screen, text: str) -> None:
    client = screen.worker()
    statuses = every_field(client, text)
    assert set(statuses) <= {200, 303, 400, 403, 404, 413}, statuses
    assert nothing_happened(screen)
    begin(client)
    session = screen.room.visiting.open_of(WORKER)
    assert set(every_field(client, text)) <= {200, 303, 400, 403, 404, 413}
    assert screen.room.visiting.open_of(WORKER) == session


def test_name_that_is_markup_is_shown_as_text(screen: Screen) -> None:
    client = screen.worker()
    number = "110101194002010003"
    fields = {"name": NASTY[1][:60], "id_number": number, "village": "", "scheme": "resident"}
    fields["id_number"] = number[:17] + check_character(number[:17])
    assert post(client, "/add", "/add", **fields).headers["location"] == "/visit"
    page = client.get("/visit").text
    assert "&lt;script&gt;" in page and "<script>alert" not in page


def test_thousand_sign_ins_are_slowed_and_lock_nobody_else(screen: Screen) -> None:
    client = screen.stranger()
    statuses = [sign_in(client, WORKER, "000111").status_code for _ in range(1000)]
    assert statuses.count(429) > 980
    assert all("PIN" not in sign_in(client, WORKER, PIN).text for _ in range(2))
    locked = {w.worker_id: w.locked for w in screen.unit.workers.workers()}
    assert locked == {WORKER: True, WITNESS: False}
    assert nothing_happened(screen)


def test_form_of_an_earlier_step_changes_nothing(screen: Screen) -> None:
    client = screen.worker()
    begin(client)
    old = hidden(client)
    post(client, "/visit/confirm")
    session = screen.room.visiting.open_of(WORKER)
    for path in ("/visit/confirm", "/visit/consent", "/visit/sign", "/visit/leave"):
        fields = {**old, "answer": "refused", "sure": "yes", "reason": "moved"}
        assert client.post(path, data=fields).headers["location"] == "/visit"
    assert screen.room.visiting.open_of(WORKER) == session
    assert screen.unit.store.head().sequence == 0


def test_step_cannot_be_jumped_over(screen: Screen) -> None:
    client = screen.worker()
    begin(client)
    for path in ("/visit/sign", "/visit/witness", "/visit/close", "/visit/declare", "/visit/photo", "/visit/capture"):
        fields = {"sure": "yes", "witness": WITNESS, "pin": PIN, "kind": "id_card", "person_seen": "yes"}
        assert post(client, path, **fields).status_code == 400, path
    assert screen.unit.store.head().sequence == 0


def test_support_bundle_tells_of_no_person(screen: Screen) -> None:
    client = screen.worker()
    begin(client)
    post(client, "/visit/leave", reason="moved")
    post(client, "/visit/close")
    every_field(client, "演示甲")
    screen.room.faults.note(CameraError("演示甲 stood before the lens"))
    answer = post(client, "/technician/bundle", "/technician")
    assert answer.headers["content-disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        text = b"".join(bundle.read(name) for name in bundle.namelist()).decode()
    for person in screen.room.unit.people():
        assert not any(secret in text for secret in (person.name, person.id_number, person.person_id))
    assert WORKER not in text and '"kind": "CameraError"' in text
