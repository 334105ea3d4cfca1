"""Renewal over a real broker: a unit asks, a technician signs, the unit changes over; what must not come through."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from central.cli import main as central
from central.founding import DEFAULT_DATABASE
from central.rows import certificates
from edge.cli.main import main as doorstep
from edge.core.certificates import Issuer
from edge.core.errors import SyncError
from edge.core.provisioning import answer_of, open_request, sign_answer
from edge.services.progress import Progress, ProgressKind
from edge.signing.certificate import read_certificate
from edge.sync.tls import probe_broker, tls_files
from edge.wiring.provision import Desk, install_answer, make_machine, make_request, new_desk, now, renew_all
from edge.wiring.sync import export_parcel, import_parcel, make_drain
from edge.wiring.unit import Unit
from tests.sync.conftest import QUICK, Stage, drain_until, playing, visit, wait_for
from tools.faults.scene import CENTRAL_ID

PASSPHRASE = "correct horse battery staple"


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Issuer]:
    """An authority and its opened key: stretched on purpose, so done once."""
    folder = tmp_path_factory.mktemp("authority") / "ca"
    desk = new_desk(folder, name="Technicians", passphrase=PASSPHRASE)
    return folder, desk.authority.unlock(PASSPHRASE)


@dataclass
class Office:
    """The running scene, all of whose certificates are by the technicians' authority in `ca`."""

    stage: Stage
    ca: Path
    issuer: Issuer
    folder: Path

    def unit(self, unit_id: str = "unit-a", *, days_left: int) -> Unit:
        unit = self.stage.unit(unit_id)
        shutil.rmtree(unit.root / "tls")
        request, begun = open_request(make_request(unit)), now() - timedelta(days=90 - days_left)
        certificate = Desk(self.ca).authority.issue(self.issuer, request, now=begun, days=90)
        answer = answer_of(unit_id, certificate, self.issuer, issued_utc="2026-03-02T00:00:00Z")
        install_answer(unit, sign_answer(answer, self.issuer))
        return unit

    def central(self, *arguments: object, code: int = 0) -> Any:
        return run(central, *arguments, "--dir", self.stage.scene.central, code=code)

    def renewal(self, unit_id: str = "unit-a") -> str:
        """How it stands at central."""
        with self.stage.scene.store() as store, store.transaction() as transaction:
            row = certificates.of_unit(transaction.connection, unit_id)
        return str(row["state"]) if row else ""

    def export(self) -> Path:
        self.central("unit", "renewals", "export", self.folder / "requests")
        return self.folder / "requests"

    def sign(self, requests: Path, *, refused: int = 0) -> Path:
        _, left = renew_all(Desk(self.ca), self.issuer, requests, 90, self.folder / "answers")
        assert len(left) == refused
        return self.folder / "answers"

    def answer(self, answers: Path, *, code: int = 0) -> Any:
        return self.central("unit", "renewals", "answer", answers, code=code)


def run(program: Any, *arguments: object, code: int = 0) -> Any:
    done = CliRunner().invoke(program, [*map(str, arguments), "--json"])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout) if done.stdout.strip() else None


@pytest.fixture
def office(tmp_path: Path, founded: tuple[Path, Issuer]) -> Iterator[Office]:
    ca = tmp_path / "ca"
    shutil.copytree(founded[0], ca)
    with playing(tmp_path / "scene", DEFAULT_DATABASE) as stage:
        stage.scene.broker.stop()
        pki, made = stage.scene.pki, tmp_path / "machines"
        make_machine(Desk(ca), founded[1], "broker", ["127.0.0.1"], 90, made)
        make_machine(Desk(ca), founded[1], CENTRAL_ID, [], 90, made)
        for file in made.iterdir():
            shutil.copy(file, pki / file.name)
        stage.scene.broker.start()
        yield Office(stage, ca, founded[1], tmp_path)


def days_left(unit: Unit) -> int:
    return (read_certificate(unit.root / "tls" / "unit.crt").not_after - now()).days


def probe(unit: Unit, kept: str = "") -> None:
    assert unit.config.sync
    authority, certificate, key = tls_files(unit.config.sync, unit.root)
    probe_broker(unit.config.sync, (authority, Path(f"{certificate}{kept}"), Path(f"{key}{kept}")))


def changed_over(told: list[Progress]) -> bool:
    return any(p.kind is ProgressKind.CERTIFICATE and "is in force" in p.detail for p in told)


def test_certificate_is_renewed_over_the_air_and_the_old_one_works_until_then(office: Office) -> None:
    unit = office.unit(days_left=20)
    office.stage.ingest()
    drain = make_drain(unit, QUICK)
    drain_until(unit, lambda _: office.renewal() == "waiting", drain)
    for name in ("unit.crt", "unit.key"):
        shutil.copy(unit.root / "tls" / name, unit.root / "tls" / f"{name}.kept")
    (office.folder / "pass").write_text(PASSPHRASE + "\n")
    secret = ("--ca", office.ca, "--passphrase-file", office.folder / "pass")
    run(doorstep, "provision", "ca", "renew", office.export(), "--out", office.folder / "answers", *secret)
    passed = office.answer(office.folder / "answers")
    assert [one["reason"] for one in passed] == [""]
    visit(unit)
    told = drain_until(unit, changed_over, drain)
    assert ProgressKind.DISCONNECTED not in [p.kind for p in told], "no record waited for it"
    assert days_left(unit) >= 89 and not list((unit.root / "tls").glob("next.*"))
    visit(unit)
    drain_until(unit, lambda _: not unit.outbox.entries(), drain)
    drain_until(unit, lambda _: office.renewal() == "installed", drain)
    drain.close()
    (row,) = office.central("unit", "list")
    assert row["certificate"]["days_left"] >= 89
    probe(unit, ".kept")
    assert office.answer(office.folder / "answers", code=1)[0]["reason"] == "does not wait for one"


def test_unit_cut_off_before_it_changed_over_does_so_at_its_next_start(office: Office) -> None:
    unit = office.unit(days_left=20)
    office.stage.ingest()
    drain_until(unit, lambda _: office.renewal() == "waiting")
    office.answer(office.sign(office.export()))
    drain_until(unit, lambda told: any(p.kind is ProgressKind.APPLIED for p in told))
    assert days_left(unit) < 21 and (unit.root / "tls" / "next.crt").exists()
    drain_until(unit, lambda told: changed_over(told) and told[-1].kind is not ProgressKind.DISCONNECTED)
    assert days_left(unit) >= 89


def test_certificate_that_is_not_yet_good_leaves_the_old_one_in_force(office: Office) -> None:
    """The authority's laptop has a wrong clock: the broker does not let the new certificate in."""
    unit = office.unit(days_left=20)
    office.stage.ingest()
    drain = make_drain(unit, QUICK)
    drain_until(unit, lambda _: office.renewal() == "waiting", drain)
    raw = office.export().read_bytes().rstrip(b"\n")
    early = Desk(office.ca).authority.renew(office.issuer, raw, now=now() + timedelta(days=9), days=90)
    (office.folder / "answers").write_bytes(early + b"\n")
    office.answer(office.folder / "answers")
    told = drain_until(unit, lambda told: any(p.kind is ProgressKind.CERTIFICATE for p in told), drain)
    assert any("not in force yet" in p.detail for p in told)
    visit(unit)
    drain_until(unit, lambda _: not unit.outbox.entries(), drain)
    drain.close()
    assert days_left(unit) < 21


def test_forged_answer_is_refused_by_the_unit_which_asks_on(office: Office, tmp_path: Path) -> None:
    unit = office.unit(days_left=20)
    office.stage.ingest()
    drain_until(unit, lambda _: office.renewal() == "waiting")
    stranger = new_desk(tmp_path / "strangers", name="Technicians", passphrase=PASSPHRASE)
    issuer = stranger.authority.unlock(PASSPHRASE)
    stranger.authority.issue(issuer, open_request(make_request(unit)), now=now(), days=90)
    raw = office.export().read_bytes().rstrip(b"\n")
    (tmp_path / "answers").write_bytes(stranger.authority.renew(issuer, raw, now=now(), days=90) + b"\n")
    office.answer(tmp_path / "answers")
    told = drain_until(unit, lambda told: any(p.kind is ProgressKind.NOT_APPLIED for p in told))
    assert any("other_authority" in p.detail for p in told)
    drain_until(unit, lambda _: office.renewal() == "waiting")
    assert days_left(unit) < 21
    office.answer(office.sign(office.export()))
    drain_until(unit, changed_over)


def test_answer_goes_to_no_other_unit_than_the_one_that_asked(office: Office) -> None:
    units = [office.unit(unit_id, days_left=20) for unit_id in ("unit-a", "unit-b")]
    office.stage.ingest()
    for unit in units:
        drain_until(unit, lambda _, unit=unit: office.renewal(unit.config.unit_id) == "waiting")
    requests = office.export()
    first = requests.read_bytes().splitlines()[0]
    (office.folder / "one").write_bytes(first.replace(b'"sig":"', b'"sig":"00', 1) + b"\n" + first + b"\n")
    answers = office.sign(office.folder / "one", refused=1)
    (passed,) = office.answer(answers)
    assert passed["unit_id"] == "unit-a"
    drain_until(units[0], changed_over)
    assert office.renewal("unit-b") == "waiting" and days_left(units[1]) < 21


def test_revoked_unit_gets_nothing(office: Office) -> None:
    unit = office.unit(days_left=20)
    office.stage.ingest()
    drain_until(unit, lambda _: office.renewal() == "waiting")
    requests = office.export()
    Desk(office.ca).authority.revoke(office.issuer, "unit-a", now=now(), reason="lost")
    assert office.sign(requests, refused=1).read_bytes() == b"", "the authority signs for it no more"
    done = CliRunner().invoke(central, ["unit", "revoke", "unit-a", "--dir", str(office.stage.scene.central)])
    assert done.exit_code == 0
    assert office.export().read_bytes() == b"", "nor does central hand its request on"
    drain = make_drain(unit, QUICK)
    drain_until(unit, lambda told: any(p.kind is ProgressKind.CONNECTED for p in told), drain)
    drain.close()
    assert office.central("unit", "renewals", "list") == []


def test_certificate_that_has_ended_is_renewed_by_stick(office: Office, tmp_path: Path) -> None:
    unit, stick = office.unit(days_left=-1), tmp_path / "stick"
    stick.mkdir()
    office.stage.ingest()
    visit(unit)
    told = drain_until(unit, lambda told: any(p.kind is ProgressKind.DISCONNECTED for p in told))
    assert any("certificate ended" in p.detail for p in told)
    with pytest.raises(SyncError):
        probe(unit)
    sheet = run(doorstep, "doctor", "--unit", unit.root, "--only", "certificate", code=1)["sheet"]
    assert sheet["lines"][0]["code"] == "over"
    export_parcel(unit, stick)
    run(central, "import", stick, "--dir", office.stage.scene.central)
    office.answer(office.sign(office.export()))
    export_parcel(unit, stick)
    run(central, "import", stick, "--dir", office.stage.scene.central)
    import_parcel(unit, stick)
    drain_until(unit, lambda told: changed_over(told) and not unit.outbox.entries())
    wait_for(lambda: office.renewal() != "")
    assert days_left(unit) >= 89
