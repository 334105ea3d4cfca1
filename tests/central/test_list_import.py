"""Visit lists at central: what is taken, what is reported, and that nothing personal lies open."""

from __future__ import annotations

import io
import json
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from central.cli import main
from central.config import ModelsConfig
from central.list_import import ListImport, photographs_beside
from central.reference_maker import ReferenceMaker
from central.rows.people import People
from central.spreadsheet import list_text
from central.vault import Drawer, load_vault
from edge.core.errors import ConfigError, DoesNotVerify, FaceNotUsable, InputError, ModelError
from edge.gate.words import catalogue
from tests.central.conftest import AT_UTC, Desk
from tests.central.lists import HEADER, csv_list, number, row
from tools.bundle.places import public_key_file
from tools.faults.scene import ROOT


def held(task: ListImport, unit_id: str | None = None) -> list[str]:
    with task.store.transaction() as transaction:
        return [p.person_id for p in People(transaction, task.vault).find(unit_id=unit_id)]


WRONG = {
    3: ("p-2,code-2,110101194001010021,resident,,village-1,", "check character"),
    4: ("p-3,code-3," + number(3) + ",farmers,,village-1,", "scheme"),
    6: ("p-1,code-1," + number(1) + ",resident,,village-1,", "twice"),
    7: (",code-6," + number(6) + ",resident,,village-1,", "must not be empty"),
    8: ("p-7,code-7," + number(7) + ",resident,missing.jpg,village-1,", "photograph 1"),
}


def test_wrong_rows_are_reported_by_line_and_right_ones_taken(task: ListImport) -> None:
    rows = {2: row(1), 5: row(4), **{line: text for line, (text, _) in WRONG.items()}}
    done = task.take("list.csv", csv_list(*(rows[line] for line in sorted(rows))), at_utc=AT_UTC)
    assert done.taken == held(task) == ["p-1", "p-4"]
    assert [w.line for w in done.wrong] == sorted(WRONG)
    for wrong in done.wrong:
        assert WRONG[wrong.line][1] in wrong.reason
        assert "code-" not in wrong.reason, "a reason names nobody"
    assert [w.code for w in done.wrong] == ["id_check", "scheme", "twice", "empty", "photograph_missing"]
    assert [w.photograph for w in done.wrong] == [0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    "file",
    [
        "edge/core/id_number.py", "edge/core/visit_list.py", "edge/services/judge.py", "edge/cli/reference.py",
        "central/list_import.py", "central/spreadsheet.py", "central/reference_maker.py",
        "central/desk/views_lists.py",
    ],
)  # fmt: skip
def test_every_reason_has_a_text_in_both_languages(file: str) -> None:
    codes = re.findall(r'code(?:=| or )"(\w+)"', (ROOT / file).read_text(encoding="utf-8"))
    assert codes or file.endswith("views_lists.py")
    for language in ("zh", "en"):
        assert set(codes) <= set(catalogue("central.resources", language)["wrong_list"])


def sheet(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for cells in rows:
        book.active.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_sheet_gives_the_same_lines_as_text(task: ListImport) -> None:
    right = ["p-1", "line\nbreak", number(1), "resident", None, 110101, None]
    wrong = ["p-2", "code-2", 110101194001010021, "resident", None, None, None]
    done = task.take("list.xlsx", sheet(HEADER.split(","), right, [None] * 7, wrong), at_utc=AT_UTC)
    assert done.taken == ["p-1"]
    assert [w.line for w in done.wrong] == [4]


def test_text_as_chinese_excel_saves_it_is_read() -> None:
    assert list_text("a.csv", "险种".encode("gb18030")) == "险种"


def test_zip_bomb_as_a_sheet_is_refused_unopened() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(5):
            archive.writestr(f"xl/worksheets/sheet{n}.xml", b" " * (64 * 1024 * 1024))
    assert len(out.getvalue()) < 1024 * 1024
    with pytest.raises(InputError, match="unpacks"):
        list_text("a.xlsx", out.getvalue())


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04 cut short", b"not a zip"])
def test_broken_sheet_is_an_input_error(raw: bytes) -> None:
    with pytest.raises(InputError):
        list_text("a.xlsx", raw)


def test_photograph_outside_the_lists_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_bytes(b"x")
    for name in ("../secret", str(tmp_path / "secret"), "missing"):
        with pytest.raises(InputError):
            photographs_beside(tmp_path / "in")(name)


def test_sql_and_markup_in_every_field_are_only_text(task: ListImport) -> None:
    nasty = "'); DROP TABLE persons; --<script>alert(1)</script>"
    line = f'"{nasty}","{nasty}",{number(1)},resident,,"{nasty}",'
    assert task.take("l.csv", csv_list(line), at_utc=AT_UTC).taken == [nasty]
    with task.store.transaction() as transaction:
        kept = People(transaction, task.vault).get(nasty)
    assert kept is not None
    assert (kept.personal.name, kept.address_code) == (nasty, nasty)


def test_row_put_in_anothers_place_does_not_open(task: ListImport) -> None:
    sealed = task.vault.seal(Drawer.PERSON, b"x", about="p-1")
    assert task.vault.open(Drawer.PERSON, sealed, about="p-1") == b"x"
    for drawer, about in ((Drawer.PERSON, "p-2"), (Drawer.PICTURE, "p-1")):
        with pytest.raises(DoesNotVerify):
            task.vault.open(drawer, sealed, about=about)


def test_lost_or_exchanged_vault_key_is_said_and_not_replaced(task: ListImport, desk: Desk) -> None:
    key = desk.folder / "central" / "keys" / "vault.key"
    key.write_bytes(b"k" * 32)
    with pytest.raises(ConfigError), desk.store.transaction() as transaction:
        load_vault(key, transaction)
    key.unlink()
    with pytest.raises(ConfigError), desk.store.transaction() as transaction:
        load_vault(key, transaction)
    assert not key.exists()


def test_no_models_is_an_error_and_not_a_wrong_row(task: ListImport, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    with pytest.raises(ModelError):
        task.take("l.csv", csv_list(row(1, reference="a.jpg")), at_utc=AT_UTC)
    assert held(task) == []


@pytest.fixture
def maker(bundle_folder: Path) -> Iterator[ReferenceMaker]:
    models = ModelsConfig(bundle=str(bundle_folder), publisher=str(public_key_file(bundle_folder)))
    with ReferenceMaker(models, folder=Path("/")) as made:
        yield made


def test_references_are_made_by_the_units_own_models(
    maker: ReferenceMaker, portraits: Path, bundle_folder: Path
) -> None:
    made = maker.make((portraits / "obama.jpg").read_bytes())
    assert len(made.embedding) % 4 == 0
    assert made.embedding == maker.make((portraits / "obama.jpg").read_bytes()).embedding
    for nothing in (b"", b"not a picture"):
        with pytest.raises(FaceNotUsable):
            maker.make(nothing)
    assert maker.make((portraits / "biden.jpg").read_bytes()).embedding != made.embedding


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def test_commands_import_assign_and_show(tmp_path: Path, bundle_folder: Path, portraits: Path, desk: Desk) -> None:
    if not desk.database.startswith("sqlite"):
        pytest.skip("the commands are the same on every database")
    central = desk.folder / "central"
    (central / "models").mkdir()
    (central / "models" / "bundle").symlink_to(bundle_folder)
    shutil.copy(public_key_file(bundle_folder), central / "models" / "publisher.pub.json")
    shutil.copy(portraits / "obama.jpg", tmp_path / "face.jpg")
    (tmp_path / "list.csv").write_bytes(csv_list(row(1, reference="face.jpg"), row(2, scheme="none")))
    imported = run("list", "import", tmp_path / "list.csv", "--dir", central, "--json")
    assert imported.exit_code == 1
    said = json.loads(imported.stdout)
    assert (said["taken"], said["references"], [w["line"] for w in said["wrong"]]) == (["p-1"], 1, [3])
    assert run("list", "assign", "unit-q", "--village", "village-1", "--dir", central).exit_code == 4
    assert run("list", "assign", "unit-a", "--person", "p-9", "--dir", central).exit_code == 4
    assert run("list", "assign", "unit-a", "--dir", central).exit_code == 4
    assert run("list", "assign", "unit-a", "--village", "village-1", "--dir", central).exit_code == 0
    (shown,) = json.loads(run("list", "show", "--dir", central, "--json").stdout)
    assert (shown["unit_id"], shown["references"]) == ("unit-a", 1)
    for output in (imported.output, run("list", "show", "--dir", central).output):
        assert "code-1" not in output
        assert number(1) not in output
    with sqlite3.connect(central / "central.sqlite3") as database:
        (picture,) = database.execute("SELECT sealed_picture FROM person_references").fetchone()
    assert b"JFIF" not in picture
