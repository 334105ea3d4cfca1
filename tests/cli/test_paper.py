"""The slip on the command line: made by the unit, checked on a machine that has public keys and nothing else."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from pypdf import PdfReader

from edge.core.visit import ConsentGiver, Purpose, Withdrawal
from edge.paper.qr_reading import read_qr
from edge.services.keep import keep_visit
from edge.signing.keyfile import encode_public
from edge.wiring.unit import open_unit
from tests.cli.conftest import Run
from tests.samples import CENTRAL_KEY, sample_draft


@pytest.fixture
def elsewhere(used: Path, tmp_path: Path) -> Path:
    """A machine with the public keys of unit and central only."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    shutil.copy(used / "keys" / "record.pub.json", folder / "unit.pub.json")
    (folder / "central.pub.json").write_bytes(encode_public(CENTRAL_KEY.public))
    return folder


def check(run: Run, given: object, trust: Path) -> tuple[int, dict]:
    done = run("verify", "--qr", given, "--trust", trust, "--unit", trust / "nothing", "--json")
    return done.exit_code, json.loads(done.stdout)


def test_slip_verifies_with_public_keys_only(run: Run, used: Path, elsewhere: Path, tmp_path: Path) -> None:
    picture = tmp_path / "slip.png"
    made = run("paper", 3, "--slip", picture, "--unit", used, "--json")
    assert made.exit_code == 0, made.output
    text = json.loads(made.stdout)["slip"]
    shutil.rmtree(used)
    for given in (text, picture):
        code, report = check(run, given, elsewhere)
        assert (code, report["verdict"], report["slip"]["sequence"]) == (0, "verifies", 3)
    assert report["slip"]["simulated"] is True and "person-3" not in json.dumps(report)


def test_one_changed_letter_is_refused(run: Run, used: Path, elsewhere: Path, tmp_path: Path) -> None:
    text = run("paper", 1, "--unit", used).stdout.strip()
    for place in (4, 30, 120, len(text) - 1):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        code, report = check(run, changed, elsewhere)
        assert (code, report["verdict"], report["slip"]) == (1, "does_not_verify", None)


def test_slip_of_a_unit_nobody_knows_is_not_accused(run: Run, used: Path, elsewhere: Path) -> None:
    text = run("paper", 1, "--unit", used).stdout.strip()
    (elsewhere / "unit.pub.json").unlink()
    code, report = check(run, text, elsewhere)
    assert (code, report["verdict"]) == (3, "could_not_be_checked")


def test_people_read_outcome_and_next_date(run: Run, used: Path) -> None:
    text = run("paper", 1, "--unit", used).stdout.strip()
    done = run("verify", "--qr", text, "--unit", used)
    assert done.exit_code == 0
    assert "认证凭条" in done.stdout and "转人工审核" in done.stdout and "2026-01-05" in done.stdout


def test_what_is_neither_slip_nor_picture_is_explained(run: Run, used: Path, tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    cv2.imwrite(str(blank), np.full((50, 50), 255, np.uint8))
    for given, said in (("hello", "neither"), (blank, "no QR code"), (tmp_path, "neither")):
        done = run("verify", "--qr", given, "--unit", used, "--json")
        assert done.exit_code == 4 and said in json.loads(done.stdout)["error"]["message"]
    assert run("verify", used, "--qr", "x", "--unit", used).exit_code == 2
    assert run("paper", 99, "--unit", used).exit_code == 4
    assert run("paper", 1, "--slip", tmp_path / "slip.gif", "--unit", used).exit_code == 4


def test_form_is_written_and_its_code_is_the_slip(run: Run, used: Path, tmp_path: Path) -> None:
    form = tmp_path / "form.pdf"
    done = run("paper", 2, "--form", form, "--unit", used)
    assert done.exit_code == 0, done.output
    (picture,) = PdfReader(form).pages[0].images
    assert read_qr(picture.data) == done.stdout.strip()


def test_withdrawal_of_consent_has_no_papers(run: Run, root: Path) -> None:
    taken = Withdrawal(purposes=(Purpose.SEND_PHOTO,), given_by=ConsentGiver.PERSON, record_sha256=("ab" * 32,))
    draft = replace(sample_draft(1), withdrawal=taken, attestation=None)
    with open_unit(root) as unit:
        keep_visit(draft, store=unit.store, signer=unit.record_key, clock=unit.clock)
    done = run("paper", 1, "--unit", root)
    assert done.exit_code == 4 and "takes consent back" in done.stderr
