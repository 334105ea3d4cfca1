"""An identity card read at the door: the number stands in the form to be compared, and nothing is begun by it."""

from __future__ import annotations

from pathlib import Path

from tests.device.test_card_reader import FIRST17, NUMBER, card, needs_tesseract
from tests.web.rooms import Screen, hidden

pytestmark = needs_tesseract


def scanned(screen: Screen, picture: bytes):
    client = screen.worker()
    files = {"photograph": ("card.jpg", picture, "image/jpeg")}
    return client.post("/add/scan", data=hidden(client, "/add"), files=files)


def test_the_number_is_filled_in_for_a_person_to_compare(root: Path) -> None:
    screen = Screen(root)
    page = scanned(screen, card())
    assert page.status_code == 200 and f'value="{NUMBER}"' in page.text
    assert "逐位核对" in page.text, "the worker compares it with the card"
    assert NUMBER not in str(page.url) and screen.unit.store.head().sequence == 0
    assert screen.room.visiting.open_of("demo-worker") is None, "nothing is begun by reading"
    screen.close()


def test_a_number_that_does_not_hold_is_not_filled_in(root: Path) -> None:
    screen = Screen(root)
    wrong = FIRST17 + ("1" if NUMBER[-1] != "1" else "2")
    page = scanned(screen, card(wrong))
    assert page.status_code == 400 and wrong not in page.text
    assert scanned(screen, b"no picture").status_code == 400
    screen.close()
