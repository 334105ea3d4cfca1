"""The package as a tree of files: the application, its units, its system files, and the control files beside them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

from edge.core.release import ReleaseFacts
from tools.deb.targets import Target

CONTROL = Path("tools/deb/control")
"""In the source, which may be another commit's than this program's."""
SCRIPTS = ("preinst", "postinst", "prerm", "postrm")
DESCRIPTION = """\
Description: home visits that certify, offline, that a retiree is alive (上门认证终端)
 The unit's side: camera and nets, signed records, sync over MQTT, the page of a
 visit. Services, users and the files of the system come with it; data is kept
 when the package is removed, and undelivered records when it is purged."""
RECOMMENDS = (
    "cage, chromium, chrony, espeak-ng, fonts-noto-cjk, network-manager, nftables, overlayroot, python3-lgpio, "
    "python3-picamera2, seatd"
)


def lay_out(tree: Path, source: Path, target: Target, site: Path, version: str) -> None:
    """Put everything of the package at `tree`. source: a checkout; site: the dependencies for the target."""
    _application(tree / "opt/doorstep", source, target, site, version)
    units = tree / "usr/lib/systemd/system"
    shutil.copytree(source / "systemd", units, ignore=shutil.ignore_patterns("programs", "*.md"))
    programs = tree / "usr/lib/doorstep"
    shutil.copytree(source / "systemd/programs", programs)
    (tree / "usr/bin").mkdir(parents=True)
    (programs / "doorstep").rename(tree / "usr/bin/doorstep")
    shutil.copytree(source / "firmware-config/system", tree, dirs_exist_ok=True)
    templates = tree / "usr/share/doorstep/firmware-config"
    shutil.copytree(source / "firmware-config", templates, ignore=shutil.ignore_patterns("system"))
    _documents(tree / "usr/share/doc/doorstep", source)
    _control(tree, source, target, version)
    for path in tree.rglob("*"):
        mode = path.lstat().st_mode
        wanted = 0o755 if path.is_dir() or mode & 0o100 else 0o644
        # What is right is let be: the files of the dependencies are those of every other package that is being made.
        if not path.is_symlink() and mode & 0o7777 != wanted:
            path.chmod(wanted)


def _application(folder: Path, source: Path, target: Target, site: Path, version: str) -> None:
    """A virtual environment, made by hand: the host's Python cannot make one of another architecture's."""
    packages = folder / f"lib/python{target.python}/site-packages"
    shutil.copytree(site, packages, copy_function=_linked)
    shutil.copytree(source / "edge", packages / "edge", ignore=shutil.ignore_patterns("__pycache__", "demo"))
    (folder / "bin").mkdir()
    (folder / "bin/python").symlink_to(f"/usr/bin/python{target.python}")
    (folder / "bin/python3").symlink_to("python")
    (folder / "release.json").write_bytes(msgspec.json.encode(facts_of(source, target, version)))
    # The camera library is Debian's, so the system's packages are seen, after these.
    settings = f"home = /usr/bin\ninclude-system-site-packages = true\nversion = {target.python}\n"
    (folder / "pyvenv.cfg").write_text(settings)


def _linked(source: str, target: str) -> None:
    """The same file under another name, where that can be: hundreds of megabytes are not copied for each package."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _documents(folder: Path, source: Path) -> None:
    folder.mkdir(parents=True)
    shutil.copy(source / "README.md", folder / "README.md")
    shutil.copy(source / "systemd/README.md", folder / "systemd.md")
    shutil.copy(source / "CHANGELOG.md", folder / "changelog")
    notice = (source / "NOTICE").read_text()
    (folder / "copyright").write_text(f"{notice}\n{(source / 'LICENSE').read_text()}")


def _control(tree: Path, source: Path, target: Target, version: str) -> None:
    folder = tree / "DEBIAN"
    folder.mkdir()
    for name in SCRIPTS:
        shutil.copy(source / CONTROL / name, folder / name)
        (folder / name).chmod(0o755)
    shutil.copy(source / CONTROL / "check_store.py", folder)
    (folder / "schema.json").write_text(json.dumps({"migrations": _migrations(source)}))
    settings = sorted(p.relative_to(tree).as_posix() for p in (tree / "etc").rglob("*") if p.is_file())
    (folder / "conffiles").write_text("".join(f"/{name}\n" for name in settings))
    size_kib = sum(p.stat().st_size for p in tree.rglob("*") if p.is_file() and not p.is_symlink()) // 1024
    major, minor = target.python.split(".")
    python = f"python3 (>= {target.python}), python3 (<< {major}.{int(minor) + 1})"
    fields = {
        "Package": "doorstep",
        "Version": version,
        "Architecture": target.architecture,
        "Maintainer": "Doorstep <doorstep@localhost>",
        "Section": "misc",
        "Priority": "optional",
        "Installed-Size": str(size_kib),
        "Pre-Depends": "python3",
        "Depends": f"{python}, libstdc++6, systemd (>= 252), util-linux",
        "Recommends": RECOMMENDS,
    }
    text = "".join(f"{name}: {value}\n" for name, value in fields.items())
    (folder / "control").write_text(f"{text}{DESCRIPTION}\n")


def _migrations(source: Path) -> list[list[str]]:
    """The statements of the source's own edge/store/schema.py, which may be another commit's than this program's."""
    program = "import json; from edge.store.schema import MIGRATIONS; print(json.dumps(MIGRATIONS))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=True)
    found: list[list[str]] = json.loads(done.stdout)
    return found


def facts_of(source: Path, target: Target, version: str) -> ReleaseFacts:
    """What the release says of itself; its serial is the number after the plus."""
    found = re.search(r"\+(\d+)~", version)
    assert found, f"{version} carries no serial"
    return ReleaseFacts(
        version=version,
        serial=int(found.group(1)),
        schema=len(_migrations(source)),
        distribution=target.release,
        architecture=target.architecture,
    )


def version_of(source: Path, target: Target) -> str:
    """The version in edge/__init__.py, the number of commits, and the release it is for: it only ever grows."""
    found = re.search(r'__version__ = "([^"]+)"', (source / "edge/__init__.py").read_text())
    assert found, "edge/__init__.py names no version"
    git = ["git", "-C", str(source)]
    count = subprocess.run([*git, "rev-list", "--count", "HEAD"], capture_output=True, text=True, check=True).stdout
    return f"{found.group(1)}+{count.strip()}~{target.release}"
