"""The number on a card, read by the real program from pictures that a camera could give."""

from __future__ import annotations

import datetime as dt
import shutil

import cv2
import numpy as np
import pytest

from edge.capture.still import photograph_jpeg
from edge.core.errors import CardReaderError
from edge.core.id_number import check_character
from edge.core.id_reading import number_in
from edge.device.card_reader import TesseractReader

FIRST17 = "11010119400101002"
NUMBER = FIRST17 + check_character(FIRST17)
needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")


def card(number: str = NUMBER, *, turn_deg: float = 0.0) -> bytes:
    """The front of a card as far as its digits go: a pale pattern, a dark portrait's place, the number's line."""
    picture = np.full((500, 800, 3), (225, 232, 238), np.uint8)
    picture[::6] = (214, 224, 232)
    cv2.rectangle(picture, (540, 60), (740, 320), (150, 150, 160), -1)
    for text, at in (("1940  1  1", (170, 220)), (number, (250, 450))):
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 1.1, (30, 30, 30), 3, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((400, 250), turn_deg, 1.0)
    return photograph_jpeg(cv2.warpAffine(picture, turn, (800, 500), borderValue=(90, 90, 90)))


def read(jpeg: bytes) -> str | None:
    return number_in(TesseractReader().text(jpeg), today=dt.date(2026, 1, 5))


@needs_tesseract
@pytest.mark.parametrize("turn_deg", [0.0, 2.0])
def test_number_is_read_off_a_card(turn_deg: float) -> None:
    assert read(card(turn_deg=turn_deg)) == NUMBER


@needs_tesseract
def test_a_card_with_a_wrong_check_character_or_none_gives_nothing() -> None:
    wrong = FIRST17 + ("1" if NUMBER[-1] != "1" else "2")
    assert read(card(wrong)) is None
    assert read(photograph_jpeg(np.full((400, 600, 3), 200, np.uint8))) is None


def test_without_the_program_or_with_a_broken_one_it_says_what_to_do() -> None:
    for program in ("tesseract-that-is-not-there", "false"):
        with pytest.raises(CardReaderError) as error:
            TesseractReader(program=program).text(card())
        assert NUMBER not in error.value.message and "tesseract-ocr" in error.value.remedy
