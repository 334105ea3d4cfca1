"""Every damage to a bundle is refused, as forged or as not checkable, before a runtime sees a byte of it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner, Key

from edge.core.bundle import Bundle
from edge.core.manifest import Manifest
from edge.models.bundle import (
    MANIFEST_FILE,
    BundleNotChecked,
    BundleRejected,
    export_bundle,
    load_bundle,
    read_exported,
    write_bundle,
)

Make = Callable[..., Path]


def installed(file: Path, folder: Path, keys: dict[str, Key]) -> Bundle:
    bundle = read_exported(file, keys)
    write_bundle(bundle, folder)
    return bundle


def test_whole_bundle_is_opened(make_bundle: Make, keys: dict[str, Key]) -> None:
    bundle = load_bundle(make_bundle(), keys)
    net, content = bundle.model("liveness")
    assert (net.role, len(content), len(bundle.sha256)) == ("liveness", net.size_bytes, 64)


@pytest.mark.parametrize("where", [0, 100, -1])
def test_flipped_byte_in_any_file_is_rejected(make_bundle: Make, keys: dict[str, Key], where: int) -> None:
    for count, name in enumerate(sorted(p.name for p in make_bundle().iterdir())):
        folder = make_bundle(name=f"copy{count}")
        content = bytearray((folder / name).read_bytes())
        content[where] ^= 0x01
        (folder / name).write_bytes(content)
        with pytest.raises(BundleRejected):
            load_bundle(folder, keys)


def test_flipped_byte_in_the_real_bundle_is_rejected(
    real_folder: Path, real_keys: dict[str, Key], tmp_path: Path
) -> None:
    contents = {file.name: file.read_bytes() for file in real_folder.iterdir()}
    for name in contents:
        folder = tmp_path / name
        folder.mkdir()
        for other, content in contents.items():
            damaged = bytearray(content)
            damaged[len(damaged) // 2] ^= 0x80 if other == name else 0
            (folder / other).write_bytes(damaged)
        with pytest.raises(BundleRejected):
            load_bundle(folder, real_keys)


def test_unknown_publisher_is_not_checkable(make_bundle: Make) -> None:
    stranger = CryptoSigner(Ed25519PrivateKey.from_private_bytes(bytes(32))).public_key
    with pytest.raises(BundleNotChecked) as refused:
        load_bundle(make_bundle(), {stranger.keyid: stranger})
    assert refused.value.step == "key"
    assert "trust" in refused.value.remedy


def test_other_key_under_a_trusted_id_is_rejected(make_bundle: Make, signer: CryptoSigner) -> None:
    stranger = CryptoSigner(Ed25519PrivateKey.from_private_bytes(bytes(32))).public_key
    with pytest.raises(BundleRejected):
        load_bundle(make_bundle(), {signer.public_key.keyid: stranger})


def test_missing_file_is_not_checkable(make_bundle: Make, keys: dict[str, Key]) -> None:
    for name in ("detector.tflite", MANIFEST_FILE):
        folder = make_bundle(name=name)
        (folder / name).unlink()
        with pytest.raises(BundleNotChecked):
            load_bundle(folder, keys)


def test_missing_folder_is_not_checkable(tmp_path: Path, keys: dict[str, Key]) -> None:
    with pytest.raises(BundleNotChecked):
        load_bundle(tmp_path / "none", keys)


def test_extra_file_is_rejected(make_bundle: Make, keys: dict[str, Key]) -> None:
    folder = make_bundle()
    (folder / "more.tflite").write_bytes(b"x")
    with pytest.raises(BundleRejected, match="does not name"):
        load_bundle(folder, keys)


def test_link_in_place_of_a_net_is_rejected(make_bundle: Make, keys: dict[str, Key], tmp_path: Path) -> None:
    folder = make_bundle()
    (folder / "detector.tflite").rename(tmp_path / "elsewhere")
    (folder / "detector.tflite").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleRejected):
        load_bundle(folder, keys)


def _without_liveness(manifest: Manifest) -> Manifest:
    return msgspec.structs.replace(manifest, nets=manifest.nets[:2] + manifest.nets[3:])


def _wrong_reading(manifest: Manifest) -> Manifest:
    odd = msgspec.structs.replace(manifest.nets[0], reading=manifest.nets[1].reading)
    return msgspec.structs.replace(manifest, nets=(odd, *manifest.nets[1:]))


def _file_outside(manifest: Manifest) -> Manifest:
    odd = msgspec.structs.replace(manifest.nets[0], file="../detector.tflite")
    return msgspec.structs.replace(manifest, nets=(odd, *manifest.nets[1:]))


@pytest.mark.parametrize("change", [_without_liveness, _wrong_reading])
def test_manifest_that_contradicts_itself_is_rejected(
    make_bundle: Make, keys: dict[str, Key], change: Callable[[Manifest], Manifest]
) -> None:
    with pytest.raises(BundleRejected) as refused:
        load_bundle(make_bundle(change), keys)
    assert refused.value.step == "manifest"


def test_newer_format_is_not_checkable(make_bundle: Make, keys: dict[str, Key]) -> None:
    folder = make_bundle(lambda m: msgspec.structs.replace(m, format="doorstep.model-bundle/9"))
    with pytest.raises(BundleNotChecked):
        load_bundle(folder, keys)


def test_exported_bundle_is_the_same_bytes_each_time(make_bundle: Make, keys: dict[str, Key], tmp_path: Path) -> None:
    bundle = load_bundle(make_bundle(), keys)
    for name in ("a.bundle", "b.bundle"):
        export_bundle(bundle, tmp_path / name)
    assert (tmp_path / "a.bundle").read_bytes() == (tmp_path / "b.bundle").read_bytes()


def test_installed_bundle_replaces_the_old_one(make_bundle: Make, keys: dict[str, Key], tmp_path: Path) -> None:
    bundle = load_bundle(make_bundle(), keys)
    export_bundle(bundle, tmp_path / "file")
    target = tmp_path / "unit" / "models"
    target.mkdir(parents=True)
    (target / "stale").write_bytes(b"x")
    assert installed(tmp_path / "file", target, keys).sha256 == bundle.sha256
    assert load_bundle(target, keys) == bundle
    assert [p.name for p in target.parent.iterdir()] == ["models"]


def test_truncated_file_leaves_the_old_bundle(make_bundle: Make, keys: dict[str, Key], tmp_path: Path) -> None:
    folder = make_bundle()
    export_bundle(load_bundle(folder, keys), tmp_path / "file")
    whole = (tmp_path / "file").read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        (tmp_path / "file").write_bytes(whole[:length])
        with pytest.raises(BundleRejected):
            installed(tmp_path / "file", folder, keys)
        load_bundle(folder, keys)


def test_flipped_byte_in_an_exported_file_never_changes_the_bundle(
    make_bundle: Make, keys: dict[str, Key], tmp_path: Path
) -> None:
    bundle = load_bundle(make_bundle(), keys)
    export_bundle(bundle, tmp_path / "file")
    whole = (tmp_path / "file").read_bytes()
    for place in range(0, len(whole), 97):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        (tmp_path / "file").write_bytes(damaged)
        try:
            assert read_exported(tmp_path / "file", keys) == bundle  # a time stamp or a mode of the ZIP itself
        except (BundleRejected, BundleNotChecked):
            continue


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "a/../../outside", "sub/detector.tflite"])
def test_path_out_of_the_target_is_rejected(
    make_bundle: Make, keys: dict[str, Key], tmp_path: Path, name: str
) -> None:
    export_bundle(load_bundle(make_bundle(), keys), tmp_path / "file")
    with zipfile.ZipFile(tmp_path / "file", "a") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(BundleRejected):
        installed(tmp_path / "file", tmp_path / "target", keys)
    assert not (tmp_path / "outside").exists()


def test_name_with_a_path_in_the_signed_manifest_is_rejected(make_bundle: Make, keys: dict[str, Key]) -> None:
    with pytest.raises(BundleRejected):
        load_bundle(make_bundle(_file_outside), keys)


def test_packed_entry_is_rejected_before_it_is_unpacked(
    make_bundle: Make, keys: dict[str, Key], tmp_path: Path
) -> None:
    bundle = load_bundle(make_bundle(), keys)
    with zipfile.ZipFile(tmp_path / "bomb", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST_FILE, bundle.envelope)
        archive.writestr("detector.tflite", bytes(50_000_000))
    with pytest.raises(BundleRejected, match="packed"):
        read_exported(tmp_path / "bomb", keys)


def test_net_longer_than_declared_is_rejected(make_bundle: Make, keys: dict[str, Key]) -> None:
    folder = make_bundle()
    with (folder / "detector.tflite").open("ab") as net:
        net.write(b"\0" * 1000)
    with pytest.raises(BundleRejected):
        load_bundle(folder, keys)
