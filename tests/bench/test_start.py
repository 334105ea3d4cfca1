"""The visit daemon's start, measured until ready; nets that do not give their golden vectors are not used."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import msgspec

from edge.core.envelope import BUNDLE_TYPE, seal
from edge.core.keys import KeyPurpose, KeyRole
from edge.core.manifest import encode_manifest
from edge.models.bundle import write_bundle
from edge.signing import keyfile, trust
from edge.wiring.unit import found_unit
from edge.wiring.web import make_room
from tools.bench.start import measure_start
from tools.evaluate.default_bundle import find_bundle


def test_start_is_measured_until_ready() -> None:
    report = measure_start(1)
    assert len(report.starts_s) == 1 and report.processor_s > 0 and report.median_s == report.starts_s[0]
    assert 20 < report.ready.proportional_mb <= report.ready.resident_mb <= report.ready.most_mb < report.goal_mb
    assert report.ready.resident_mb < report.window.after.resident_mb < report.window.after.most_mb
    # What only a comparison needs is given back after it.
    assert report.window.nets["embedding"] > report.window.after.resident_mb - report.ready.resident_mb


def test_unit_whose_nets_fail_their_golden_vectors_starts_without_faces(tmp_path: Path) -> None:
    """Signed, whole, and not what this runtime gives: as after the exchange of a board or a library."""
    bundle = find_bundle(None)
    key = keyfile.generate(tmp_path, "p", role=KeyRole.BUNDLE, purpose=KeyPurpose.DEMONSTRATION, owner="p")
    first, *rest = bundle.manifest.nets
    outputs = tuple(
        msgspec.structs.replace(o, values=tuple(v + o.rms for v in o.values)) for o in first.golden.outputs
    )
    changed = msgspec.structs.replace(first, golden=msgspec.structs.replace(first.golden, outputs=outputs))
    manifest = msgspec.structs.replace(bundle.manifest, nets=(changed, *rest))
    envelope = seal(encode_manifest(manifest), BUNDLE_TYPE, [key.signer])
    root, told = tmp_path / "unit", []
    with found_unit(root, "unit-a", KeyPurpose.DEMONSTRATION) as unit:
        trust.add(unit.trust_dir, key.public)
        write_bundle(replace(bundle, manifest=manifest, envelope=envelope), root / "models")
        make_room(unit, tell=told.append)
        assert len(told) == 1 and "golden vectors" in told[0]
        shutil.rmtree(root / "models")
        make_room(unit, tell=told.append)
        assert len(told) == 2 and "no model bundle" in told[1]
