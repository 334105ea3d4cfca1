"""What a package is made for: a release of Raspberry Pi OS or Debian, and an architecture; and its wheels."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from edge.core.errors import InputError
from tools.bundle.places import cache_folder, sole_builder

PYTHON = {"bookworm": "3.11", "trixie": "3.13"}
GLIBC_MINOR = {"bookworm": 36, "trixie": 41}
MACHINE = {"amd64": "x86_64", "arm64": "aarch64"}
# numpy 1 and the OpenCV that takes it: what the camera library of Bookworm was built with (docs/adr/0005).
BOUNDS = {"bookworm": ("numpy<2", "opencv-python-headless<4.12"), "trixie": ()}
NOT_ON_A_UNIT = (
    "pip",
    "pip-*",
    "setuptools",
    "setuptools-*",
    "bin",
    "central",
    "tools",
    "numpy/**/tests",
    "ai_edge_litert/libLiteRtWebGpuAccelerator.so",
    "ai_edge_litert/tools",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    release: str
    architecture: str

    @property
    def python(self) -> str:
        return PYTHON[self.release]

    @property
    def platforms(self) -> list[str]:
        """The wheels' tags that run there, the narrowest first."""
        machine = MACHINE[self.architecture]
        tags = [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC_MINOR[self.release], 16, -1)]
        return [*tags, f"manylinux2014_{machine}"]


def requirements(source: Path, target: Target) -> list[str]:
    """The dependencies of a unit: those of pyproject.toml with the runtime, bounded as the release wants them."""
    project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["litert"], *BOUNDS[target.release]]


def site_packages(source: Path, target: Target) -> Path:
    """A folder with the dependencies for `target`, from the cache or the registry. Raises InputError."""
    return wheels_for(target, requirements(source, target), "site")


def wheels_for(target: Target, wanted: list[str], name: str, *options: str) -> Path:
    """A folder with what `wanted` names installed from wheels, kept under `name`. Raises InputError."""
    digest = hashlib.sha256(repr((wanted, options, NOT_ON_A_UNIT)).encode()).hexdigest()[:12]
    folder = cache_folder() / "deb" / f"{name}-{target.release}-{target.architecture}-{digest}"
    with sole_builder(cache_folder() / "deb"):
        if not folder.exists():
            draft = folder.with_suffix(".new")
            shutil.rmtree(draft, ignore_errors=True)
            _install([*options, *wanted], target, draft)
            draft.rename(folder)
    return folder


def _install(wanted: list[str], target: Target, folder: Path) -> None:
    tag = f"cp{target.python.replace('.', '')}"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", target.python]
    command += [part for abi in (tag, "abi3", "none") for part in ("--abi", abi)]
    command += [part for platform in target.platforms for part in ("--platform", platform)]
    done = subprocess.run([*command, "--target", str(folder), *wanted], capture_output=True, text=True)
    if done.returncode:
        raise InputError(
            f"no wheels for {target.release} on {target.architecture}: {done.stderr.strip()[-400:]}",
            remedy="Check the network; every dependency needs a wheel for this target.",
        )
    for pattern in NOT_ON_A_UNIT:
        for path in list(folder.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
