"""References made with the unit's own models, in a process of their own: central itself loads no nets.

The process is `python -m edge.cli.reference`; photographs go to it by pipe and are never written to a disk
(docs/adr/0008). What it cannot take it refuses with a reason; when it dies, the list's import ends with an error.
"""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from types import TracebackType

import msgspec

from central.config import ModelsConfig
from edge.core.errors import FaceNotUsable, ModelError

LARGEST_PICTURE_BYTES = 16 * 1024 * 1024


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    sha256: str = ""
    model_sha256: str = ""
    embedding: bytes = b""
    refused: str = ""
    code: str = ""
    failed: str = ""


class MadeReference(msgspec.Struct, frozen=True, kw_only=True):
    """embedding: little-endian float32. sha256: of the photograph's file."""

    sha256: str
    model_sha256: str
    embedding: bytes


class ReferenceMaker:
    """One process, started with the first photograph. A context manager; `close` is idempotent."""

    def __init__(self, config: ModelsConfig, *, folder: Path) -> None:
        self._bundle, self._key = folder / config.bundle, folder / config.publisher
        self._process: subprocess.Popen[bytes] | None = None

    def make(self, picture: bytes) -> MadeReference:
        """Raises FaceNotUsable for a photograph that cannot serve, ModelError when no reference can be made."""
        if len(picture) > LARGEST_PICTURE_BYTES:
            largest_mib = LARGEST_PICTURE_BYTES // 1024 // 1024
            said = f"the photograph has more than {largest_mib} MiB (照片文件过大)"
            raise FaceNotUsable(said, code="picture_too_large")
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(struct.pack("<I", len(picture)) + picture)
            process.stdin.flush()
            answer = process.stdout.readline()
            line = msgspec.json.decode(answer, type=_Line)
        except (OSError, msgspec.DecodeError) as e:
            self.close()
            raise ModelError("the process that makes references has ended", remedy=self._remedy, code="models") from e
        if line.failed:
            self.close()
            raise ModelError(f"no references can be made: {line.failed}", remedy=self._remedy, code="models")
        if line.refused:
            raise FaceNotUsable(line.refused, code=line.code)
        return MadeReference(sha256=line.sha256, model_sha256=line.model_sha256, embedding=line.embedding)

    @property
    def _remedy(self) -> str:
        return f"Put the units' model bundle at {self._bundle} and its publisher's key at {self._key}."

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            command = [sys.executable, "-m", "edge.cli.reference", "--bundle", str(self._bundle)]
            command += ["--key", str(self._key)]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        return self._process

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def __enter__(self) -> ReferenceMaker:
        return self

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None) -> None:
        self.close()
