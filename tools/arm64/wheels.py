"""The project and what it needs as arm64 wheels, in two folders: the latter is cached, the former built anew."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from edge.core.errors import InputError
from tools.arm64.boards import Release

PROJECT = Path(__file__).parents[2]
NOT_SOURCE = (".*", "build", "dist", "*.egg-info", "__pycache__", "tests", "demo-out")


def needed(release: Release) -> list[str]:
    """The requirements of a unit: the project's own, the default runtime's, and the release's. Markers are pip's."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["litert"], *release.wheels]


def needed_wheels(release: Release, cache: Path) -> Path:
    """The folder with everything that the project imports. Raises InputError where a wheel is missing."""
    wanted = needed(release)
    digest = hashlib.sha256(repr((wanted, release)).encode()).hexdigest()[:12]
    folder = cache / "arm64" / f"{release.name}-wheels-{digest}"
    if folder.is_dir():
        return folder
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    _pip_install(release, part, wanted)
    part.rename(folder)
    return folder


def project_wheel(release: Release, work: Path) -> Path:
    """The folder with the project itself, installed from a wheel as it stands in this checkout."""
    built, folder = work / "dist", work / f"{release.name}-project"
    if not list(built.glob("*.whl")):
        # A copy: setuptools leaves a build folder behind, whose old files a later wheel would take in.
        shutil.copytree(PROJECT, work / "source", ignore=shutil.ignore_patterns(*NOT_SOURCE))
        _pip("wheel", "--no-deps", "--wheel-dir", str(built), str(work / "source"))
    wheel = next(built.glob("*.whl"))
    _pip_install(release, folder, [str(wheel)], "--no-deps")
    return folder


def _pip_install(release: Release, target: Path, wanted: list[str], *options: str) -> None:
    platforms = [part for name in release.platforms for part in ("--platform", name)]
    tags = [part for abi in (release.tag, "abi3", "none") for part in ("--abi", abi)]
    _pip(
        "install", "--only-binary=:all:", "--implementation", "cp", "--python-version", release.python, *tags,
        *platforms, "--target", str(target), *options, *wanted,
    )  # fmt: skip


def _pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        said = re.findall(r"^ERROR: (.*)$", done.stderr, re.MULTILINE) or ["no message"]
        raise InputError(
            f"pip {words[0]} failed: {said[-1]}",
            remedy="A dependency without an arm64 wheel cannot run on the Pi; else check network and free space.",
        )
