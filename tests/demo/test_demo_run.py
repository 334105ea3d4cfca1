"""The demonstration as a stranger runs it, once as it should go and once with the wrong person in the picture."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edge.core.envelope import SIMULATED_VISIT_TYPE, digest, parse
from edge.core.record import SourceKind, VisitRecord, decode_record
from edge.demo.cast import FOLDER, PORTRAITS
from edge.demo.processes import wait_until
from tools.bundle.places import cache_folder

DESCRIBED = {
    "upright": ("certified", ["clear_match"]),
    "lying": ("certified", ["clear_match"]),
    "another": ("review", ["low_similarity"]),
    "nobody": ("not_performed", ["face_not_visible"]),
    "attested": ("review", ["manual_attestation", "refused_face"]),
}


@dataclass(frozen=True)
class Ran:
    code: int
    summary: dict[str, Any]
    out: Path
    stage: Path

    def visit(self, key: str) -> dict[str, Any]:
        return next(v for v in self.summary["visits"] if v["key"] == key)


def demo(out: Path, *options: str) -> Ran:
    command = [sys.executable, "-m", "edge.cli.main", "demo", "--out", str(out), "--json", "--keep", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("{"), done.stderr
    stages = list(out.glob("run-*"))
    assert len(stages) == 1
    return Ran(done.returncode, json.loads(done.stdout), out, stages[0])


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return demo(tmp_path_factory.mktemp("demo"), "--seed", "7")


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return connection.execute(query).fetchall()


def stored(ran: Ran) -> list[bytes]:
    return [
        row[0]
        for row in rows(ran.stage / "unit" / "records.sqlite3", "SELECT envelope FROM records ORDER BY sequence")
    ]


def records(ran: Ran) -> list[VisitRecord]:
    return [decode_record(parse(raw).payload, parse(raw).payload_type) for raw in stored(ran)]


def test_every_visit_ends_as_described(ran: Ran) -> None:
    assert {v["key"]: (v["outcome"]["kind"], v["outcome"]["reasons"]) for v in ran.summary["visits"]} == DESCRIBED
    assert (ran.code, ran.summary["passed"], ran.summary["faults"]) == (0, True, [])


def test_scores_stand_on_the_right_side_of_their_thresholds(ran: Ran) -> None:
    for key in ("upright", "lying"):
        face = ran.visit(key)["face"]
        assert face["comparison"]["value"] >= face["comparison"]["accept"] >= 0.4
        assert face["liveness"]["value"] >= face["liveness"]["accept"]
    stranger = ran.visit("another")["face"]["comparison"]
    assert stranger["value"] < stranger["review"]
    assert ran.visit("nobody")["face"]["comparison"]["value"] is None
    assert ran.visit("attested")["face"] is None


def test_the_person_on_the_side_is_seen_on_the_side_in_a_darker_picture(ran: Ran) -> None:
    upright, lying = ran.visit("upright")["face"], ran.visit("lying")["face"]
    assert abs(upright["roll_deg"]) < 20 and abs(lying["roll_deg"] - 90) < 20
    assert lying["quality"]["brightness"] < 0.6 * upright["quality"]["brightness"]


def test_the_stored_records_say_what_the_summary_says_and_that_they_are_simulated(ran: Ran) -> None:
    visits = ran.summary["visits"]
    assert [digest(raw) for raw in stored(ran)] == [v["sha256"] for v in visits]
    assert {parse(raw).payload_type for raw in stored(ran)} == {SIMULATED_VISIT_TYPE}
    assert [r.outcome.kind.value for r in records(ran)] == [v["outcome"]["kind"] for v in visits]
    kinds = [r.provenance.source.kind for r in records(ran)]
    assert kinds == [SourceKind.SCRIPTED] * 4 + [SourceKind.NO_CAMERA]


def test_central_holds_the_same_bytes_and_the_genuine_one_none(ran: Ran) -> None:
    held = rows(ran.stage / "central" / "central.sqlite3", "SELECT envelope FROM records ORDER BY sequence")
    assert [row[0] for row in held] == stored(ran)
    assert rows(ran.stage / "genuine-central" / "central.sqlite3", "SELECT * FROM records") == []
    assert ran.summary["genuine_refusal"] == "simulated_input"


def test_both_ends_verify_all_five_records(ran: Ran) -> None:
    whole = {"verdict": "verifies", "records": 5}
    assert ran.summary["unit_chain"] == ran.summary["central_chain"] == whole


def test_records_made_without_the_broker_are_receipted_after_it_came_back(ran: Ran) -> None:
    deliveries = [v["delivery"] for v in ran.summary["visits"]]
    assert all(d["state"] == "receipted" and d["receipt_id"] for d in deliveries)
    offline = [v for v in ran.summary["visits"] if not v["broker_up"]]
    assert [v["key"] for v in offline] == ["upright", "lying"]
    # The broker comes back before the third visit begins, and not earlier.
    second_ended = records(ran)[1].visit.ended_utc
    assert all(v["delivery"]["issued_utc"] > second_ended for v in offline)


def test_a_report_needs_no_other_file_and_shows_every_face(ran: Ran) -> None:
    html = (ran.out / "report.html").read_text(encoding="utf-8")
    assert "http://" not in html and "https://" not in html
    assert html.count("<polygon") == html.count('stroke-linecap="round"') == 3
    assert html.count('<svg class="shot"') == 4
    for visit in ran.summary["visits"]:
        assert visit["record_id"] in html and visit["delivery"]["receipt_id"] in html
    assert "本人侧卧" in html and "No face: worker and witness declare" in html


def test_the_summary_is_kept_beside_the_report(ran: Ran) -> None:
    assert json.loads((ran.out / "summary.json").read_text()) == ran.summary


def test_a_demonstration_that_is_ended_leaves_no_process_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "edge.cli.main", "demo", "--out", str(tmp_path)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert wait_until(
        lambda: any("ready on" in log.read_text() for log in tmp_path.glob("run-*/logs/broker.log")), 120
    )
    (log,) = tmp_path.glob("run-*/logs/broker.log")
    port = int(log.read_text().rpartition(":")[2])
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    running.terminate()
    assert running.wait(30) == 128 + signal.SIGTERM
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_visit_that_ends_otherwise_is_not_passed_over(tmp_path: Path) -> None:
    portraits = tmp_path / "portraits"
    portraits.mkdir()
    for name in PORTRAITS:
        shutil.copy(cache_folder() / FOLDER / name, portraits / name)
    # The "other person" is now the person of the reference: the third visit cannot end in review.
    shutil.copy(portraits / "obama.jpg", portraits / "biden.jpg")
    ran = demo(tmp_path / "out", "--portraits", str(portraits))
    assert ran.code == 1
    assert ran.summary["passed"] is False
    assert any(fault.startswith("another:") for fault in ran.summary["faults"])
