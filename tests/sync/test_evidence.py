"""Evidence: sealed at once, only under consent, after the results, resumed where it stopped, purged in time."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from central.config import load_config
from central.evidence import open_evidence
from central.keys import evidence_key
from central.parcel import import_parcels
from central.tables_evidence import evidence
from edge.core.chunks import encode_chunk
from edge.core.downward_apply import Standing
from edge.core.downward_content import Command, CommandName
from edge.core.errors import DoesNotVerify, InputError, VisitNotAllowed
from edge.core.evidence import CHUNK_BYTES, EvidenceKind
from edge.core.evidence_delivery import EvidenceState
from edge.core.pacing import after_reconnect
from edge.core.visit import Consents
from edge.services.admission import admit_visit
from edge.services.evidence import keep_evidence
from edge.services.keep import keep_visit
from edge.services.progress import ProgressKind
from edge.store.kept_photos import count_kept
from edge.wiring.people import keep_copy
from edge.wiring.sync import export_parcel, import_parcel
from tests.sync.loopback import ISSUED_UTC, RETENTION_S, Bench, kinds
from tools.faults.scene import draft


def jpeg(size: int = 100_000, *, width: int = 640, height: int = 480) -> bytes:
    """A picture as far as anybody looks at it without decoding it."""
    frame = b"\xff\xc0\x00\x11\x08" + height.to_bytes(2) + width.to_bytes(2) + bytes(10)
    return b"\xff\xd8\xff\xe0\x00\x04ab" + frame + os.urandom(size) + b"\xff\xd9"


def visit_with(bench: Bench, content: bytes, *, send: bool = True, number: int = 1) -> str:
    unit = bench.unit
    made = draft(unit.config.unit_id, f"r-{number}")
    made = replace(made, consents=Consents(match_on_unit=True, send_photo=send))
    record = keep_visit(made, store=unit.store, signer=unit.record_key, clock=unit.clock)
    keep_evidence(
        content,
        evidence_id=f"e-{number}",
        kind=EvidenceKind.FACE_PHOTO,
        record=record,
        store=bench.evidence_store,
        signer=unit.record_key,
        trusted=unit.believed(),
    )
    return record.sha256


def state(bench: Bench, number: int = 1) -> EvidenceState:
    entry = bench.evidence_store.find(f"e-{number}")
    assert entry is not None
    return entry.state


def opened(bench: Bench, number: int = 1) -> bytes:
    key = evidence_key(bench.scene.central, load_config(bench.scene.central))
    with bench.store.transaction() as transaction:
        return open_evidence(transaction, key, f"e-{number}")


def test_sync_07_evidence_arrives_whole_and_only_central_opens_it(bench: Bench) -> None:
    picture = jpeg()
    visit_with(bench, picture)
    assert not any(picture[100:200] in file.read_bytes() for file in bench.unit.root.glob("records.sqlite3*"))
    bench.run(steps=12)
    assert state(bench) is EvidenceState.RECEIPTED
    assert opened(bench) == picture


def test_sync_07_no_consent_no_evidence(bench: Bench) -> None:
    with pytest.raises(InputError, match="consent"):
        visit_with(bench, jpeg(), send=False)
    assert bench.evidence_store.under_way() == []


def test_sync_07_transfer_resumes_where_it_stopped(bench: Bench) -> None:
    picture = jpeg(CHUNK_BYTES * 9)
    visit_with(bench, picture)
    bench.run(steps=4)
    assert state(bench) is EvidenceState.SENDING
    bench.wire.broken = True
    bench.run(steps=2)
    bench.wire.broken = False
    bench.run(steps=20, advance_s=10)
    assert opened(bench) == picture
    assert len(bench.wire.evidence) <= 10 + 2 + 4, "no chunk that was receipted went again"


def test_sync_07_lost_chunks_are_sent_again(bench: Bench) -> None:
    picture = jpeg(CHUNK_BYTES * 3)
    visit_with(bench, picture)
    bench.run(steps=2)
    bench.wire.lose_evidence = 3
    bench.run(steps=20, advance_s=20)
    assert opened(bench) == picture


def test_sync_03_results_go_before_evidence(bench: Bench) -> None:
    visit_with(bench, jpeg())
    bench.visit(20)
    while len(bench.held()) < 21:
        assert bench.wire.evidence == []
        bench.run()


def test_sync_09_evidence_travels_by_stick(bench: Bench, tmp_path: Path) -> None:
    picture, stick = jpeg(CHUNK_BYTES * 3), tmp_path / "stick"
    stick.mkdir()
    visit_with(bench, picture)
    path, _ = export_parcel(bench.unit, stick)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    (carried,) = import_parcels(stick, bench.ingest, bench.wire.post, at_utc=ISSUED_UTC)
    assert not carried.whole
    import_parcel(bench.unit, stick)
    assert state(bench) is EvidenceState.SENDING
    export_parcel(bench.unit, stick)
    (carried,) = import_parcels(stick, bench.ingest, bench.wire.post, at_utc=ISSUED_UTC)
    assert carried.whole and not carried.remarks
    import_parcel(bench.unit, stick)
    assert state(bench) is EvidenceState.RECEIPTED
    assert opened(bench) == picture


def test_purged_after_receipt_and_retention(bench: Bench) -> None:
    visit_with(bench, jpeg())
    bench.run(steps=12)
    bench.run(steps=2, advance_s=RETENTION_S / 2)
    assert state(bench) is EvidenceState.RECEIPTED
    bench.run(steps=3, advance_s=RETENTION_S)
    assert state(bench) is EvidenceState.PURGED
    assert bench.evidence_store.chunk("e-1", 0) == b""


def test_purged_at_centrals_order(bench: Bench) -> None:
    visit_with(bench, jpeg())
    keep_copy(bench.unit, next(bench.unit.store.records()), jpeg())
    bench.issue(Command(name=CommandName.PURGE, subject="p-1"))
    bench.run(steps=1)
    assert state(bench) is EvidenceState.PURGED and count_kept(bench.unit.store_file) == 0


def test_evidence_that_central_refuses_blocks_nothing(bench: Bench) -> None:
    visit_with(bench, jpeg())
    visit_with(bench, jpeg(), number=2)
    bench.run(steps=2)
    with bench.store.transaction() as transaction:
        transaction.connection.execute(update(evidence).where(evidence.c.evidence_id == "e-1").values(manifest=b"\0"))
    bench.drain.close()
    bench.run(steps=40, advance_s=10)
    assert state(bench, 2) is EvidenceState.RECEIPTED


def test_attack_forged_chunk_is_not_kept(bench: Bench) -> None:
    picture = jpeg(CHUNK_BYTES * 2)
    visit_with(bench, picture)
    bench.run(steps=2)
    for number in (0, 1, 99, -1):
        remark, _ = bench.wire.post.take_evidence("unit-a", encode_chunk("e-1", number, b"x"), at_utc="t")
        assert "not the one" in remark
    bench.run(steps=12)
    assert opened(bench) == picture


def test_attack_zip_bomb_as_evidence_unfolds_nowhere(bench: Bench) -> None:
    """Central keeps sealed bytes as they are; whoever opens them gets a JPEG of bounded size or nothing."""
    visit_with(bench, gzip.compress(bytes(10_000_000)))
    visit_with(bench, jpeg(2000, width=65535, height=65535), number=2)
    bench.run(steps=30)
    for number in (1, 2):
        assert state(bench, number) is EvidenceState.RECEIPTED
        with pytest.raises(DoesNotVerify, match="JPEG|65535"):
            opened(bench, number)


def test_attack_nonsense_on_the_evidence_topic(bench: Bench) -> None:
    for raw in (b"", b"{}", b"\xff" * 1000, b'{"payload":1}', msgspec.json.encode({"format": "doorstep.chunk/1"})):
        remark, answer = bench.wire.post.take_evidence("unit-a", raw, at_utc="t")
        assert remark and answer is None


def test_sync_06_no_visit_begins_below_the_watermark() -> None:
    admit_visit(free_bytes=200_000_000, min_free_mb=200, standing=Standing.ACTIVE)
    with pytest.raises(VisitNotAllowed, match="199 MB are free") as e:
        admit_visit(free_bytes=199_999_999, min_free_mb=200, standing=Standing.ACTIVE)
    assert "export" in e.value.remedy


@pytest.mark.parametrize("standing", [Standing.REVOKED, Standing.RETIRED])
def test_withdrawn_unit_begins_no_visit(standing: Standing) -> None:
    with pytest.raises(VisitNotAllowed, match=standing.value):
        admit_visit(free_bytes=10**12, min_free_mb=200, standing=standing)


def test_bucket_lets_a_burst_go_and_then_its_rate() -> None:
    bucket = after_reconnect(rate_per_s=10, burst=5, now_s=0.0)
    bucket = bucket.filled(0.0).taken(5)
    assert int(bucket.filled(0.0).tokens) == 0
    assert int(bucket.filled(0.3).tokens) == 3
    assert int(bucket.filled(60.0).tokens) == 5
    assert bucket.filled(-10.0).tokens == 0.0, "a clock that goes back gives nothing"


def test_many_records_after_a_reconnect_go_at_the_buckets_rate(bench: Bench) -> None:
    bench.visit(130)
    told = bench.run(steps=40)
    assert kinds(told).count(ProgressKind.SENT) == 100, "the clock stands still: the burst, and no more"
    told = bench.run(steps=40, advance_s=1.0)
    assert kinds(told).count(ProgressKind.SENT) == 30
