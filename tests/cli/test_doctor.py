"""The bench sheet of a real unit on this machine: what is broken is found, what is not there is skipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge.core.bench_sheet import LineState
from edge.paper.qr_reading import read_qr
from edge.wiring.sync import sync_keys
from edge.wiring.unit import Unit, open_unit
from tests.cli.conftest import Run
from tests.samples import CENTRAL_KEY
from tools.bundle.places import public_key_file


@pytest.fixture
def whole(used: Path, run: Run, bundle_folder: Path, tmp_path: Path) -> Path:
    """A unit with records, nets and the keys it needs."""
    with open_unit(used) as unit:
        sync_keys(unit)
        _believe_all(unit, bundle_folder)
    (used / "models").symlink_to(bundle_folder)
    return used


def _believe_all(unit: Unit, bundle_folder: Path) -> None:
    from edge.core.keys import decode_public_key
    from edge.signing import trust

    trust.add(unit.trust_dir, CENTRAL_KEY.public)
    trust.add(unit.trust_dir, decode_public_key(public_key_file(bundle_folder).read_bytes()))


def lines(run: Run, unit: Path, *arguments: object) -> dict[str, dict[str, Any]]:
    result = run("doctor", "--unit", unit, "--json", *arguments)
    assert result.exit_code in (0, 1), result.output
    return {line["check"]: line for line in json.loads(result.stdout)["sheet"]["lines"]}


def test_whole_unit_passes_on_a_laptop_and_skips_what_is_not_there(run: Run, whole: Path) -> None:
    found = lines(run, whole, "--skip", "clock,space,rtc,temperature")
    states = {name: line["state"] for name, line in found.items()}
    assert LineState.FAIL not in states.values(), found
    assert all(states[name] == "pass" for name in ("models", "store", "keys", "trust"))
    assert all(states[name] == "skipped" for name in ("camera", "lamps", "broker", "certificate"))
    assert found["models"]["figures"].keys() == {"detector_ms", "landmarks_ms", "liveness_ms", "embedding_ms"}


def test_camera_is_looked_through(run: Run, whole: Path, portraits: Path, tmp_path: Path) -> None:
    stills = tmp_path / "stills"
    stills.mkdir()
    for number in range(34):
        (stills / f"{number:02d}.jpg").symlink_to(portraits / "obama.jpg")
    line = lines(run, whole, "--only", "camera", "--camera", f"stills:{stills}")["camera"]
    assert line["state"] == "pass" and line["figures"]["sharpness"] > 20
    for number in range(9, 34):
        (stills / f"{number:02d}.jpg").unlink()
    line = lines(run, whole, "--only", "camera", "--camera", f"stills:{stills}")["camera"]
    assert line["state"] == "fail" and "then no more" in line["details"]["message"]


def test_each_fault_fails_its_own_line(run: Run, whole: Path) -> None:
    (whole / "keys" / "record.key").chmod(0o644)
    next((whole / "trust").glob("bundle-*")).unlink()
    raw = bytearray((whole / "records.sqlite3").read_bytes())
    place = raw.rindex(b'"payload":"') + 40
    raw[place] ^= 1
    (whole / "records.sqlite3").write_bytes(bytes(raw))
    found = lines(run, whole, "--only", "keys,trust,models,store,board")
    assert {name: line["state"] for name, line in found.items() if line["state"] == "fail"} == dict.fromkeys(
        ("keys", "trust", "models", "store"), "fail"
    )
    codes = {name: line["code"] for name, line in found.items() if name != "models"}
    assert codes == {"keys": "error", "trust": "wanting", "store": "does_not_verify", "board": "no_pi"}
    assert found["keys"]["details"]["kind"] == "SigningError"
    printed = run("doctor", "--unit", whole, "--only", "trust").stdout
    assert "缺少这些用途的公钥" in printed and "no key is believed for: bundles" in printed


def test_written_sheet_is_signed_and_its_page_bears_the_label(run: Run, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "stick"
    result = run("doctor", "--unit", whole, "--only", "store,keys", "--out", out)
    assert result.exit_code == 0, result.output
    page = (out / "unit-0001.bench.html").read_text("utf-8")
    with open_unit(whole) as unit:
        from edge.wiring.unit import fingerprint

        assert fingerprint(unit.public) in page and "演示终端" in page
    assert "条记录，核验通过" in page and "records, verified" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    checked = run("doctor", "--check", out / "unit-0001.bench.json", "--unit", whole)
    assert checked.exit_code == 0 and "记录库" in checked.stdout
    raw = (out / "unit-0001.bench.json").read_bytes()
    (out / "unit-0001.bench.json").write_bytes(raw.replace(b'"payload":"ey', b'"payload":"eY'))
    assert run("doctor", "--check", out / "unit-0001.bench.json", "--unit", whole).exit_code == 1


def test_label_is_read_by_a_camera(whole: Path, tmp_path: Path) -> None:
    from edge.paper.bench_page import label_text
    from edge.paper.qr import qr_png
    from edge.wiring.doctor import Bench

    with open_unit(whole) as unit:
        sheet = Bench(unit).examine(["board"], lambda _name: None)
    assert read_qr(qr_png(label_text(sheet))) == label_text(sheet)
    assert sheet.key_sha256.upper() in label_text(sheet)


@pytest.mark.parametrize("option", ["--only", "--skip"])
def test_unknown_line_is_refused_by_name(run: Run, whole: Path, option: str) -> None:
    result = run("doctor", "--unit", whole, option, "store,brake")
    assert result.exit_code == 4 and "brake" in result.stderr and "store" in result.stderr
