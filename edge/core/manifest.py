"""A model bundle's manifest: which net plays which role, how it wants its picture, what its output means.

The manifest is the payload of a signed envelope (BUNDLE_TYPE); it names every file by its digest. Adapters
take all that differs between nets from here, so that another bundle needs no other code.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

from edge.core.errors import CouldNotBeChecked, DoesNotVerify

Role = Literal["detector", "landmarks", "liveness", "embedding"]
Scheme = Literal["weights8", "dynamic8", "static8", "float16", "float32", "as-published"]

FORMAT = "doorstep.model-bundle/2"
ROLES: tuple[Role, ...] = ("detector", "landmarks", "liveness", "embedding")
MAX_NET_BYTES = 512 * 1024 * 1024

Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
FileName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}\Z")]
_READING_OF_ROLE = {"detector": "anchors", "landmarks": "mesh", "liveness": "classes", "embedding": "vector"}


class NetInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One picture, 1×height×width×3. colours: order of the channels. low, high: what bytes 0 and 255 become."""

    width_px: Annotated[int, msgspec.Meta(ge=8, le=4096)]
    height_px: Annotated[int, msgspec.Meta(ge=8, le=4096)]
    colours: Literal["rgb", "bgr"]
    low: float
    high: float


class AnchorLayer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One grid of anchors: a cell every `stride_px`, `per_cell` anchors at its centre."""

    stride_px: Annotated[int, msgspec.Meta(ge=1)]
    per_cell: Annotated[int, msgspec.Meta(ge=1, le=64)]


class AnchorReading(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="anchors", tag_field="kind"
):
    """SSD-style detector: per anchor a score logit, and box (cx, cy, w, h) and keypoints (x, y) relative to it.

    keypoints: places of the person's right eye, left eye, nose tip, mouth, right ear, left ear in the output.
    unit_px: what a regressor value is counted in. overlap: intersection over union above which boxes are one face.
    """

    layers: tuple[AnchorLayer, ...]
    keypoints: tuple[int, int, int, int, int, int]
    unit_px: float
    min_score: float
    overlap: float
    boxes_output: int = 0
    scores_output: int = 1


class MeshReading(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="mesh", tag_field="kind"
):
    """468 points (x, y, z) in pixels of the crop, and a presence logit. crop_scale: crop side over box side."""

    topology: Literal["mediapipe-468"]
    crop_scale: float
    points_output: int = 0
    presence_output: int = 1


class ClassReading(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="classes", tag_field="kind"
):
    """One value per class. softmax: whether one has still to be applied. crop_scale: crop side over box side."""

    live_class: Annotated[int, msgspec.Meta(ge=0)]
    softmax: bool
    crop_scale: float


class VectorReading(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="vector", tag_field="kind"
):
    """An embedding, compared by cosine. template_px: where eyes, nose and mouth corners go in the input."""

    length: Annotated[int, msgspec.Meta(ge=16, le=4096)]
    template_px: tuple[
        tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]
    ]


class Quantization(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """scheme: see tools/bundle/README.md. why: the figures that made it the choice. time_ratio: time of this net over
    the float net's, one thread, on the machine and runtime that built the bundle."""

    scheme: Scheme
    why: str
    runtime: str
    time_ratio: float


class Agreement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far the net is from its float original on `faces` real faces; `value` had to keep to `bound`."""

    measure: str
    value: float
    bound: float
    faces: int


class GoldenOutput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One output of the net for the probe (edge/models/golden.py): its root mean square, and values evenly spaced."""

    rms: float
    values: Annotated[tuple[float, ...], msgspec.Meta(min_length=1, max_length=64)]


class Golden(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the net gave where the bundle was built. sha256: over all outputs' bytes. delegated: XNNPACK took it."""

    runtime: str
    machine: str
    delegated: bool
    sha256: Digest
    outputs: tuple[GoldenOutput, ...]


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    registry: Literal["pypi", "npm", "file"]
    package: str
    version: str
    file: str
    package_sha256: Digest
    file_sha256: Digest


class Net(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    role: Role
    name: str
    file: FileName
    size_bytes: Annotated[int, msgspec.Meta(ge=1, le=MAX_NET_BYTES)]
    sha256: Digest
    licence: str
    source: Source
    input: NetInput
    reading: AnchorReading | MeshReading | ClassReading | VectorReading
    quantization: Quantization
    agreement: tuple[Agreement, ...]
    golden: Golden


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    builder: str
    sources_sha256: Digest
    nets: tuple[Net, ...]
    format: str = FORMAT

    def net(self, role: Role) -> Net:
        return next(n for n in self.nets if n.role == role)


def encode_manifest(manifest: Manifest) -> bytes:
    return msgspec.json.encode(manifest, order="deterministic")


def decode_manifest(payload: bytes) -> Manifest:
    """Read a manifest whose signature was found good.

    Raises CouldNotBeChecked (step `format`) for a format that this version does not know, DoesNotVerify
    (step `manifest`) for one that contradicts itself.
    """
    known = re.search(rb'"format":"([^"]{1,64})"', payload)
    if known is not None and known.group(1) != FORMAT.encode():
        raise CouldNotBeChecked(f"manifest format {known.group(1)!r}, this version knows {FORMAT!r}", step="format")
    try:
        manifest = msgspec.json.decode(payload, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise DoesNotVerify(f"not a bundle manifest: {e}", step="manifest") from e
    problem = _contradiction(manifest)
    if problem:
        raise DoesNotVerify(problem, step="manifest")
    return manifest


def _contradiction(manifest: Manifest) -> str:
    roles = sorted(net.role for net in manifest.nets)
    if roles != sorted(ROLES):
        return f"a bundle has one net per role {sorted(ROLES)}, got {roles}"
    if len({net.file for net in manifest.nets}) != len(manifest.nets):
        return "two roles name the same file"
    for net in manifest.nets:
        kind = net.reading.__struct_config__.tag
        if kind != _READING_OF_ROLE[net.role]:
            return f"{net.role}: output reading {kind!r}, expected {_READING_OF_ROLE[net.role]!r}"
        if net.input.low == net.input.high:
            return f"{net.role}: input range is empty"
        if isinstance(net.reading, AnchorReading) and net.input.width_px != net.input.height_px:
            return (
                f"{net.role}: the input is letterboxed into a square, got {net.input.width_px}×{net.input.height_px}"
            )
    return ""
