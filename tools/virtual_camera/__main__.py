"""`python -m tools.virtual_camera`: prepare a Trixie system, and run the unit's camera adapter in it.

Where it cannot run, the reason is printed and the exit code is 3; no mock takes its place.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from edge.core.errors import DoorstepError, InputError
from tools.deb.targets import MACHINE, Target, site_packages, wheels_for
from tools.deb.unpacked import unpacked_root

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
RELEASE = "trixie"
PACKAGES = (
    "base-files", "bash", "coreutils", "libcamera-ipa", "libgomp1", "libstdc++6", "python3", "python3-libcamera"
)  # fmt: skip
LIMIT_S = 300.0


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def main(as_json: bool) -> None:
    """Try edge/capture/picamera.py on the real picamera2 over libcamera's virtual camera.

    \b
    Example:
      python -m tools.virtual_camera

    Exit codes: 0 it holds, 1 it does not, 3 it cannot be tried here, and why.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="doorstep-camera-") as work:
            done = _run(Path(work))
    except DoorstepError as e:
        print(f"not tried: {e.message}\n{e.remedy}", file=sys.stderr)
        raise SystemExit(3) from e
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        raise SystemExit(1)
    found = done.stdout.strip().splitlines()[-1]
    print(found if as_json else "\n".join(f"{name}: {value}" for name, value in json.loads(found).items()))


def _run(work: Path) -> subprocess.CompletedProcess[str]:
    if os.geteuid() != 0:
        raise InputError("entering a system in a folder takes root", remedy="Run it as root, or with sudo.")
    target = Target(release=RELEASE, architecture=_architecture())
    root = unpacked_root(RELEASE, target.architecture, PACKAGES)
    wanted = [line for line in (HERE / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    camera = wheels_for(target, wanted, "picamera2", "--no-deps")
    for name in ("edge", "tools"):
        shutil.copytree(PROJECT / name, work / "project" / name, ignore=shutil.ignore_patterns("__pycache__"))
    unit = site_packages(PROJECT, target)
    shutil.copy(HERE / "virtual.yaml", work)
    settings = ["PYTHONPATH=/tried/unit:/tried/camera:/tried/project", "PYTHONDONTWRITEBYTECODE=1", *_memory(work)]
    inside = ["/usr/bin/env", *settings, "/usr/bin/python3", "-m", "tools.virtual_camera.inside"]
    command = [
        "unshare",
        "--mount",
        "sh",
        str(HERE / "enter.sh"),
        str(root),
        str(work),
        str(unit),
        str(camera),
        *inside,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)


def _architecture() -> str:
    known = {machine: architecture for architecture, machine in MACHINE.items()}
    if platform.machine() not in known:
        raise InputError(f"no packages are made for {platform.machine()}", remedy="Run it on x86-64 or on a Pi.")
    return known[platform.machine()]


def _memory(work: Path) -> list[str]:
    """libcamera wants memory that devices could share; where the kernel gives none, a stand-in is built."""
    if Path("/dev/udmabuf").exists() or Path("/dev/dma_heap").exists():
        return []
    library = work / "dmabuf.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(HERE / "dmabuf.c")]
    try:
        subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as e:
        raise InputError(
            "this kernel has neither udmabuf nor dma_heap, and no compiler makes the stand-in",
            remedy="apt-get install gcc libc6-dev, or modprobe udmabuf.",
        ) from e
    return ["LD_PRELOAD=/tried/dmabuf.so"]


if __name__ == "__main__":
    main(prog_name="python -m tools.virtual_camera")
