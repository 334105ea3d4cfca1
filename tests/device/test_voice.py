"""The voice must really speak, once for each text, and leave the visit alone where it cannot."""

from __future__ import annotations

import io
import shutil
import wave
from pathlib import Path

import numpy as np
import pytest

from edge.core.errors import VoiceError
from edge.device.voice import EspeakVoice, read_ahead

HINT = "光线太暗，请把灯打开"


def sound(raw: bytes) -> tuple[np.ndarray, float]:
    with wave.open(io.BytesIO(raw)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16), file.getnframes() / file.getframerate()


def test_chinese_is_read_syllable_by_syllable_and_loud(tmp_path: Path) -> None:
    voice = EspeakVoice(tmp_path / "voice")
    assert voice.present, "the test set-up installs espeak-ng"
    samples, seconds = sound(voice.wav(HINT, "zh"))
    assert 1.2 < seconds < 6.0
    assert np.abs(samples).max() > 8000
    # Without the Chinese voice's data each character is read as "Chinese letter".
    assert seconds < sound(voice.wav(HINT, "en"))[1]


def test_text_is_read_once_and_a_changed_one_anew(tmp_path: Path) -> None:
    made = EspeakVoice(tmp_path).wav(HINT, "zh")
    without = EspeakVoice(tmp_path, program="no-such-program")
    assert not without.present and without.wav(HINT, "zh") == made
    with pytest.raises(VoiceError) as refused:
        without.wav(HINT + "。", "zh")
    assert "espeak-ng" in refused.value.remedy
    assert [path.suffix for path in tmp_path.iterdir()] == [".wav"]


@pytest.mark.parametrize(("text", "language"), [("", "zh"), ("长" * 700, "zh"), ("hello", "fr")])
def test_what_no_voice_reads_is_refused(tmp_path: Path, text: str, language: str) -> None:
    with pytest.raises(VoiceError):
        EspeakVoice(tmp_path).wav(text, language)


def test_program_that_breaks_leaves_no_half_file(tmp_path: Path) -> None:
    for index, script in enumerate(("exit 1", 'touch "${@: -1}"')):
        program = tmp_path / f"broken-{index}"
        program.write_text(f"#!/bin/bash\n{script}\n")
        program.chmod(0o755)
        folder = tmp_path / f"voice-{index}"
        with pytest.raises(VoiceError):
            EspeakVoice(folder, program=str(program)).wav(HINT, "zh")
        assert list(folder.iterdir()) == []


def test_reading_ahead_stops_where_there_is_no_voice(tmp_path: Path) -> None:
    assert shutil.which("espeak-ng")
    texts = [(HINT, "zh"), ("再近一点", "zh"), ("A little closer", "en")]
    assert read_ahead(EspeakVoice(tmp_path), texts) == 3
    assert read_ahead(EspeakVoice(tmp_path / "other", program="no-such-program"), texts) == 0
