"""Who gets into the desk, what every answer carries, and what is turned away before any page."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from central.desk import proofs
from central.desk.app import rules
from central.desk.signing_in import LOCKED, LONGEST, MOST_FAILURES, Door
from central.founding import DEFAULT_DATABASE
from central.rows.accounts import Accounts
from edge.core.errors import InputError
from edge.core.visit import OutcomeKind, Reason, Scheme
from edge.gate.words import catalogue
from tests.central.conftest import Desk
from tests.central.desks import PASSWORD, ReviewDesk, open_desk


@pytest.fixture
def database() -> str:
    """What stands before the pages is the same over every database."""
    return DEFAULT_DATABASE


@pytest.fixture
def review_desk(desk: Desk) -> ReviewDesk:
    return open_desk(desk)


PAGES = ["/", "/units", "/lists", "/people", "/reports", "/reports.csv", "/log", "/reviews/" + "0" * 64]


def test_nobody_sees_a_page_without_signing_in(review_desk: ReviewDesk) -> None:
    client = review_desk.stranger()
    for path in PAGES:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), path
    for path in ("/lists/import", "/lists/assign", "/people", "/reviews/x/decision", "/sign-out"):
        assert client.post(path).headers["location"] == "/sign-in", path


def test_password_alone_or_code_alone_does_not_let_in(review_desk: ReviewDesk) -> None:
    client = review_desk.stranger()
    assert review_desk.sign_in(client, "rev-1", code="000000") == 403
    assert review_desk.sign_in(client, "rev-1", password="wrong wrong wrong") == 403
    assert review_desk.sign_in(client, "rev-1", username="nobody") == 403
    assert not client.cookies
    assert review_desk.sign_in(client, "rev-1") == 303


def test_changed_password_and_renewed_code_end_sessions_and_the_old_ones_let_nobody_in(
    review_desk: ReviewDesk,
) -> None:
    client, door = review_desk.as_("rev-1"), Door(review_desk.room.store, review_desk.room.vault)
    door.change_password("rev-1", "another horse battery", at=review_desk.now)
    old_secret = review_desk.secrets["rev-1"]
    review_desk.secrets["rev-1"] = door.renew_code("rev-1", at=review_desk.now)
    assert client.get("/").headers["location"] == "/sign-in"
    assert review_desk.sign_in(review_desk.stranger(), "rev-1") == 403, "the old password"
    assert review_desk.sign_in(review_desk.stranger(), "rev-1", password="another horse battery") == 303
    assert old_secret != review_desk.secrets["rev-1"]


def test_code_is_good_once(review_desk: ReviewDesk) -> None:
    review_desk.sign_in(review_desk.stranger(), "rev-1")
    review_desk.wait(seconds=60)
    code = proofs.totp_code(review_desk.secrets["rev-1"], int(review_desk.now.timestamp()) // proofs.STEP_S)
    form = {"username": "rev-1", "password": PASSWORD, "code": code}
    client = review_desk.stranger()
    assert [client.post("/sign-in", data=form).status_code for _ in range(2)] == [303, 403]


def test_wrong_attempts_lock_an_account_and_the_right_password_does_not_help(review_desk: ReviewDesk) -> None:
    for _ in range(MOST_FAILURES):
        assert review_desk.sign_in(review_desk.stranger(), "rev-1", password="wrong wrong wrong") == 403
    assert review_desk.sign_in(review_desk.stranger(), "rev-1") == 403
    review_desk.wait(seconds=LOCKED.total_seconds())
    assert review_desk.sign_in(review_desk.stranger(), "rev-1") == 303


def test_session_ends_unused_after_its_longest_time_and_by_signing_out(review_desk: ReviewDesk) -> None:
    client = review_desk.as_("rev-1")
    review_desk.wait(minutes=29)
    assert client.get("/").status_code == 200
    review_desk.wait(minutes=31)
    assert client.get("/").status_code == 303
    review_desk.clients.clear()
    client = review_desk.as_("rev-1")
    for _ in range(int(LONGEST / dt.timedelta(minutes=25)) + 1):
        review_desk.wait(minutes=25)
        last = client.get("/").status_code
    assert last == 303
    review_desk.clients.clear()
    token = review_desk.as_("rev-1").cookies["__Host-desk"]
    assert review_desk.post("rev-1", "/sign-out")[0] == 303
    again = review_desk.stranger()
    again.cookies.set("__Host-desk", token)
    assert again.get("/").status_code == 303, "the cookie is worth nothing any more"


def test_cookie_cannot_be_read_by_scripts_or_sent_from_elsewhere(review_desk: ReviewDesk) -> None:
    client = review_desk.stranger()
    review_desk.sign_in(client, "rev-1")
    review_desk.wait(seconds=60)
    code = proofs.totp_code(review_desk.secrets["rev-1"], int(review_desk.now.timestamp()) // proofs.STEP_S)
    answer = client.post("/sign-in", data={"username": "rev-1", "password": PASSWORD, "code": code})
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("__host-desk=", "httponly", "secure", "samesite=strict", "path=/"))


def test_stolen_database_gives_no_password_code_or_session(review_desk: ReviewDesk) -> None:
    token = review_desk.as_("rev-1").cookies["__Host-desk"]
    with review_desk.room.store.transaction() as transaction:
        (row, *_) = [r for r in Accounts(transaction).all() if r["username"] == "rev-1"]
        assert Accounts(transaction).session(token) is None
    assert row["password_phc"].startswith("$argon2id$")
    assert review_desk.secrets["rev-1"] not in row["totp_sealed"]


def test_form_without_its_token_or_from_another_site_changes_nothing(review_desk: ReviewDesk) -> None:
    client = review_desk.as_("sup-1")
    assert client.post("/lists/assign", data={"unit": "unit-a", "village": ""}).status_code == 403
    token = review_desk.csrf("sup-1")
    form = {"csrf": token, "unit": "unit-a", "village": ""}
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}):
        assert client.post("/lists/assign", data=form, headers=headers).status_code == 403
    assert client.post("/lists/assign", data={**form, "csrf": review_desk.csrf("rev-1")}).status_code == 403
    assert client.post("/lists/assign", data=form).status_code == 200


def test_foreign_host_name_is_turned_away(review_desk: ReviewDesk) -> None:
    for host in ("elsewhere.example", "localhost.elsewhere.example", ""):
        assert review_desk.stranger().get("/sign-in", headers={"host": host}).status_code == 421


def test_every_answer_is_hardened_and_pages_hold_no_script(review_desk: ReviewDesk) -> None:
    client, expected = review_desk.as_("sup-1"), dict(rules(()).headers())
    for path in ("/", "/units", "/lists", "/people", "/reports", "/log", "/nowhere", "/desk.css", "/metrics"):
        answer = client.get(path)
        assert {name: answer.headers[name] for name in expected} == expected, path
        assert "<script" not in answer.text
        assert "style=" not in answer.text
        assert "http://" not in answer.text and "https://" not in answer.text, "nothing from elsewhere"


def test_roles_open_only_their_own_pages(review_desk: ReviewDesk) -> None:
    for name, path, status in (
        ("rev-1", "/lists", 403),
        ("rev-1", "/log", 403),
        ("aud-1", "/lists", 403),
        ("aud-1", "/log", 200),
        ("sup-1", "/lists", 200),
        ("sup-1", "/log", 200),
    ):
        assert review_desk.as_(name).get(path).status_code == status, (name, path)
    assert review_desk.post("aud-1", "/lists/assign", unit="unit-a", village="")[0] == 403
    assert review_desk.post("aud-1", "/reviews/x/decision", choice="certified", reason="long enough")[0] == 403


def test_too_many_attempts_from_one_address_are_slowed(review_desk: ReviewDesk) -> None:
    client = review_desk.stranger()
    attempts = (client.post("/sign-in", data={"username": "-"}).status_code for _ in range(100))
    assert 429 in attempts


def test_body_beyond_the_bound_is_refused(review_desk: ReviewDesk) -> None:
    client = review_desk.as_("sup-1")
    assert client.post("/lists/assign", content=b"x" * 70_000).status_code == 413
    files = {"list": ("a.csv", b"x" * (65 * 1024 * 1024))}
    assert client.post("/lists/import", files=files).status_code == 413


@pytest.mark.parametrize("content", [b"\xff\xfe=%zz&&&", b"a" * 100, b""])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/x"])
def test_nonsense_as_a_form_is_answered_in_words(review_desk: ReviewDesk, content: bytes, kind: str) -> None:
    answer = review_desk.as_("sup-1").post("/lists/import", content=content, headers={"content-type": kind})
    assert answer.status_code in (400, 403)
    assert "Traceback" not in answer.text


def test_metrics_are_for_this_machine_only_and_name_nobody(review_desk: ReviewDesk) -> None:
    client = review_desk.stranger()
    review_desk.central.submit(*review_desk.central.chain(2))
    text = client.get("/metrics").text
    assert 'doorstep_records{outcome="review"} 2' in text
    assert "doorstep_reviews_waiting 2" in text
    assert "p-1" not in text
    assert client.get("/metrics", headers={"x-forwarded-for": "10.0.0.1"}).status_code == 404


def test_password_that_is_too_short_makes_no_account() -> None:
    with pytest.raises(InputError):
        proofs.hash_password("short")


def test_code_matches_the_standards_vector() -> None:
    # RFC 6238, appendix B, SHA-1, the last six digits.
    secret = b"12345678901234567890"
    assert proofs.totp_code(secret, 59 // 30) == "287082"
    assert proofs.totp_code(secret, 1111111109 // 30) == "081804"
    assert proofs.totp_step(secret, "287082", now_s=59, after=1) is None, "used already"


def test_catalogues_have_the_same_texts_and_all_codes() -> None:
    chinese, english = (catalogue("central.resources", language) for language in ("zh", "en"))
    assert {s: set(t) for s, t in chinese.items()} == {s: set(t) for s, t in english.items()}
    for section, codes in (("reason", Reason), ("outcome", OutcomeKind), ("scheme", Scheme)):
        assert set(chinese[section]) == {code.value for code in codes}
    written = "".join(path.read_text(encoding="utf-8") for path in Path("central").rglob("*.py"))
    actions = re.findall(r'(?:_log\(|_change\((?:folder, )?username, |\.log\([\w.]+, )"([a-z_]+)"', written)
    assert set(actions) <= set(chinese["action"]) and len(set(actions)) > 15
    refusals = re.findall(r'return "([a-z ]+)"( if|\n)', (Path("central/desk/signing_in.py")).read_text("utf-8"))
    assert {code for code, _ in refusals} <= set(chinese["sign_in_refused"])
    texts = "".join(p.read_text() for p in Path("central/desk/templates").glob("*.html"))
    assert "style=" not in texts
