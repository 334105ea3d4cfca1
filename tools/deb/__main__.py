"""`python -m tools.deb build` makes packages; `life` installs, upgrades, breaks and removes one."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import click

from edge.core.errors import InputError
from edge.core.keys import KeyPurpose, KeyRole, fingerprint
from edge.signing import keyfile
from tools.bundle.places import cache_folder
from tools.deb.booted import Uses, booted
from tools.deb.life import BREAKS, WORKS, Life, Packages, altered_source
from tools.deb.root import fresh_root
from tools.deb.signing import sign_package
from tools.deb.targets import MACHINE, PYTHON, Target, site_packages
from tools.deb.tree import lay_out, version_of

ROOT = Path(__file__).parents[2]


@click.group()
def main() -> None:
    """The unit's Debian package."""


def build_package(
    source: Path, target: Target, out: Path, version: str | None = None, compression: str = "zstd"
) -> Path:
    """Make the package of the checkout `source` in `out`; the same commit gives the same bytes."""
    version = version or version_of(source, target)
    site = site_packages(source, target)
    made = subprocess.run(
        ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"], capture_output=True, text=True, check=True
    )
    out.mkdir(parents=True, exist_ok=True)
    package = out / f"doorstep_{version}_{target.architecture}.deb"
    with tempfile.TemporaryDirectory(prefix="doorstep-deb-", dir=out) as work:
        tree = Path(work) / "tree"
        tree.mkdir(mode=0o755)
        lay_out(tree, source, target, site, version)
        command = ["dpkg-deb", "--root-owner-group", f"-Z{compression}", "--build", str(tree), str(package)]
        environment = {"SOURCE_DATE_EPOCH": made.stdout.strip(), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        if done.returncode:
            raise InputError(f"dpkg-deb: {done.stderr.strip()[-400:]}", remedy="Is there room for the package?")
    return package


@main.command()
@click.option("--release", "releases", multiple=True, type=click.Choice(list(PYTHON)), default=("bookworm",))
@click.option("--arch", "architectures", multiple=True, type=click.Choice(list(MACHINE)), default=tuple(MACHINE))
@click.option("--source", type=click.Path(path_type=Path, file_okay=False), default=ROOT, help="Another checkout.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=ROOT / "dist", show_default=True)
def build(releases: tuple[str, ...], architectures: tuple[str, ...], source: Path, out: Path) -> None:
    """Make one package for each release and architecture; prints their paths."""
    for release in releases:
        for architecture in architectures:
            package = build_package(source, Target(release=release, architecture=architecture), out)
            click.echo(f"{package}  {package.stat().st_size / 1e6:.0f} MB")


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--owner", required=True, help="The publisher's name.")
def key(folder: Path, owner: str) -> None:
    """Make a publisher's key for releases in DIR. Its public half goes onto the units' cards."""
    made = keyfile.generate(folder, "release", role=KeyRole.RELEASE, purpose=KeyPurpose.PROVISIONED, owner=owner)
    click.echo(f"{folder / 'release.pub.json'}  {fingerprint(made.public)}")


@main.command()
@click.argument("packages", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--key", "key_dir", required=True, type=click.Path(path_type=Path, file_okay=False), help="From `key`.")
def sign(packages: tuple[Path, ...], key_dir: Path) -> None:
    """Sign packages for updates: writes PACKAGE.dsse.json beside each; both go onto the stick."""
    signer = keyfile.load(key_dir, "release").signer
    for package in packages:
        click.echo(str(sign_package(package, signer)))


@main.command()
@click.option("--release", type=click.Choice(list(PYTHON)), default="bookworm", show_default=True)
@click.option("--previous", default="HEAD~1", show_default=True, help="The commit to be upgraded from.")
def life(release: str, previous: str) -> None:
    """Lead the package through its life in a clean system; takes root, debootstrap, and some minutes."""
    target = Target(release=release, architecture=_own_architecture())
    place = tempfile.TemporaryDirectory(prefix="doorstep-life-", dir=_work_folder())
    with place as work, fresh_root(release) as root:
        told = Life(root, _packages(Path(work), target, previous))
        for step in told.steps():
            click.echo(f"{step.__name__:<15} {(step.__doc__ or '').strip()}\n{'':<15} → {step()}")


@main.command()
@click.option("--release", type=click.Choice(list(PYTHON)), default="bookworm", show_default=True)
def boot(release: str) -> None:
    """Start a clean system with the package under systemd: page, sandboxes, timers, kill, update, way back."""
    target = Target(release=release, architecture=_own_architecture())
    place = tempfile.TemporaryDirectory(prefix="doorstep-boot-", dir=_work_folder())
    with place as work, fresh_root(release) as root:
        versions = [f"0.1.0+{number}~{release}" for number in (1, 2)]
        packages = [build_package(ROOT, target, Path(work), version, compression="none") for version in versions]
        root.run("dpkg", "-i", root.put(packages[0]))
        found = ("unit", "init", "/var/lib/doorstep", "--id", "unit-0001", "--demo")
        root.run("runuser", "-u", "doorstep", "--", "doorstep", *found)
        root.run("/usr/lib/doorstep/ownership")
        stick = _stick(Path(work), packages[1], root.folder / "etc/doorstep/release-keys")
        with booted(root) as machine:
            uses = Uses(machine, stick, root.folder / "media/doorstep")
            for step in uses.steps():
                click.echo(f"{step.__name__:<15} {(step.__doc__ or '').strip()}\n{'':<15} → {step()}")


def _stick(work: Path, package: Path, key_dir: Path) -> Path:
    """A folder with a signed package; its key is believed by the root that key_dir is in."""
    publisher = keyfile.generate(
        work / "key", "release", role=KeyRole.RELEASE, purpose=KeyPurpose.PROVISIONED, owner="publisher"
    )
    key_dir.mkdir(parents=True)
    shutil.copy(work / "key/release.pub.json", key_dir)
    stick = work / "stick"
    stick.mkdir()
    shutil.move(package, stick)
    sign_package(stick / package.name, publisher.signer)
    return stick


def _packages(work: Path, target: Target, previous: str) -> Packages:
    git = ["git", "-C", str(ROOT), "cat-file", "-e", f"{previous}:systemd/programs/python"]
    if subprocess.run(git, capture_output=True).returncode:
        click.echo(f"{previous} is older than the package; HEAD stands in for it", err=True)
        previous = "HEAD"
    older = work / "previous"
    older.mkdir()
    # An archive, so that no work tree is left registered when this is killed.
    tar = subprocess.run(["git", "-C", str(ROOT), "archive", previous], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(older)], input=tar, check=True)
    sources = {
        "previous": older,
        "current": ROOT,
        "next": altered_source(ROOT, work / "next", WORKS),
        "broken": altered_source(ROOT, work / "broken", BREAKS),
    }
    made = {}
    for number, (name, source) in enumerate(sources.items(), start=1):
        made[name] = build_package(source, target, work, f"0.1.0+{number}~{target.release}", compression="none")
    return Packages(**made)


def _own_architecture() -> str:
    command = ["dpkg", "--print-architecture"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _work_folder() -> Path:
    folder = cache_folder() / "deb"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    main()
