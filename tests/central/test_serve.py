"""`doorstep-central serve` as a process: workers and desk together, a dead worker replaced, all ended by SIGTERM."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from central.broker import find_mosquitto, free_port
from central.cli import main
from tools.faults.scene import Scene, start

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto not found: apt-get install mosquitto")
DEADLINE_S = 60.0


def children(pid: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[Scene, subprocess.Popen[bytes], int]]:
    scene, port = Scene(tmp_path), free_port()
    with (scene.central / "central.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[desk]\nport = {port}\n")
    with scene.broker:
        process = start("central.cli", "serve", "--dir", str(scene.central), out=subprocess.PIPE)
        assert process.stdout is not None
        assert str(port).encode() in process.stdout.readline()
        yield scene, process, port
        process.kill()
        process.communicate()


def test_killed_worker_is_replaced_and_nothing_is_left_behind(
    serving: tuple[Scene, subprocess.Popen[bytes], int],
) -> None:
    scene, process, port = serving
    deadline = time.monotonic() + DEADLINE_S
    while not (workers := children(process.pid)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(workers[0], signal.SIGKILL)
    while not (after := children(process.pid)) or after == workers:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    options = ["--units", "2", "--visits", "3", "--dir", str(scene.central), "--json"]
    simulated = CliRunner().invoke(main, ["simulate", *options])
    assert json.loads(simulated.stdout)["receipted"] == 6
    desk = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    desk.request("GET", "/metrics")
    assert b'doorstep_records{outcome="certified"} 6' in desk.getresponse().read()
    desk.close()
    process.terminate()
    assert process.wait(30) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in after)


def test_account_is_made_listed_and_disabled(tmp_path: Path) -> None:
    def run(*arguments: str, given: str = "") -> str:
        done = CliRunner().invoke(main, [*arguments, "--dir", str(tmp_path / "c")], input=given)
        return f"{done.exit_code} {done.output}"

    CliRunner().invoke(main, ["init", str(tmp_path / "c"), "--id", "central-x"])
    add = ("user", "add", "rev-1", "--role", "reviewer", "--password-stdin")
    assert run(*add, given="short\n").startswith("4")
    made = run(*add, given="long enough to pass\n")
    assert "otpauth://totp/" in made
    assert "long enough" not in made
    assert run(*add, given="long enough to pass\n").startswith("4"), "the name is taken"
    assert "rev-1  reviewer  open" in run("user", "list")
    assert run("user", "disable", "rev-1").startswith("0")
    assert "disabled" in run("user", "list")
    assert run("user", "unlock", "rev-1").startswith("0")
    assert run("user", "disable", "nobody").startswith("4")
