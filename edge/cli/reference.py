"""References from photographs, for a program that may not load the nets itself: central's `list import`.

Run as `python -m edge.cli.reference`. Standard input: photographs, each after its length (4 bytes, little-endian).
Standard output: one JSON line each, in order: sha256, model_sha256 and embedding (little-endian float32, base64), or
`refused` with the reason. Pictures come and go by pipe only; nothing is written to a disk.
"""

from __future__ import annotations

import hashlib
import resource
import struct
import sys
from importlib import resources
from pathlib import Path
from typing import BinaryIO

import click
import msgspec
import numpy as np

from edge.capture.opencv_sources import decode_still
from edge.core.errors import CameraError, DoorstepError, FaceNotUsable
from edge.core.face import Frame
from edge.core.keys import decode_public_key
from edge.core.policy import decode_policy
from edge.models.bundle import load_bundle
from edge.models.nets import Nets, load_nets
from edge.services.judge import make_reference
from edge.services.perceive import Perceiver

LARGEST_PICTURE_BYTES = 16 * 1024 * 1024
LARGEST_MEMORY_BYTES = 3 * 1024**3


@click.command()
@click.option("--bundle", required=True, type=click.Path(path_type=Path, file_okay=False))
@click.option("--key", "key_file", required=True, type=click.Path(path_type=Path, dir_okay=False))
def main(bundle: Path, key_file: Path) -> None:
    """Make references until standard input ends."""
    # A small file can name a picture of gigapixels; it ends this process and not central's.
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST_MEMORY_BYTES, LARGEST_MEMORY_BYTES))
    try:
        key = decode_public_key(key_file.read_bytes())
        nets = load_nets(load_bundle(bundle, {key.keyid: key.key()}))
    except (DoorstepError, OSError) as e:
        click.echo(msgspec.json.encode({"failed": getattr(e, "message", str(e))}))
        sys.exit(1)
    policy = decode_policy((resources.files("edge.resources") / "policy.toml").read_bytes())
    perceiver = Perceiver(nets.detector, nets.landmarker, policy.quality)
    while (raw := _next(sys.stdin.buffer)) is not None:
        sys.stdout.buffer.write(msgspec.json.encode(_made(raw, nets, perceiver)) + b"\n")
        sys.stdout.buffer.flush()


def _made(raw: bytes, nets: Nets, perceiver: Perceiver) -> dict[str, object]:
    try:
        frame = Frame(bgr=decode_still(raw, "the photograph"), captured_s=0.0)
        reference = make_reference(frame, hashlib.sha256(raw).hexdigest(), perceiver, nets.embedder)
    except (CameraError, FaceNotUsable) as e:
        return {"refused": e.message, "code": e.code or "no_picture"}
    vector = np.asarray(reference.embedding.vector, "<f4").tobytes()
    return {
        "sha256": reference.sha256,
        "model_sha256": reference.embedding.model_sha256,
        "embedding": vector,
    }


def _next(source: BinaryIO) -> bytes | None:
    head = source.read(4)
    if len(head) < 4:
        return None
    (length,) = struct.unpack("<I", head)
    return source.read(length) if length <= LARGEST_PICTURE_BYTES else None


if __name__ == "__main__":
    main()
