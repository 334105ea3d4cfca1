"""From a unit's own keys to a certificate that a real broker takes, by stick, QR codes, network; who is refused."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from central.broker import Broker, find_mosquitto, free_port
from edge.core.certificates import Issuer
from edge.core.errors import DoesNotVerify, InputError, SigningError, SyncError
from edge.core.keys import KeyPurpose
from edge.signing.keyfile import encode_public
from edge.wiring.provision import (
    Desk,
    Terms,
    enrol,
    install_answer,
    make_machine,
    make_request,
    new_desk,
    now,
    open_bench,
)
from edge.wiring.unit import fingerprint, found_unit, open_unit
from tests.cli.conftest import Run
from tests.samples import CENTRAL_KEY, UNIT, sample_key

Signed = Callable[..., bytes]
PASSPHRASE = "correct horse battery staple"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, made once: its key is stretched on purpose, and that takes a second."""
    folder = tmp_path_factory.mktemp("authority") / "ca"
    new_desk(folder, name="Bench", passphrase=PASSPHRASE)
    return folder


@pytest.fixture
def authority(made: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "ca"
    shutil.copytree(made, folder)
    (folder / "trust").mkdir()
    (folder / "trust" / "central.pub.json").write_bytes(encode_public(CENTRAL_KEY.public))
    (tmp_path / "pass").write_text(PASSPHRASE + "\n")
    return folder


@pytest.fixture
def desk(authority: Path) -> Desk:
    return Desk(authority)


@pytest.fixture(scope="module")
def issuer(made: Path) -> Issuer:
    return Desk(made).authority.unlock(PASSPHRASE)


@pytest.fixture
def signed(desk: Desk, issuer: Issuer) -> Signed:
    def sign(raw: bytes, host: str = "", port: int = 8883) -> bytes:
        return desk.sign(issuer, raw, Terms(days=90, trusted=desk.trusted([]), host=host, port=port))

    return sign


def of_bench(run: Run, *arguments: object, ok: bool = True) -> dict[str, object]:
    result = run("provision", *arguments, "--json")
    assert (result.exit_code == 0) is ok, result.output
    return json.loads(result.stdout)


def test_stick_carries_a_unit_to_a_certificate_that_the_broker_takes(
    run: Run, root: Path, authority: Path, tmp_path: Path
) -> None:
    if find_mosquitto() is None:
        pytest.skip("mosquitto is not installed on this machine")
    stick, secret = tmp_path / "stick", ("--passphrase-file", tmp_path / "pass", "--ca", authority)
    pki, port = tmp_path / "pki", free_port()
    of_bench(run, "ca", "machine", "broker", "--server-name", "127.0.0.1", "--out", pki, *secret)
    asked = of_bench(run, "request", "--unit", root, "--out", stick)
    with open_unit(root) as unit:
        print_ = fingerprint(unit.public)
    assert asked["fingerprints"]["record_key"] == print_  # type: ignore[index]
    broker = ("--broker", f"127.0.0.1:{port}")
    file = stick / f"{UNIT}.request.json"
    of_bench(run, "ca", "sign", file, "--out", stick, "--fingerprint", print_, *broker, *secret)
    assert (stick / f"{UNIT}.pub.json").read_bytes() == (root / "keys" / "record.pub.json").read_bytes()
    authority_print = of_bench(run, "ca", "list", "--ca", authority)["fingerprint"]
    answer = stick / f"{UNIT}.answer.json"
    of_bench(run, "install", answer, "--unit", root, "--fingerprint", authority_print)
    with Broker(tmp_path / "broker", pki=pki, central_id="central-test", port=port):
        found = run("doctor", "--unit", root, "--only", "certificate,broker", "--json")
    lines = {line["check"]: line["state"] for line in json.loads(found.stdout)["sheet"]["lines"]}
    assert lines == {"certificate": "pass", "broker": "pass"}, found.stdout
    with open_unit(root) as unit:
        assert CENTRAL_KEY.public in unit.believed()
    assert (root / "tls" / "unit.key").stat().st_mode & 0o777 == 0o600


def test_qr_codes_carry_both_ways_and_no_secret(run: Run, root: Path, authority: Path, tmp_path: Path) -> None:
    out, secret = tmp_path / "photos", ("--passphrase-file", tmp_path / "pass", "--ca", authority)
    of_bench(run, "request", "--unit", root, "--out", out)
    codes = sorted(out.glob("*.request-*.png"), reverse=True)
    with open_unit(root) as unit:
        print_ = fingerprint(unit.public).replace(" ", "").upper()
    of_bench(run, "ca", "sign", *codes, "--out", out, "--fingerprint", print_, *secret)
    answers = sorted(out.glob("*.answer-*.png"))
    assert len(answers) > 1
    of_bench(run, "install", *answers[1:], "--unit", root, "--fingerprint", "0", ok=False)
    wrong = of_bench(run, "install", *answers, "--unit", root, "--fingerprint", "00 11", ok=False)
    assert "not the one expected" in wrong["error"]["message"]  # type: ignore[index]
    assert not (root / "tls" / "unit.crt").exists()
    of_bench(run, "install", *answers, "--unit", root, "--fingerprint", Desk(authority).fingerprint)
    for file in out.iterdir():
        content = file.read_bytes()
        for path in (*root.glob("keys/*.key"), root / "tls" / "unit.key", authority / "ca.key"):
            assert path.read_bytes()[-80:-30] not in content


def test_network_enrols_with_a_token_once(root: Path, desk: Desk, issuer: Issuer, tmp_path: Path) -> None:
    told: list[str] = []
    token = desk.authority.new_token(now=now(), hours=1)
    with open_bench(desk, issuer, Terms(days=30), [token], ("127.0.0.1", 0), told.append) as door:
        threading.Thread(target=door.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{door.server_address[1]}"
        with open_unit(root) as unit:
            with pytest.raises(SyncError, match="no token fits"):
                enrol(unit, url, "A" * 20)
            assert enrol(unit, url, token).name == UNIT
        other = tmp_path / "other"
        with found_unit(other, "unit-other", KeyPurpose.DEMONSTRATION) as unit:
            with pytest.raises(SyncError, match="has been used"):
                enrol(unit, url, token)
            assert not (other / "tls" / "unit.crt").exists()
        door.shutdown()
    assert token not in (desk.authority.folder / "ledger.json").read_text()


def test_bench_that_does_not_know_the_token_is_not_believed(root: Path, desk: Desk, issuer: Issuer) -> None:
    """Somebody else's laptop answers first: it can sign with its own authority, and cannot prove the token."""
    from http.server import ThreadingHTTPServer

    from edge.sync import bench_link

    token = "B" * 20
    desk.authority._write(desk.authority.ledger.with_token("C" * 20, "2999-01-01T00:00:00Z", ""))

    def impostor(question: bytes) -> bytes:
        import msgspec

        from edge.core.provisioning import Enrolment

        return desk.enrolled(issuer, msgspec.json.decode(question, type=Enrolment).document, "C" * 20, Terms(days=9))

    door: ThreadingHTTPServer
    with bench_link.bench("127.0.0.1", 0, impostor, print) as door, open_unit(root) as unit:
        threading.Thread(target=door.serve_forever, daemon=True).start()
        with pytest.raises(DoesNotVerify, match="token"):
            enrol(unit, f"http://127.0.0.1:{door.server_address[1]}", token)
        door.shutdown()
    assert not (root / "tls" / "unit.crt").exists()


def test_answer_for_another_unit_or_by_another_authority_is_refused(
    root: Path, signed: Signed, tmp_path: Path
) -> None:
    with found_unit(tmp_path / "b", "unit-b", KeyPurpose.DEMONSTRATION) as other:
        theirs = signed(make_request(other))
    with open_unit(root) as unit:
        with pytest.raises(DoesNotVerify):
            install_answer(unit, theirs)
        own = make_request(unit)
        install_answer(unit, signed(own))
        stranger = new_desk(tmp_path / "stranger", name="Stranger", passphrase=PASSPHRASE)
        with pytest.raises(SigningError, match="another"):
            install_answer(unit, stranger.sign(stranger.authority.unlock(PASSPHRASE), own, Terms(days=9)))
        install_answer(unit, signed(make_request(unit)))  # renewal, by the same authority


def test_request_altered_on_the_way_is_refused(root: Path, desk: Desk, signed: Signed) -> None:
    with open_unit(root) as unit:
        raw = make_request(unit)
    with pytest.raises(DoesNotVerify):
        signed(raw.replace(b'"sig":"', b'"sig":"00', 1))
    assert desk.authority.ledger.issued == ()


def test_authority_cannot_add_a_second_record_key(root: Path, desk: Desk, issuer: Issuer) -> None:
    with open_unit(root) as unit:
        forged = sample_key(UNIT, seed="another").public
        answer = desk.sign(issuer, make_request(unit), Terms(days=9, trusted=(forged,)))
        with pytest.raises(DoesNotVerify, match="own"):
            install_answer(unit, answer)
        assert forged not in unit.believed()


def test_id_is_not_given_to_a_second_board_until_the_first_is_revoked(
    root: Path, desk: Desk, issuer: Issuer, signed: Signed, tmp_path: Path
) -> None:
    with open_unit(root) as unit:
        signed(make_request(unit))
    with found_unit(tmp_path / "again", UNIT, KeyPurpose.DEMONSTRATION) as replaced:
        request = make_request(replaced)
    with pytest.raises(InputError, match="another key"):
        signed(request)
    desk.authority.revoke(issuer, UNIT, now=now(), reason="lost")
    signed(request)
    crl = x509.load_pem_x509_crl((desk.authority.folder / "ca.crl").read_bytes())
    assert [f"{entry.serial_number:x}" for entry in crl] == [desk.authority.ledger.issued[0].serial]


def test_revoked_unit_gets_no_connection(
    root: Path, desk: Desk, issuer: Issuer, signed: Signed, run: Run, tmp_path: Path
) -> None:
    if find_mosquitto() is None:
        pytest.skip("mosquitto is not installed on this machine")
    port = free_port()
    make_machine(desk, issuer, "broker", ["127.0.0.1"], 90, tmp_path / "pki")
    with open_unit(root) as unit:
        install_answer(unit, signed(make_request(unit), host="127.0.0.1", port=port))
    desk.authority.revoke(issuer, UNIT, now=now(), reason="lost")
    shutil.copy(desk.authority.folder / "ca.crl", tmp_path / "pki" / "ca.crl")
    with Broker(tmp_path / "broker", pki=tmp_path / "pki", central_id="central-test", port=port):
        found = run("doctor", "--unit", root, "--only", "broker", "--json")
    assert json.loads(found.stdout)["sheet"]["lines"][0]["state"] == "fail"


def test_authoritys_key_is_closed_without_its_passphrase(desk: Desk, run: Run, tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="passphrase is wrong"):
        desk.authority.unlock(PASSPHRASE + ".")
    assert b"PRIVATE KEY" not in (desk.authority.folder / "ca.key").read_bytes()
    (tmp_path / "short").write_text("short\n")
    result = run("provision", "ca", "init", tmp_path / "new", "--name", "x", "--passphrase-file", tmp_path / "short")
    assert result.exit_code == 4 and not (tmp_path / "new").exists()
