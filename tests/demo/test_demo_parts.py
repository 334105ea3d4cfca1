"""The demonstration's own judgement, and what it says when something it needs is not there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edge.core.errors import InputError
from edge.core.face import FaceRegion
from edge.core.visit import Outcome, OutcomeKind, Reason
from edge.demo.cast import PORTRAITS, find_portraits
from edge.demo.picture import corners
from edge.demo.processes import Child, StageError, run, run_json
from edge.demo.show import find_bundle
from edge.demo.summary import ChainCheck, Delivery, Summary, VisitSummary

WHOLE = ChainCheck(verdict="verifies", records=1)
VISIT = VisitSummary(
    key="upright",
    expected=OutcomeKind.CERTIFIED,
    expected_reason=Reason.CLEAR_MATCH,
    outcome=Outcome(kind=OutcomeKind.CERTIFIED, reasons=(Reason.CLEAR_MATCH,)),
    record_id="r",
    sequence=1,
    sha256="0" * 64,
    payload_type="t",
    broker_up=True,
    begun_utc="2026-01-01T00:00:00.000Z",
    seconds=1.0,
    delivery=Delivery(state="receipted", receipt_id="x"),
)
GOOD = Summary(
    seed=1,
    unit_id="u",
    central_id="c",
    bundle_sha256="",
    runtime="",
    visits=(VISIT,),
    unit_chain=WHOLE,
    central_chain=WHOLE,
    genuine_refusal="simulated_input",
    seconds=1.0,
)
REVIEW = Outcome(kind=OutcomeKind.REVIEW, reasons=(Reason.CLEAR_MATCH,))
OTHER_REASON = Outcome(kind=OutcomeKind.CERTIFIED, reasons=(Reason.SEVERAL_PEOPLE,))


def with_visit(**changes: object) -> Summary:
    return msgspec.structs.replace(GOOD, visits=(msgspec.structs.replace(VISIT, **changes),))


def test_a_demonstration_without_fault_has_none() -> None:
    assert GOOD.faults == ()


@pytest.mark.parametrize(
    ("summary", "named"),
    [
        (with_visit(outcome=REVIEW), "upright: ended review"),
        (with_visit(outcome=OTHER_REASON), "upright: ended certified"),
        (with_visit(delivery=Delivery(state="sent")), "upright: no receipt"),
        (msgspec.structs.replace(GOOD, unit_chain=ChainCheck(verdict="does_not_verify", records=1)), "unit: chain"),
        (msgspec.structs.replace(GOOD, central_chain=ChainCheck(verdict="verifies", records=0)), "central: chain"),
        (msgspec.structs.replace(GOOD, genuine_refusal=""), "genuine central took"),
    ],
)
def test_each_thing_not_as_described_is_a_fault(summary: Summary, named: str) -> None:
    assert len(summary.faults) == 1
    assert named in summary.faults[0]


def test_missing_portraits_are_named_with_the_command_that_gets_them(tmp_path: Path) -> None:
    for name in PORTRAITS[1:]:
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=PORTRAITS[0]) as caught:
        find_portraits(tmp_path)
    assert "make demo" in caught.value.remedy


def test_a_missing_bundle_is_said_with_the_command_that_builds_it(tmp_path: Path) -> None:
    (tmp_path / "bundles").mkdir()
    (tmp_path / "bundles" / "abc.pub.json").touch()
    with pytest.raises(InputError, match="no model bundle") as caught:
        find_bundle(tmp_path)
    assert "tools.bundle build" in caught.value.remedy


def test_the_demonstration_without_its_set_up_ends_in_a_message_not_a_traceback(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "edge.cli.main",
        "demo",
        "--out",
        str(tmp_path / "o"),
        "--portraits",
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "lacks the portrait(s)" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "o").exists()


def test_the_box_of_a_face_on_its_side_has_its_crown_edge_to_the_right() -> None:
    region = FaceRegion(center_px=(100, 100), width_px=40, height_px=60, roll_deg=90, score=1)
    first, second, third, fourth = np.array(corners(region))
    assert np.allclose([first[0], second[0]], 130) and np.allclose([third[0], fourth[0]], 70)
    assert np.allclose([first[1], second[1]], [80, 120])


def test_a_process_that_fails_to_start_is_reported_with_its_last_line(tmp_path: Path) -> None:
    with Child([sys.executable, "-c", "print('no port'); raise SystemExit(3)"], tmp_path / "thing.log") as child:
        with pytest.raises(StageError, match="thing did not start: no port"):
            child.wait_for("ready")
        assert child.failed


def test_a_child_ends_with_its_block(tmp_path: Path) -> None:
    with Child(
        [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"], tmp_path / "l"
    ) as child:
        child.wait_for("up")
        assert child.running
    assert not child.running


def test_a_command_that_fails_says_what_it_said() -> None:
    with pytest.raises(StageError, match="ended with 5: out of paper"):
        run([sys.executable, "-c", "import sys; print('out of paper', file=sys.stderr); sys.exit(5)"])
    assert run_json([sys.executable, "-c", "print('[1]'); raise SystemExit(1)"], allowed=(0, 1)) == [1]
