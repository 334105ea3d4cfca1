"""The application form as a PDF (A4), by fpdf2, with the part of the font that it needs inside."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, WrapMode
from fpdf.fonts import FontFace

from edge.core.errors import PaperError
from edge.core.form import ApplicationForm, Cell, Section
from edge.paper.fonts import Font, chinese_font
from edge.paper.qr import qr_png

Words = Callable[[str], str]
_FONT = "chinese"
_MARGIN_MM = 16
_COLUMNS_MM = (31, 58, 31, 58)
_QR_MM, _PHOTO_MM = 36, (26, 34)
_LINE_MM, _SIGNATURE_MM = 11, 84
_LABEL = FontFace(fill_color=(240, 240, 240))


def form_pdf(
    form: ApplicationForm, words: Words, slip: str, *, photo: bytes | None = None, font: Font | None = None
) -> bytes:
    """The form in the language of `words`. slip: the text of its QR code. photo: a JPEG of the face.

    Raises PaperError when there is no Chinese font, or for a photo that nobody agreed to keep.
    """
    if photo and not form.photo_agreed:
        raise PaperError("nobody agreed that a photo is kept", remedy="Make the form without a photo.")
    pdf = _document(form, words, font or chinese_font())
    _title(pdf, form, words, photo)
    for section in form.sections:
        _section(pdf, section, words)
    _foot(pdf, form, words, slip)
    return bytes(pdf.output())


def _document(form: ApplicationForm, words: Words, font: Font) -> FPDF:
    pdf = FPDF(format="A4", unit="mm")
    pdf.set_margin(_MARGIN_MM)
    pdf.set_auto_page_break(True, _MARGIN_MM)
    # Not the time of printing: the same record gives the same paper, byte for byte.
    pdf.set_creation_date(datetime.fromisoformat(form.made_utc))
    pdf.set_title(words("form.title"))
    try:
        pdf.add_font(_FONT, fname=font.file, collection_font_number=font.face)
    except Exception as e:
        raise PaperError(f"the font {font.file} cannot be used: {e}") from e
    pdf.set_font(_FONT, size=10)
    pdf.add_page()
    return pdf


def _title(pdf: FPDF, form: ApplicationForm, words: Words, photo: bytes | None) -> None:
    if photo:
        width_mm, height_mm = _PHOTO_MM
        pdf.image(io.BytesIO(photo), x=pdf.w - _MARGIN_MM - width_mm, y=_MARGIN_MM, w=width_mm, h=height_mm)
    pdf.set_font_size(17)
    pdf.cell(0, 12, words("form.title"), align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font_size(10)
    if form.simulated:
        pdf.set_text_color(176, 0, 0)
        pdf.cell(0, 7, words("slip.simulated"), align="C", new_x="LMARGIN", new_y="NEXT")
        pdf.set_text_color(0)
    if photo:
        pdf.set_y(_MARGIN_MM + _PHOTO_MM[1] + 2)


def _section(pdf: FPDF, section: Section, words: Words) -> None:
    pdf.ln(2)
    pdf.set_font_size(11)
    pdf.cell(0, 7, words(f"form.{section.title}"), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font_size(10)
    with pdf.table(
        col_widths=_COLUMNS_MM, width=sum(_COLUMNS_MM), line_height=4.7, padding=1, text_align="LEFT",
        first_row_as_headings=False, borders_layout=TableBordersLayout.ALL, wrapmode=WrapMode.CHAR,
    ) as table:  # fmt: skip
        row, left = table.row(), 2
        for cell in section.cells:
            span = 2 if cell.wide else 1
            if left < span:
                row, left = table.row(), 2
            row.cell(words(f"form.{cell.label}"), style=_LABEL)
            row.cell(_said(cell, words), colspan=3 if cell.wide else 1)
            left -= span


def _said(cell: Cell, words: Words) -> str:
    return cell.text or "；".join(words(code) for code in cell.codes) or "—"


def _foot(pdf: FPDF, form: ApplicationForm, words: Words, slip: str) -> None:
    """Lines to be signed at the left, the slip's code at the right."""
    if pdf.will_page_break(len(form.signatures) * _LINE_MM + 2):
        pdf.add_page()
    top_mm, left_mm = pdf.get_y() + 3, pdf.w - _MARGIN_MM - _QR_MM
    for place, label in enumerate(form.signatures):
        pdf.set_xy(_MARGIN_MM, top_mm + place * _LINE_MM)
        pdf.cell(_SIGNATURE_MM, _LINE_MM, f"{words(f'form.{label}')}：", border="B")
    pdf.image(io.BytesIO(qr_png(slip, module_px=6)), x=left_mm, y=top_mm, w=_QR_MM)
    pdf.set_font_size(8)
    pdf.set_xy(_MARGIN_MM + _SIGNATURE_MM + 4, top_mm + 2)
    pdf.multi_cell(left_mm - pdf.get_x() - 2, 4, words("form.check"), wrapmode=WrapMode.CHAR, align="L")
