"""The builder trusts nothing that is not pinned, and ships no net that is worse than its bounds."""

from __future__ import annotations

import hashlib
import io
import stat
import tarfile
import zipfile
from pathlib import Path

import msgspec
import pytest

from edge.core.errors import ConfigError, InputError, ModelError, SigningError
from edge.core.face import Picture
from edge.core.keys import KeyPurpose, KeyRole, decode_public_key
from edge.models.nets import Nets
from tests.models.conftest import frame_of
from tools.bundle.agreement import agreement, faces_in
from tools.bundle.fetch import inner_file, package_file
from tools.bundle.signing import developer_key, public_document, signer_from
from tools.bundle.sources import DEFAULT_TABLE, Package, read_sources


def own_package(path: Path, sha256: str) -> Package:
    return Package(registry="file", package=path.name, version="1", sha256=sha256, size_bytes=path.stat().st_size)


def test_file_of_the_agency_is_taken_when_its_digest_fits(tmp_path: Path) -> None:
    net = tmp_path / "own.tflite"
    net.write_bytes(b"net")
    sha256 = hashlib.sha256(b"net").hexdigest()
    found, _ = package_file(own_package(net, sha256), tmp_path / "cache", tmp_path)
    assert inner_file(found, "own.tflite", sha256) == b"net"


def test_package_with_another_digest_is_refused(tmp_path: Path) -> None:
    net = tmp_path / "own.tflite"
    net.write_bytes(b"other net")
    with pytest.raises(InputError, match="the table says"):
        package_file(own_package(net, "0" * 64), tmp_path / "cache", tmp_path)


def test_damaged_download_in_the_cache_is_not_used(tmp_path: Path) -> None:
    package = Package(registry="npm", package="none", version="1", sha256="0" * 64, size_bytes=1)
    (tmp_path / f"{package.sha256[:16]}-none").write_bytes(b"damaged")
    with pytest.raises(InputError):
        package_file(msgspec.structs.replace(package, registry="file"), tmp_path, tmp_path)


def test_inner_file_is_found_in_wheels_and_tarballs_and_checked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as archive:
        archive.writestr("data/net", b"net")
    with tarfile.open(tmp_path / "b.tgz", "w:gz") as archive_b:
        entry = tarfile.TarInfo("data/net")
        entry.size = 3
        archive_b.addfile(entry, io.BytesIO(b"net"))
    for name in ("a.whl", "b.tgz"):
        assert inner_file(tmp_path / name, "data/net", hashlib.sha256(b"net").hexdigest()) == b"net"
        with pytest.raises(InputError, match="SHA-256"):
            inner_file(tmp_path / name, "data/net", "0" * 64)
        with pytest.raises(InputError, match="no readable"):
            inner_file(tmp_path / name, "data/none", "0" * 64)


def test_table_names_the_bundle(tmp_path: Path) -> None:
    _, name = read_sources(DEFAULT_TABLE)
    other = tmp_path / "other.toml"
    other.write_text(DEFAULT_TABLE.read_text() + "\n")
    assert read_sources(other)[1] != name


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("[net.liveness]", "[net.mask]", "mask"),
        ('package = "sface"', 'package = "none"', "none"),
        ('colours = "bgr"', 'colours = "yuv"', "yuv"),
        ('scheme = "weights8"', 'scheme = "int4"', "int4"),
    ],
)
def test_table_with_a_fault_is_refused_by_name(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    table = tmp_path / "table.toml"
    table.write_text(DEFAULT_TABLE.read_text().replace(old, new))
    with pytest.raises(ConfigError, match=complaint):
        read_sources(table)


def test_net_below_its_bound_is_not_shipped(nets: Nets, portraits: dict[str, Picture]) -> None:
    faces = faces_in(nets, [frame_of(picture) for picture in portraits.values()])
    figures = agreement("embedding", nets, nets, faces, {"cosine_min": 0.99})
    assert figures[0].value == pytest.approx(1.0, abs=1e-3)
    with pytest.raises(ModelError, match="the table allows"):
        agreement("embedding", nets, nets, faces, {"cosine_min": 1.1})
    with pytest.raises(ModelError, match="unknown measure"):
        agreement("liveness", nets, nets, faces, {"cosine_min": 0.9})


def test_developer_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    pem = developer_key(tmp_path / "keys")
    before = pem.read_bytes()
    assert developer_key(tmp_path / "keys").read_bytes() == before
    assert stat.S_IMODE(pem.stat().st_mode) == 0o600
    document = decode_public_key(public_document(signer_from(pem), "developer", KeyPurpose.DEMONSTRATION))
    assert (document.role, document.purpose) == (KeyRole.BUNDLE, KeyPurpose.DEMONSTRATION)
    assert document.key().keyid == signer_from(pem).public_key.keyid


def test_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("no key")
    with pytest.raises(SigningError):
        signer_from(tmp_path / "key.pem")
