"""A publisher's signature under a package: which release it is, and its digest."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import msgspec
from securesystemslib.signer import Signer

from edge.core.release import Offer, ReleaseFacts, sign_offer

_FACTS = "./opt/doorstep/release.json"


def sign_package(package: Path, signer: Signer) -> Path:
    """Write the signed offer of `package` beside it; gives its path."""
    offer = Offer(
        facts=_facts_in(package),
        package=package.name,
        size_bytes=package.stat().st_size,
        sha256=_digest(package),
    )
    file = package.with_name(f"{package.name}.dsse.json")
    file.write_bytes(sign_offer(offer, signer))
    return file


def _facts_in(package: Path) -> ReleaseFacts:
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as unpacking:
        found = subprocess.run(["tar", "-xO", _FACTS], stdin=unpacking.stdout, capture_output=True, check=True)
    return msgspec.json.decode(found.stdout, type=ReleaseFacts)


def _digest(package: Path) -> str:
    with package.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
