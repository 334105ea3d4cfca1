"""The number on an ID card, read by tesseract (a Debian program) from a photograph; nothing is kept.

The picture goes in and the text comes out by pipe. The program gets one processor and READ_LIMIT_S; what it says is
only text for edge/core/id_reading.py, which decides whether it is a number.
"""

from __future__ import annotations

import os
import shutil
import subprocess

from edge.core.errors import CardReaderError

PROGRAM = "tesseract"
READ_LIMIT_S = 20.0
# Sparse text: a card's few lines among a portrait and a pattern. Letters would only be misread digits, but X.
_MANNER = ("--psm", "11", "-l", "eng", "-c", "tessedit_char_whitelist=0123456789X", "-c", "load_system_dawg=0")


class TesseractReader:
    """Implements the CardReader port."""

    def __init__(self, *, program: str = PROGRAM) -> None:
        self._program = program

    @property
    def present(self) -> bool:
        return shutil.which(self._program) is not None

    def text(self, jpeg: bytes) -> str:
        """The lines of digits in a photograph. Raises CardReaderError."""
        environment = {"PATH": os.environ.get("PATH", ""), "OMP_THREAD_LIMIT": "1", "LC_ALL": "C"}
        try:
            done = subprocess.run(
                [self._program, "-", "-", *_MANNER],
                input=jpeg, capture_output=True, check=True, timeout=READ_LIMIT_S, env=environment,
            )  # fmt: skip
        except (FileNotFoundError, PermissionError) as e:
            raise CardReaderError(f"there is no {self._program} on this machine") from e
        except subprocess.SubprocessError as e:
            # `from None` for the command's own output, which may quote the card.
            raise CardReaderError(f"{self._program} could not read the picture: {type(e).__name__}") from None
        return done.stdout.decode("utf-8", "replace")
