"""Set a strategy as a PDF: title page, contents, running head, page numbers, notes at the foot of the page."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_RIGHT
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus.tableofcontents import TableOfContents

from builder.hyphens import hyphenate_word
from builder.source import NOTE_MARK, Kind

if TYPE_CHECKING:
    from pathlib import Path

    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus.flowables import Flowable

    from builder.source import Block, Source

_WIDTH, _HEIGHT = LETTER
_SIDE = 3.1 * cm
_TOP = 3.0 * cm
# The frame ends above a zone that is kept free for notes, so that a note never meets the running text.
_BOTTOM = 3.9 * cm
_NOTE_ZONE = 3.5 * cm
_INK = colors.HexColor("#1f2d3d")

_TEXT = ParagraphStyle(
    "text",
    fontName="Times-Roman",
    fontSize=11.5,
    leading=16,
    alignment=TA_JUSTIFY,
    spaceAfter=9,
    hyphenationLang=hyphenate_word,
    allowWidows=0,
    allowOrphans=0,
)
_ITEM = ParagraphStyle("item", parent=_TEXT, leftIndent=20, bulletIndent=8, spaceAfter=6)
_CHAPTER = ParagraphStyle(
    "chapter",
    fontName="Helvetica-Bold",
    fontSize=17,
    leading=21,
    textColor=_INK,
    spaceBefore=20,
    spaceAfter=12,
    keepWithNext=1,
)
_SECTION = ParagraphStyle(
    "section",
    fontName="Helvetica-Bold",
    fontSize=12.5,
    leading=16,
    textColor=_INK,
    spaceBefore=8,
    spaceAfter=7,
    keepWithNext=1,
)
_CAPTION = ParagraphStyle("caption", fontName="Times-Italic", fontSize=10, leading=13, spaceBefore=5, spaceAfter=14)
_SIGNATURE = ParagraphStyle("signature", fontName="Times-Italic", fontSize=11.5, leading=16, alignment=TA_RIGHT)
_NOTE = ParagraphStyle("note", fontName="Times-Roman", fontSize=9, leading=11)
_CELL = ParagraphStyle("cell", fontName="Times-Roman", fontSize=10.5, leading=13)
_HEAD_CELL = ParagraphStyle("head-cell", parent=_CELL, fontName="Times-Bold")
_TITLE = ParagraphStyle(
    "title", fontName="Helvetica-Bold", fontSize=27, leading=33, textColor=_INK, alignment=TA_CENTER
)
_TITLE_LINE = ParagraphStyle("title-line", fontName="Helvetica", fontSize=14, leading=20, alignment=TA_CENTER)
_CONTENTS = (
    ParagraphStyle("contents-1", fontName="Helvetica-Bold", fontSize=11, leading=14, spaceBefore=4),
    ParagraphStyle("contents-2", fontName="Helvetica", fontSize=10.5, leading=13, leftIndent=16),
)


def write_pdf(source: Source, target: Path) -> None:
    """Write a strategy as a PDF whose bytes depend on the source and the version of reportlab alone.

    Args:
        source: the strategy.
        target: file to write.
    """
    document = BaseDocTemplate(
        str(target),
        pagesize=LETTER,
        title=f"{source.facts['title']}: {source.facts['subtitle']}",
        author=source.facts["issuer"],
        subject="An invented document of an invented country",
        # Fixed date and identifier; uncompressed streams do not depend on the zlib at hand.
        invariant=1,
        pageCompression=0,
    )
    frame = Frame(_SIDE, _BOTTOM, _WIDTH - 2 * _SIDE, _HEIGHT - _TOP - _BOTTOM, 0, 0, 0, 0, id="text")
    document.addPageTemplates(
        [
            PageTemplate("title", [frame]),
            PageTemplate(
                "body",
                [frame],
                onPage=partial(_start_page, notes=source.notes),
                onPageEnd=partial(_end_page, title=source.facts["title"]),
            ),
        ]
    )
    document.afterFlowable = partial(_note_heading, document)
    document.multiBuild([*_set_front(source), *_set_body(source)])


def _set_front(source: Source) -> list[Flowable]:
    contents = TableOfContents()
    contents.levelStyles = list(_CONTENTS)
    contents.dotsMinLevel = 0
    contents.tableStyle = TableStyle(
        [
            (f"{side}PADDING", (0, 0), (-1, -1), 0 if side != "BOTTOM" else 3)
            for side in ("TOP", "BOTTOM", "LEFT", "RIGHT")
        ]
    )
    facts = source.facts
    return [
        Spacer(1, 6 * cm),
        Paragraph(escape(facts["title"]), _TITLE),
        Spacer(1, 1 * cm),
        Paragraph(escape(facts["subtitle"]), _TITLE_LINE),
        Spacer(1, 7 * cm),
        Paragraph(escape(facts["issuer"]), _TITLE_LINE),
        Paragraph(escape(facts["date"]), _TITLE_LINE),
        NextPageTemplate("body"),
        PageBreak(),
        Paragraph("Contents", ParagraphStyle("contents-title", parent=_CHAPTER)),
        contents,
        PageBreak(),
    ]


def _set_body(source: Source) -> list[Flowable]:
    story: list[Flowable] = []
    for block in source.blocks:
        if block.kind is Kind.CAPTION:
            # The caption stays with the table before it, and the table on one page.
            story[-1] = KeepTogether([story[-1], *_set_block(block)])
        else:
            story.extend(_set_block(block))
    return story


def _set_block(block: Block) -> list[Flowable]:
    text = NOTE_MARK.sub(r'<super size="8">\1</super><onDraw name="keep_note" label="\1"/>', escape(block.text))
    match block.kind:
        case Kind.HEADING:
            return [Paragraph(text, _CHAPTER if block.level == 1 else _SECTION)]
        case Kind.ITEM:
            return [Paragraph(text, _ITEM, bulletText="•")]
        case Kind.CAPTION:
            return [Paragraph(text, _CAPTION)]
        case Kind.SIGNATURE:
            return [Paragraph(text, _SIGNATURE), PageBreak()]
        case Kind.TABLE:
            return [_set_table(block)]
        case Kind.PARAGRAPH:
            return [Paragraph(text, _TEXT)]


def _set_table(block: Block) -> Table:
    cells = [
        [Paragraph(escape(cell), _CELL if number else _HEAD_CELL) for cell in row]
        for number, row in enumerate(block.rows)
    ]
    rules = [
        ("LINEABOVE", (0, 0), (-1, 0), 0.8, _INK),
        ("LINEBELOW", (0, 0), (-1, 0), 0.5, _INK),
        ("LINEBELOW", (0, -1), (-1, -1), 0.8, _INK),
    ]
    first = (_WIDTH - 2 * _SIDE) * 0.37
    rest = (_WIDTH - 2 * _SIDE - first) / (len(block.rows[0]) - 1)
    return Table(cells, [first] + [rest] * (len(block.rows[0]) - 1), style=TableStyle(rules), spaceBefore=4)


def _note_heading(document: BaseDocTemplate, flowable: object) -> None:
    if isinstance(flowable, Paragraph) and flowable.style.name in {"chapter", "section"}:
        level = 0 if flowable.style.name == "chapter" else 1
        document.notify("TOCEntry", (level, flowable.getPlainText(), document.page))


def _start_page(canvas: Canvas, _document: BaseDocTemplate, *, notes: dict[int, str]) -> None:
    # A paragraph calls `keep_note` when the line with the mark is drawn: the note lands on the page of its mark.
    waiting: list[tuple[int, str]] = []
    canvas.waiting_notes = waiting
    canvas.setNamedCB("keep_note", lambda _canvas, _kind, label: waiting.append((int(label), notes[int(label)])))


def _end_page(canvas: Canvas, _document: BaseDocTemplate, *, title: str) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 8.5)
    canvas.setFillColor(_INK)
    canvas.drawString(_SIDE, _HEIGHT - 1.9 * cm, title)
    canvas.line(_SIDE, _HEIGHT - 2.1 * cm, _WIDTH - _SIDE, _HEIGHT - 2.1 * cm)
    canvas.drawCentredString(_WIDTH / 2, 1.5 * cm, f"Page {canvas.getPageNumber()}")
    top = _NOTE_ZONE
    for number, note in canvas.waiting_notes:
        if top == _NOTE_ZONE:
            canvas.line(_SIDE, top, _SIDE + 4 * cm, top)
            top -= 4
        paragraph = Paragraph(f'<super size="6.5">{number}</super> {escape(note)}', _NOTE)
        _, height = paragraph.wrap(_WIDTH - 2 * _SIDE, top)
        paragraph.drawOn(canvas, _SIDE, top - height)
        top -= height
    canvas.restoreState()
