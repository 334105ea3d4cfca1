"""`doorstep visit` as a worker and a newcomer use it: the real command, nets, store and keys."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner, Result

from edge.capture.opencv_sources import read_picture
from edge.capture.script import Script
from edge.capture.scripted import ScriptedCamera
from edge.cli.main import main
from edge.core.envelope import SIMULATED_VISIT_TYPE, parse
from edge.core.id_number import check_character
from edge.core.record import VisitRecord, decode_record
from edge.wiring.unit import open_unit_readonly

Doorstep = Callable[..., Result]
NUMBER = "11010119400101001" + check_character("11010119400101001")
BY_FACE = ("--person-id", "p-1", "--worker", "w-1", "--consent", "match")


@pytest.fixture(scope="module")
def clip(portraits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of the first man, in a container that any OpenCV writes."""
    file = tmp_path_factory.mktemp("clips") / "clip.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*"MJPG"), 15, (640, 480))
    script = Script(seconds=12, center=(0.58, 0.34), span=0.55)
    camera = ScriptedCamera(read_picture(portraits / "obama2.jpg"), script, seed=3)
    for i, frame in enumerate(camera.frames()):
        if i % 2 == 0:
            writer.write(frame.bgr)
    writer.release()
    return file


@pytest.fixture
def doorstep(tmp_path: Path, bundle_folder: Path) -> Doorstep:
    """Runs `doorstep … --unit` on a fresh demonstration unit with the real bundle."""
    runner, folder = CliRunner(), tmp_path / "unit"

    def run(*words: str) -> Result:
        return runner.invoke(main, [*words, "--unit", str(folder)])

    assert runner.invoke(main, ["unit", "init", str(folder), "--id", "u-1", "--demo"]).exit_code == 0
    assert run("unit", "trust", str(bundle_folder.with_name(bundle_folder.name + ".pub.json"))).exit_code == 0
    shutil.copytree(bundle_folder, folder / "models")
    return run


def records(tmp_path: Path) -> list[VisitRecord]:
    with open_unit_readonly(tmp_path / "unit") as unit:
        parsed = [parse(stored.envelope) for stored in unit.store.records()]
        assert all(p.payload_type == SIMULATED_VISIT_TYPE for p in parsed)
        return [decode_record(p.payload, p.payload_type) for p in parsed]


def last_json(result: Result) -> dict:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_right_person_is_certified_and_the_record_says_by_what(
    doorstep: Doorstep, clip: Path, portraits: Path, tmp_path: Path
) -> None:
    answer = last_json(
        doorstep("visit", *BY_FACE, "--video", str(clip), "--reference", str(portraits / "obama.jpg"), "--json")
    )
    assert (answer["outcome"], answer["reasons"]) == ("certified", ["clear_match"])
    (record,) = records(tmp_path)
    assert record.provenance.source.kind.value == "video_file" and record.provenance.bundle_sha256
    assert record.face and record.face.comparison.value and record.face.comparison.accept == 0.48
    assert record.consents.match_on_unit and not record.consents.send_photo


def test_photograph_that_may_be_kept_is_opened_for_a_stated_case_only(
    doorstep: Doorstep, clip: Path, portraits: Path, tmp_path: Path
) -> None:
    reference, out = ("--reference", str(portraits / "obama.jpg")), tmp_path / "case.jpg"
    look = ("consent", "photo", "p-1", "--worker", "w-1", "--out", str(out), "--why")
    last_json(doorstep("visit", *BY_FACE, "--video", str(clip), *reference, "--json"))
    assert doorstep(*look, "appeal").exit_code == 4 and not out.exists(), "none was agreed to"
    last_json(doorstep("visit", *BY_FACE, "--consent", "match,keep", "--video", str(clip), *reference, "--json"))
    assert doorstep(*look, "curiosity").exit_code == 2
    assert doorstep(*look, "appeal").exit_code == 0
    assert cv2.imread(str(out)).shape[:2] == (480, 640) and out.stat().st_mode & 0o077 == 0
    assert "1 photographs kept here" in doorstep("consent", "show", "p-1").output


def test_another_person_goes_to_review(doorstep: Doorstep, clip: Path, portraits: Path) -> None:
    answer = last_json(
        doorstep("visit", *BY_FACE, "--video", str(clip), "--reference", str(portraits / "biden.jpg"), "--json")
    )
    assert answer["outcome"] == "review" and "low_similarity" in answer["reasons"]


def test_without_a_reference_the_visit_goes_to_review(doorstep: Doorstep, clip: Path) -> None:
    answer = last_json(doorstep("visit", *BY_FACE, "--video", str(clip), "--json"))
    assert answer["outcome"] == "review" and "no_reference" in answer["reasons"]


def test_person_of_the_list_is_compared_with_the_lists_own_photograph(
    doorstep: Doorstep, clip: Path, portraits: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    shutil.copy(portraits / "obama.jpg", folder / "a.jpg")
    row = f"p-1,甲,{NUMBER},enterprise,a.jpg\n"
    text = "person_id,name,id_number,scheme,reference\n" + row + "p-2,乙,1,x,\n"
    (folder / "visits.csv").write_text(text, "utf-8")
    assert doorstep("list", "install", str(folder / "visits.csv")).exit_code == 0
    result = doorstep("visit", *BY_FACE, "--video", str(clip))
    assert result.exit_code == 0, result.output
    assert "line 3" in result.stderr and "认证通过" in result.stdout
    (record,) = records(tmp_path)
    served = record.visit.person_served
    assert served.scheme.value == "enterprise" and served.id_number_masked.endswith(NUMBER[-1])
    assert NUMBER not in result.output and "甲" not in result.output


def test_person_not_on_the_list_is_caught_before_the_camera_opens(doorstep: Doorstep, tmp_path: Path) -> None:
    file = tmp_path / "visits.csv"
    file.write_text("person_id,name,id_number,scheme,reference\n")
    assert doorstep("list", "install", str(file)).exit_code == 0
    result = doorstep("visit", *BY_FACE, "--video", "absent.mp4")
    assert result.exit_code == 4 and "查无此人" in result.stderr
    assert records(tmp_path) == []


def test_no_consent_no_camera(doorstep: Doorstep, tmp_path: Path) -> None:
    result = doorstep("visit", "--person-id", "p-1", "--worker", "w-1", "--video", "absent.mp4")
    assert result.exit_code == 4 and "--attest" in result.stderr
    assert records(tmp_path) == []


def test_way_without_a_face_ends_in_an_equally_signed_record(doorstep: Doorstep, tmp_path: Path) -> None:
    declared = ("--attest", "--witness", "w-2", "--recognised-how", "neighbour", "--document", "id_card")
    words = ("--person-id", "p-1", "--worker", "w-1", *declared)
    answer = last_json(doorstep("visit", *words, "--why", "refused_face", "--json"))
    assert answer["outcome"] == "review" and answer["reasons"] == ["manual_attestation", "refused_face"]
    (record,) = records(tmp_path)
    assert record.attestation and record.attestation.witnessed_by == "w-2" and record.face is None
    verified = doorstep("verify", str(tmp_path / "unit" / "records.sqlite3"), "--json")
    assert verified.exit_code == 0, verified.output


def test_visit_that_could_not_take_place_is_recorded_with_its_reason(doorstep: Doorstep) -> None:
    words = ["--person-id", "p-1", "--worker", "w-1", "--not-performed", "in_hospital"]
    answer = last_json(doorstep("visit", *words, "--json"))
    assert (answer["outcome"], answer["reasons"]) == ("not_performed", ["in_hospital"])


def test_provisioned_key_refuses_recorded_pictures(
    tmp_path: Path, clip: Path, portraits: Path, bundle_folder: Path
) -> None:
    folder = tmp_path / "genuine"
    runner = CliRunner()
    assert runner.invoke(main, ["unit", "init", str(folder), "--id", "g-1", "--provisioned"]).exit_code == 0
    result = runner.invoke(main, ["visit", *BY_FACE, "--video", str(clip), "--unit", str(folder), "--json"])
    assert result.exit_code == 4
    assert json.loads(result.stdout)["error"]["kind"] == "SimulatedInputRefused"
    with open_unit_readonly(folder) as unit:
        assert unit.store.head().sequence == 0


def test_changed_net_is_refused_before_it_runs(doorstep: Doorstep, clip: Path, tmp_path: Path) -> None:
    net = next((tmp_path / "unit" / "models").glob("embedding*.tflite"))
    raw = bytearray(net.read_bytes())
    raw[len(raw) // 2] ^= 1
    net.write_bytes(raw)
    result = doorstep("visit", *BY_FACE, "--video", str(clip), "--json")
    assert result.exit_code == 1 and json.loads(result.stdout)["error"]["kind"] == "BundleRejected"
    assert records(tmp_path) == []
    assert doorstep("models", "verify").exit_code == 1
