"""The printed form must say what the record says, show no face that nobody agreed to, and fit on one page."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from pypdf import PdfReader

from edge.core.errors import PaperError
from edge.core.form import ApplicationForm, form_of
from edge.core.visit import ConsentGiver, Consents, Guardian, Relation, Witness, WitnessMethod
from edge.core.visit_list import ListEntry
from edge.gate.words import Words, catalogue
from edge.paper.fonts import Font, chinese_font
from edge.paper.form import form_pdf
from tests.core.test_slip import TEXT
from tests.samples import opened, sample_chain

(STORED,) = sample_chain(1)
RECORD = opened(STORED)
LISTED = ListEntry(
    person_id="person-1", name="样例甲", id_number="11010519491231002X", scheme=RECORD.visit.person_served.scheme,
    references=(), employer="某某县第一机械制造厂退休人员管理办公室（原县属国营农业机械修造厂第二车间）",
)  # fmt: skip
ZH = Words("edge.resources", "zh")
JPEG = cv2.imencode(".jpg", np.full((340, 260, 3), 128, np.uint8))[1].tobytes()


def form(record: object = RECORD, listed: ListEntry | None = LISTED) -> ApplicationForm:
    return form_of(record, STORED.sha256, listed, next_due="2027-01-05", simulated=True)  # type: ignore[arg-type]


def page(pdf: bytes) -> tuple[str, int]:
    """Text without blanks, and the number of pictures, of the one page."""
    reader = PdfReader(io.BytesIO(pdf))
    (only,) = reader.pages
    return "".join(only.extract_text().replace("\0", "").split()), len(only.images)


def test_form_says_what_record_and_list_say() -> None:
    text, pictures = page(form_pdf(form(), ZH, TEXT))
    for said in ("养老保险待遇领取资格认证表", "样例甲", "11010519491231002X", "1949-12-31", "女", LISTED.employer):
        assert said in text
    assert "转人工审核" in text and "2027-01-05" in text and "witness-1" in text and STORED.sha256 in text
    assert "2026-01-0516:00" in text  # 08:00 UTC
    assert "模拟输入" in text and pictures == 1


def test_person_whom_no_list_names_stays_masked() -> None:
    text, _ = page(form_pdf(form(listed=None), ZH, TEXT))
    assert "430***********001X" in text and "样例" not in text


def test_face_stands_on_the_paper_only_where_it_was_agreed() -> None:
    with pytest.raises(PaperError, match="agreed"):
        form_pdf(form(), ZH, TEXT, photo=JPEG)
    agreed = msgspec.structs.replace(RECORD, consents=Consents(match_on_unit=True, keep_photo=True))
    assert page(form_pdf(form(agreed), ZH, TEXT, photo=JPEG))[1] == 2
    assert page(form_pdf(form(agreed), ZH, TEXT))[1] == 1


def test_relatives_stand_on_the_paper_by_their_relation_and_sign_by_hand() -> None:
    guardian = Guardian(relation=Relation.CHILD, commitment="ab" * 32)
    consents = Consents(match_on_unit=False, given_by=ConsentGiver.GUARDIAN, guardian=guardian)
    witness = Witness(how=WitnessMethod.DRAWN, relation=Relation.NEIGHBOUR, commitment="cd" * 32)
    attestation = msgspec.structs.replace(RECORD.attestation, witnessed_by="cd" * 32, witness=witness)
    record = msgspec.structs.replace(RECORD, consents=consents, attestation=attestation)
    text, _ = page(form_pdf(form(record), ZH, TEXT))
    assert "监护人；子女" in text and "邻居" in text and "监护人签字" in text and "cdcd" not in text


def test_same_record_gives_the_same_paper() -> None:
    assert form_pdf(form(), ZH, TEXT) == form_pdf(form(), ZH, TEXT)


def test_every_text_of_the_form_has_words_in_both_languages() -> None:
    for language in ("zh", "en"):
        words, found = catalogue("edge.resources", language), form()
        for section in found.sections:
            labels = [section.title, *(cell.label for cell in section.cells), *found.signatures]
            codes = [code.split(".") for cell in section.cells for code in cell.codes]
            assert all(words["form"][label] for label in labels)
            assert all(words[room][key] for room, key in codes if room in ("form", "outcome", "reason"))
    text, _ = page(form_pdf(form(), Words("edge.resources", "en"), TEXT))
    assert "Beneficiary" in text and "样例甲" in text


def test_machine_without_a_chinese_font_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(PaperError) as refused:
        chinese_font((Font(file=tmp_path / "none.ttf"),))
    assert "fonts-noto-cjk" in refused.value.remedy
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    with pytest.raises(PaperError, match="cannot be used"):
        form_pdf(form(), ZH, TEXT, font=Font(file=tmp_path / "broken.ttf"))
