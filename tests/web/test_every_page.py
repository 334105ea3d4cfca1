"""No page may shut anybody out, cut anything off or set Chinese in a foreign font; and the inspection must see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.kiosk import needs_chromium
from tools.screens.axe import violations
from tools.screens.browser import LANGUAGES, THEMES, opened_page, resize
from tools.screens.check import inspect
from tools.screens.layout import font_faults, layout_faults
from tools.screens.stroll import SIZES

pytestmark = needs_chromium
FONT = "font-family: 'Noto Sans CJK SC'"


@pytest.mark.timeout(600)
def test_every_page_in_every_language_theme_and_size_is_without_fault() -> None:
    inspection = inspect(lambda name: None)
    assert inspection.faults == {}
    assert len(inspection.looked) >= 30
    assert set(inspection.looked.values()) == {len(SIZES) * len(THEMES) * len(LANGUAGES)}


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    with opened_page() as opened:
        resize(opened, SIZES[0])
        yield opened


def shown(page: Any, body: str) -> Any:
    page.set_content(f"<html lang=zh-CN><title>t</title><body style=\"{FONT}; margin:0\"><main>{body}</main>")
    return page


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<h1>a</h1><p style='width:2000px'>wide</p>", "too wide"),
        ("<button style='height:30px;width:60px'>ok</button>", "60×30 px"),
        ("<label style='height:20px;display:block'><input type=checkbox>a</label>", "px"),
        ("<button style='position:fixed;left:-30px;height:60px;width:90px'>ok</button>", "leaves the page"),
        ("<p style='overflow:hidden;height:12px'>one<br>two</p>", "cut off"),
        ("<p>under</p><p style='position:absolute;top:-16px;width:700px;height:200px'>on top</p>", "lies on"),
    ],
)
def test_fault_of_layout_is_seen(page: Any, body: str, said: str) -> None:
    assert any(said in fault for fault in layout_faults(shown(page, body))), body


def test_page_in_order_is_left_alone(page: Any) -> None:
    good = "<h1>上门认证</h1><p>再近一点</p><button style='height:52px;width:120px'>开始</button>"
    shown(page, good)
    assert layout_faults(page) == [] and font_faults(page) == [] and violations(page) == []


def test_chinese_in_a_japanese_font_is_seen(page: Any) -> None:
    shown(page, "<h1 style=\"font-family: 'Noto Sans CJK JP'\">直</h1>")
    assert any("JP" in fault for fault in font_faults(page))


def test_picture_without_words_and_faint_text_are_violations(page: Any) -> None:
    shown(page, "<img src='data:,'><p style='color:#aaa;background:#fff'>faint</p>")
    found = " ".join(violations(page))
    assert "image-alt" in found and "color-contrast" in found
