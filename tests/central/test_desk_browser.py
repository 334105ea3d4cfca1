"""The desk as people use it: from a list with wrong rows to a refusal by two, and to the task at a real unit.

Real chromium, broker, ingest and unit. Every page on the way is compared with its picture in docs/central.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from central.rows import status
from central.status import last_status
from edge.cli.main import main as doorstep
from edge.wiring.tasks import tasks_of
from edge.wiring.visit import VisitSide
from tests.central.desk_walk import PICTURES, Walk, visit_with_photograph, walking
from tests.central.lists import csv_list, number, row
from tests.sync.conftest import drain_until, wait_for
from tools.manual.pictures import MOST_DRIFT, drift, outline, outline_file

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
MANUAL = PICTURES.parent / "central.md"
WRONG = ["p-2,code-2,110101194001010021,resident,,village-1,", row(3, scheme="none"), row(4, reference="gone.jpg"),
         row(1), "p-5,,,,,,"]  # fmt: skip


@pytest.fixture
def walk(bundle_folder: Path, tmp_path: Path) -> Iterator[Walk]:
    with walking(tmp_path, bundle_folder) as made:
        yield made


def shown_in_the_manual() -> set[str]:
    return set(re.findall(r"pictures/(desk-[a-z-]+\.png)", MANUAL.read_text(encoding="utf-8")))


def test_pictures_of_the_manual_and_their_outlines_are_there() -> None:
    kept = [PICTURES / name for name in shown_in_the_manual()]
    assert kept and all(path.is_file() and outline_file(path).is_file() for path in kept)


def import_and_assign(walk: Walk, folder: Path, portraits: Path) -> None:
    (folder / "list.csv").write_bytes(csv_list(row(1, reference="obama.jpg"), *WRONG))
    page = walk.sign_in("sup-1")
    page.click("nav >> text=访问名单")
    page.set_input_files("input[name=list]", str(folder / "list.csv"))
    page.set_input_files("input[name=photographs]", str(portraits / "obama.jpg"))
    page.click("form.card button")
    playwright.expect(page.locator("table.wrong tbody tr")).to_have_count(5)
    first = page.locator("table.wrong tbody tr").first
    playwright.expect(first).to_contain_text("身份证号校验码不符")
    playwright.expect(first.locator("small")).to_contain_text("check character does not fit")
    walk.shot(page, "imported")
    page.click("text=返回")
    page.select_option("select[name=unit]", "unit-a")
    page.click("td button")
    playwright.expect(page.locator("[role=status]")).to_contain_text("下发")
    walk.shot(page, "lists")


def visit_at_the_unit(walk: Walk, portraits: Path) -> str:
    """The unit takes its list, visits, delivers record and picture, and goes away; gives the record's digest."""
    unit = walk.unit
    drain_until(unit, lambda _: VisitSide(unit).listed("p-1") is not None)
    listed = VisitSide(unit).central_list["p-1"]
    assert (listed.id_number, len(listed.references)) == (number(1), 1)
    sha256 = visit_with_photograph(unit, (portraits / "obama2.jpg").read_bytes())
    drain_until(unit, lambda _: said(walk) == (1, 0, 0))
    wait_for(lambda: standing(walk)["state"] == "offline")
    return sha256


def standing(walk: Walk) -> dict[str, Any]:
    with walk.room.store.transaction() as transaction:
        return status.known(transaction.connection, ["unit-a"])["unit-a"]


def said(walk: Walk) -> tuple[int, int, int]:
    """What the unit last told of itself: how many records it has made, and how many, and pictures, wait there."""
    last = last_status(standing(walk))
    assert last is not None
    return last.head_sequence, last.outbox_open, last.evidence_open


def propose_refusal(walk: Walk) -> None:
    page = walk.sign_in("rev-1")
    playwright.expect(page.locator("tbody tr")).to_have_count(1)
    walk.shot(page, "queue")
    page.click("td >> text=查看")
    page.click("text=打开照片")
    # Not wait_for_function: once it has to wait, it needs the eval that the desk's policy forbids.
    for picture in (page.locator("figure img").first, page.locator("figure img").last):
        playwright.expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("img => img.naturalWidth") > 0
    playwright.expect(page.locator("figure img")).to_have_count(2)
    walk.shot(page, "review")
    page.check("input[value=not_certified]")
    page.fill("textarea", "照片与见证情况不符，需核实")
    page.click("text=保存决定")
    playwright.expect(page.locator("main")).to_contain_text("须由另一位审核人员确认")
    assert page.locator("text=同意不通过").count() == 0
    walk.shot(page, "proposed")


def confirm_refusal(walk: Walk, sha256: str) -> Any:
    page = walk.sign_in("rev-2")
    page.goto(f"{walk.address}/reviews/{sha256}")
    page.click("text=同意不通过")
    playwright.expect(page.locator("main")).to_contain_text("已下发终端")
    walk.shot(page, "decided")
    return page


def task_at_the_unit(walk: Walk, sha256: str) -> None:
    unit = walk.unit
    drain_until(unit, lambda _: bool(tasks_of(unit)))
    printed = CliRunner().invoke(doorstep, ["tasks", "--unit", str(unit.root), "--json"])
    (task,) = msgspec.json.decode(printed.stdout)
    assert (task["record_sha256"], task["decision"]) == (sha256, "not_certified")
    assert task["reason"] == "照片与见证情况不符，需核实"


def test_list_is_imported_assigned_visited_reviewed_by_two_and_comes_back_as_a_task(
    walk: Walk, tmp_path: Path, portraits: Path
) -> None:
    import_and_assign(walk, tmp_path, portraits)
    sha256 = visit_at_the_unit(walk, portraits)
    propose_refusal(walk)
    page = confirm_refusal(walk, sha256)
    page.click("text=本人历次认证")
    walk.shot(page, "people")
    for path in ("units", "reports"):
        page.goto(f"{walk.address}/{path}")
        walk.shot(page, path)
    look_for_changes(page, PICTURES / "desk-reports.png", walk)
    page.click("text=English")
    playwright.expect(page.locator("h1")).to_contain_text("Waiting")
    walk.shot(page, "english")
    page = walk.sign_in("aud-1")
    page.click("nav >> text=操作日志")
    for action in ("打开底库照片", "打开现场照片"):
        playwright.expect(page.locator("main")).to_contain_text(action)
    walk.shot(page, "log")
    task_at_the_unit(walk, sha256)
    assert walk.complaints == []
    assert shown_in_the_manual() == set(walk.pictures), "each page has its picture; `make pictures` makes them"


def look_for_changes(page: Any, kept: Path, walk: Walk) -> None:
    """The comparison sees a word that is another, a part that is gone, and a style that is lost."""

    def apart() -> float:
        return drift(kept.read_bytes(), page.screenshot(full_page=True))

    page.goto(f"{walk.address}/reports")
    page.locator("th").first.evaluate("cell => { cell.textContent = '别的'; }")
    assert outline(page) != outline_file(kept).read_text("utf-8")
    page.goto(f"{walk.address}/reports")
    page.locator("main").evaluate("main => { main.style.visibility = 'hidden'; }")
    assert apart() > MOST_DRIFT
    page.goto(f"{walk.address}/reports")
    page.locator("link[rel=stylesheet]").evaluate("link => link.remove()")
    assert apart() > MOST_DRIFT
    page.goto(f"{walk.address}/units")
    assert apart() > MOST_DRIFT, "another page is another picture"
    assert outline(page) != outline_file(kept).read_text("utf-8")
