"""The unit's voice where the browser has none: texts read by espeak-ng (a Debian program), kept as files.

A text is read once; its file is named by a digest of text, language and manner, so that a changed text is read anew
and nothing has to be thrown away by hand. Only texts of the catalogue are ever read, never anybody's name.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from edge.core.errors import VoiceError
from edge.ports import Voice

PROGRAM = "espeak-ng"
VOICES = {"zh": "cmn", "en": "en-gb"}
WORDS_A_MINUTE = 150
LOUDNESS = 180  # of 200; a room with a television in it
_LONGEST_TEXT = 600
_LIMIT_S = 30.0
_MANNER = f"{WORDS_A_MINUTE} {LOUDNESS}"


class EspeakVoice:
    """Implements the Voice port. folder: where the files are kept; made when the first text is read."""

    def __init__(self, folder: Path, *, program: str = PROGRAM) -> None:
        self._folder = folder
        self._program = program

    @property
    def present(self) -> bool:
        return shutil.which(self._program) is not None

    def wav(self, text: str, language: str) -> bytes:
        """The text read aloud, as a WAV file. Raises VoiceError."""
        if language not in VOICES or not 0 < len(text) <= _LONGEST_TEXT:
            raise VoiceError(f"no voice reads a text of {len(text)} characters in {language!r}")
        digest = hashlib.sha256(f"{_MANNER}\n{language}\n{text}".encode()).hexdigest()
        path = self._folder / f"{language}-{digest[:32]}.wav"
        try:
            if not path.is_file():
                self._read(text, VOICES[language], path)
            return path.read_bytes()
        except OSError as e:
            raise VoiceError(f"{path}: {e.strerror}", remedy="Check the free space and who owns the folder.") from e

    def _read(self, text: str, voice: str, path: Path) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        manner = ["-v", voice, "-s", str(WORDS_A_MINUTE), "-a", str(LOUDNESS)]
        try:
            command = [self._program, *manner, "--stdin", "-w", str(part)]
            subprocess.run(command, input=text.encode(), capture_output=True, check=True, timeout=_LIMIT_S)
            if not part.is_file() or part.stat().st_size <= 44:  # a WAV file's head alone
                raise VoiceError(f"{self._program} made no sound")
            part.replace(path)
        except (FileNotFoundError, PermissionError) as e:
            raise VoiceError(f"there is no {self._program} on this machine") from e
        except subprocess.SubprocessError as e:
            raise VoiceError(f"{self._program} failed: {e}") from e
        finally:
            part.unlink(missing_ok=True)


def read_ahead(voice: Voice, texts: list[tuple[str, str]]) -> int:
    """Read (text, language) pairs that have no file yet; gives how many can be played. Stops at the first fault."""
    ready = 0
    for text, language in texts:
        try:
            voice.wav(text, language)
        except VoiceError:
            break
        ready += 1
    return ready
