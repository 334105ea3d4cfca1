"""Model bundles on their way to the unit: resumed, never run before they verify, never in the way of a visit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner

from central.bundles import ReadyBundle, offer_bundle, read_bundle
from central.parcel import import_parcels
from central.rows import bundles as rows
from edge.core.bundle import Bundle
from edge.core.bundle_fetch import CHUNK_BYTES, BundleOffer, BundleState
from edge.core.chunks import encode_chunk
from edge.core.envelope import BUNDLE_TYPE, digest, seal
from edge.core.errors import VerificationError
from edge.core.keys import KeyPurpose, PublicKeyDocument, decode_public_key
from edge.core.manifest import encode_manifest
from edge.models.bundle import export_bundle, write_bundle
from edge.models.install import mend
from edge.services.progress import ProgressKind
from edge.store.bundles import SqliteBundles
from edge.wiring.sync import export_parcel, import_parcel
from edge.wiring.visit import VisitSide
from tests.models.conftest import READINGS, Manifest, net_entry
from tests.sync.loopback import ISSUED_UTC, Bench, kinds
from tools.bundle.signing import public_document

SIGNER = CryptoSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
PUBLISHER: PublicKeyDocument = decode_public_key(public_document(SIGNER, "publisher", KeyPurpose.DEMONSTRATION))


@pytest.fixture
def bench(bench: Bench) -> Bench:
    (bench.unit.trust_dir / "publisher.pub.json").write_bytes(
        public_document(SIGNER, "publisher", KeyPurpose.DEMONSTRATION)
    )
    return bench


def signed(nets: dict[str, bytes], like: Bundle | None = None, name: str = "next") -> Bundle:
    """A bundle of these files: with the entries of `like`, or of files that are no nets."""
    entries = like.manifest.nets if like else tuple(net_entry(role, nets[f"{role}.tflite"]) for role in READINGS)
    manifest = Manifest(name=name, builder="test", sources_sha256="0" * 64, nets=entries)
    payload = encode_manifest(manifest)
    envelope = seal(payload, BUNDLE_TYPE, [SIGNER])
    return Bundle(manifest=manifest, sha256=digest(payload), key_ids=(), envelope=envelope, files=nets)


def exported(bundle: Bundle, folder: Path) -> ReadyBundle:
    export_bundle(bundle, folder / "bundle.zip")
    return read_bundle((folder / "bundle.zip").read_bytes(), "bundle.zip", PUBLISHER)


def no_nets(folder: Path, name: str = "next") -> ReadyBundle:
    """Properly signed, of five chunks or more, and nothing that a runtime could run."""
    return exported(signed({f"{role}.tflite": os.urandom(40_000) for role in READINGS}, name=name), folder)


def offered(bench: Bench, ready: ReadyBundle) -> None:
    with bench.store.transaction() as transaction:
        assert not offer_bundle(transaction, bench.downlink, ready, ["unit-a"], at_utc=ISSUED_UTC)


def at_central(bench: Bench) -> tuple[str, str]:
    with bench.store.transaction() as transaction:
        (row,) = rows.standings(transaction.connection, rows.BUNDLES, "unit-a")
    return row["state"], row["reason"]


def state(bench: Bench) -> BundleState | None:
    entry = SqliteBundles(bench.unit.store_file).newest()
    return entry.state if entry else None


def test_sync_08_bundle_is_fetched_tried_installed_and_told(bench: Bench, bundle: Bundle, tmp_path: Path) -> None:
    offered(bench, exported(signed(dict(bundle.files), like=bundle), tmp_path))
    told = bench.run(200)
    assert ProgressKind.BUNDLE in kinds(told)
    assert state(bench) is BundleState.FETCHED
    side = VisitSide(bench.unit)
    side.take_in_bundle()
    assert (state(bench), side.bundle.manifest.name) == (BundleState.INSTALLED, "next")
    bench.run(2)
    assert at_central(bench) == ("installed", "")


def test_fetch_goes_on_where_a_broken_link_stopped_it(bench: Bench, tmp_path: Path) -> None:
    ready = no_nets(tmp_path)
    offered(bench, ready)
    bench.wire.lose_other_chunks = True
    bench.run(12, advance_s=50.0)
    assert state(bench) is BundleState.FETCHED
    assert len(set(bench.wire.chunks)) == len(ready.offer.chunks)
    assert len(bench.wire.chunks) < 2 * len(ready.offer.chunks)


def test_bundle_whose_nets_do_not_run_is_refused_and_the_one_in_use_stays(bench: Bench, tmp_path: Path) -> None:
    before = signed({f"{role}.tflite": b"in use" for role in READINGS}, name="in use")
    write_bundle(before, bench.unit.root / "models")
    offered(bench, no_nets(tmp_path))
    bench.run(30)
    side = VisitSide(bench.unit)
    side.take_in_bundle()
    assert (state(bench), side.bundle.manifest.name) == (BundleState.REFUSED, "in use")
    bench.run(2)
    told, reason = at_central(bench)
    assert told == "refused" and "self-test failed" in reason
    assert not SqliteBundles(bench.unit.store_file).numbers(SqliteBundles(bench.unit.store_file).newest())


def test_bundle_of_a_publisher_whom_the_unit_does_not_believe(bench: Bench, tmp_path: Path) -> None:
    offered(bench, no_nets(tmp_path))
    bench.run(30)
    (bench.unit.trust_dir / "publisher.pub.json").unlink()
    VisitSide(bench.unit).take_in_bundle()
    bench.run(2)
    assert at_central(bench)[0] == "refused"


def test_bundle_that_its_publisher_did_not_sign_is_not_offered(tmp_path: Path) -> None:
    ready = no_nets(tmp_path)
    altered = bytearray(ready.content)
    altered[len(altered) // 2] ^= 1
    with pytest.raises(VerificationError):
        read_bundle(bytes(altered), "bundle.zip", PUBLISHER)


def test_altered_chunk_is_not_kept(bench: Bench, tmp_path: Path) -> None:
    offered(bench, no_nets(tmp_path))
    bench.wire.lose_messages = 0
    bench.run(1)
    bench.drain.apply(list(bench.wire.down)[:1])
    bench.wire.down.clear()
    entry = SqliteBundles(bench.unit.store_file).newest()
    assert entry is not None
    (told,) = bench.drain.apply([encode_chunk(entry.offer.file_sha256, 0, bytes(CHUNK_BYTES))])
    assert "not the one that was offered" in told.detail
    assert SqliteBundles(bench.unit.store_file).numbers(entry) == set()


def test_offer_of_chunks_that_do_not_make_the_size_is_refused(bench: Bench) -> None:
    one = "a" * 64
    offer = BundleOffer(name="n", manifest_sha256=one, file_sha256=one, size_bytes=10**12, chunks=(one,))
    bench.issue(offer)
    bench.run(3)
    assert [(row["state"], row["reason"]) for row in bench.messages()] == [("refused", "bad_content")]


def test_newer_offer_takes_the_place_of_one_half_fetched(bench: Bench, tmp_path: Path) -> None:
    offered(bench, no_nets(tmp_path, "first"))
    bench.run(2)
    second = no_nets(tmp_path, "second")
    offered(bench, second)
    bench.run(40, advance_s=10.0)
    entry = SqliteBundles(bench.unit.store_file).newest()
    assert entry is not None
    assert (entry.offer, entry.state) == (second.offer, BundleState.FETCHED)


def test_sync_09_bundle_travels_by_stick(bench: Bench, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    offered(bench, no_nets(tmp_path))
    for _ in range(2):  # the second time there is nothing more to carry
        export_parcel(bench.unit, stick)
        import_parcels(stick, bench.ingest, bench.wire.post, at_utc=ISSUED_UTC)
        size = (stick / "unit-a.to-unit").stat().st_size
        import_parcel(bench.unit, stick)
        assert state(bench) is BundleState.FETCHED
    assert size < CHUNK_BYTES


@pytest.mark.parametrize("left", ["previous", "next"])
def test_power_cut_between_two_renames_leaves_a_bundle_in_use(tmp_path: Path, left: str) -> None:
    (tmp_path / f"models.{left}").mkdir()
    (tmp_path / f"models.{left}" / "manifest.dsse.json").touch()
    mend(tmp_path / "models")
    assert (tmp_path / "models" / "manifest.dsse.json").exists()


def test_rollback_brings_back_the_bundle_from_before(bench: Bench, bundle: Bundle) -> None:
    side = VisitSide(bench.unit)
    for name in ("first", "second"):
        side.install(signed(dict(bundle.files), like=bundle, name=name))
    side.go_back()
    assert side.bundle.manifest.name == "first"
