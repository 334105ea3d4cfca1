"""The real bundle, the portraits it was compared on, and a small signed bundle that can be damaged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner, Key

from edge.core.bundle import Bundle
from edge.core.envelope import BUNDLE_TYPE, digest, seal
from edge.core.face import Frame, Picture
from edge.core.manifest import (
    AnchorLayer,
    AnchorReading,
    ClassReading,
    Golden,
    Manifest,
    MeshReading,
    Net,
    NetInput,
    Quantization,
    Role,
    Source,
    VectorReading,
    encode_manifest,
)
from edge.models.bundle import load_bundle, write_bundle
from edge.models.nets import Nets, load_nets
from tools.bundle.places import bundle_folder, publisher_keys, table_pictures
from tools.bundle.sources import DEFAULT_TABLE, read_sources

TEMPLATE = ((38.3, 51.7), (73.5, 51.5), (56.0, 71.7), (41.5, 92.4), (70.7, 92.2))
READINGS: dict[Role, AnchorReading | MeshReading | ClassReading | VectorReading] = {
    "detector": AnchorReading(
        layers=(AnchorLayer(stride_px=8, per_cell=2),),
        keypoints=(0, 1, 2, 3, 4, 5),
        unit_px=1.0,
        min_score=0.5,
        overlap=0.3,
    ),
    "landmarks": MeshReading(topology="mediapipe-468", crop_scale=1.5),
    "liveness": ClassReading(live_class=0, softmax=True, crop_scale=2.7),
    "embedding": VectorReading(length=128, template_px=TEMPLATE),
}


@pytest.fixture(scope="session")
def real_folder() -> Path:
    folder = bundle_folder()
    if not folder.is_dir():
        pytest.fail(f"no model bundle at {folder}: run python -m tools.bundle build")
    return folder


@pytest.fixture(scope="session")
def real_keys(real_folder: Path) -> dict[str, Key]:
    return publisher_keys(real_folder)


@pytest.fixture(scope="session")
def real_bundle(real_folder: Path, real_keys: dict[str, Key]) -> Bundle:
    return load_bundle(real_folder, real_keys)


@pytest.fixture(scope="session")
def nets(real_bundle: Bundle) -> Nets:
    return load_nets(real_bundle)


@pytest.fixture(scope="session")
def pictures() -> dict[str, Picture]:
    table, _ = read_sources(DEFAULT_TABLE)
    return table_pictures(table, DEFAULT_TABLE.parent)


@pytest.fixture(scope="session")
def portraits(pictures: dict[str, Picture], nets: Nets) -> dict[str, Picture]:
    """Square cut-outs of 480 px with one face each, upright to within some degrees."""
    cut = {}
    for name, picture in pictures.items():
        face = nets.detector.detect(Frame(bgr=picture, captured_s=0.0))[0]
        side = face.width_px * 3.2
        (x, y), half = face.center_px, side / 2
        matrix = np.array([[480 / side, 0, (half - x) * 480 / side], [0, 480 / side, (half - y) * 480 / side]])
        cut[name] = np.asarray(cv2.warpAffine(picture, matrix, (480, 480), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    return cut


def turned(picture: Picture, roll_deg: float) -> Picture:
    """The picture turned clockwise on a larger canvas, its border continued."""
    height, width = picture.shape[:2]
    c, s = abs(np.cos(np.radians(roll_deg))), abs(np.sin(np.radians(roll_deg)))
    wide, high = round(width * c + height * s), round(width * s + height * c)
    matrix = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), -roll_deg, 1.0)
    matrix[:, 2] += ((wide - width) / 2, (high - height) / 2)
    return np.asarray(cv2.warpAffine(picture, matrix, (wide, high), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def frame_of(picture: Picture) -> Frame:
    return Frame(bgr=picture, captured_s=0.0)


@pytest.fixture(scope="session")
def signer() -> CryptoSigner:
    return CryptoSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@pytest.fixture(scope="session")
def keys(signer: CryptoSigner) -> dict[str, Key]:
    return {signer.public_key.keyid: signer.public_key}


def net_entry(role: Role, content: bytes) -> Net:
    sha256 = hashlib.sha256(content).hexdigest()
    return Net(
        role=role,
        name=role,
        file=f"{role}.tflite",
        size_bytes=len(content),
        sha256=sha256,
        licence="MIT",
        source=Source(registry="file", package="p", version="1", file="f", package_sha256=sha256, file_sha256=sha256),
        input=NetInput(width_px=128, height_px=128, colours="rgb", low=0.0, high=1.0),
        reading=READINGS[role],
        quantization=Quantization(scheme="weights8", why="", runtime="", time_ratio=1.0),
        agreement=(),
        golden=Golden(runtime="", machine="", delegated=False, sha256=sha256, outputs=()),
    )


@pytest.fixture
def make_bundle(tmp_path: Path, signer: CryptoSigner) -> Callable[..., Path]:
    """Writes a bundle of four small files that are no nets, signed by `signer`; gives its folder."""

    def make(change: Callable[[Manifest], Manifest] = lambda m: m, name: str = "bundle") -> Path:
        files = {f"{role}.tflite": f"net of {role} ".encode() * 40 for role in READINGS}
        manifest = change(
            Manifest(
                name="small",
                builder="test",
                sources_sha256="0" * 64,
                nets=tuple(net_entry(role, files[f"{role}.tflite"]) for role in READINGS),
            )
        )
        payload = encode_manifest(manifest)
        bundle = Bundle(
            manifest=manifest,
            sha256=digest(payload),
            key_ids=(signer.public_key.keyid,),
            envelope=seal(payload, BUNDLE_TYPE, [signer]),
            files=files,
        )
        write_bundle(bundle, tmp_path / name)
        return tmp_path / name

    return make
