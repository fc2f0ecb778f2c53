"""Set a strategy as a DOCX: real heading, list and table styles, header and footer, notes at the end."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt

from builder.source import NOTE_MARK, Kind

if TYPE_CHECKING:
    from pathlib import Path

    from docx.document import Document as DocxDocument
    from docx.text.paragraph import Paragraph

    from builder.source import Block, Source

_TABLE_STYLE = "Light Grid Accent 1"
# Parts of python-docx's template that nothing here uses and that make up most of its size.
_UNUSED_PARTS = ("stylesWithEffects", "thumbnail")
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_CREATED = datetime(2025, 9, 17, tzinfo=UTC)


def write_docx(source: Source, target: Path) -> None:
    """Write a strategy as a DOCX whose bytes depend on the source and the version of python-docx alone.

    Args:
        source: the strategy.
        target: file to write.
    """
    document = docx.Document()
    _set_properties(document, source)
    _set_page_furniture(document, source)
    _set_front(document, source)
    for block in source.blocks:
        _set_block(document, block)
    document.add_heading("Notes", level=1)
    for _, note in sorted(source.notes.items()):
        document.add_paragraph(note, style="List Number")
    _drop_unused(document)
    packed = io.BytesIO()
    document.save(packed)
    target.write_bytes(_fix_zip(packed.getvalue()))


def _drop_unused(document: DocxDocument) -> None:
    for owner in (document.part, document.part.package):
        for key, relation in list(owner.rels.items()):
            if relation.reltype.endswith(_UNUSED_PARTS):
                del owner.rels[key]
    for style in list(document.styles):
        if style.type == WD_STYLE_TYPE.TABLE and style.name not in {_TABLE_STYLE, "Normal Table"}:
            style.delete()


def _fix_zip(content: bytes) -> bytes:
    # Stored entries with a fixed date: neither the clock nor the zlib at hand shows in the bytes.
    fixed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(fixed, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.create_system = 0
            new.writestr(entry, old.read(name))
    return fixed.getvalue()


def _set_properties(document: DocxDocument, source: Source) -> None:
    properties = document.core_properties
    properties.title = f"{source.facts['title']}: {source.facts['subtitle']}"
    properties.author = source.facts["issuer"]
    properties.last_modified_by = source.facts["issuer"]
    properties.subject = "An invented document of an invented country"
    properties.comments = ""
    properties.language = "en-US"
    properties.created = properties.modified = _CREATED
    document.styles["Normal"].font.name = "Georgia"
    document.styles["Normal"].font.size = Pt(11)


def _set_page_furniture(document: DocxDocument, source: Source) -> None:
    section = document.sections[0]
    section.different_first_page_header_footer = True
    section.header.paragraphs[0].text = f"{source.facts['issuer']} | {source.facts['title']}"
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    footer.add_run("Page ")
    _add_field(footer, "PAGE", "1")


def _add_field(paragraph: Paragraph, instruction: str, shown: str) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), instruction)
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = shown
    run.append(text)
    field.append(run)
    paragraph._p.append(field)  # noqa: SLF001 - python-docx has no public way to add a field


def _set_front(document: DocxDocument, source: Source) -> None:
    facts = source.facts
    document.add_paragraph(facts["title"], style="Title")
    document.add_paragraph(facts["subtitle"], style="Subtitle")
    document.add_paragraph(f"{facts['issuer']}, {facts['date']}").add_run().add_break(WD_BREAK.PAGE)
    document.add_paragraph("Contents", style="TOC Heading")
    entries = [block for block in source.blocks if block.kind is Kind.HEADING]
    for level in (1, 2):
        style = document.styles.add_style(f"toc {level}", WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles["Normal"]
        style.paragraph_format.left_indent = Pt(14 * (level - 1))
        style.paragraph_format.space_after = Pt(2)
    for entry in entries:
        document.add_paragraph(entry.text, style=f"toc {entry.level}")
    document.paragraphs[-1].add_run().add_break(WD_BREAK.PAGE)


def _set_block(document: DocxDocument, block: Block) -> None:
    match block.kind:
        case Kind.HEADING:
            document.add_heading(block.text, level=block.level)
        case Kind.TABLE:
            _set_table(document, block)
        case Kind.CAPTION:
            document.add_paragraph(block.text, style="Caption")
        case Kind.ITEM:
            _add_marked(document.add_paragraph(style="List Bullet"), block.text)
        case Kind.SIGNATURE:
            document.add_paragraph(block.text).alignment = WD_ALIGN_PARAGRAPH.RIGHT
        case Kind.PARAGRAPH:
            _add_marked(document.add_paragraph(), block.text)


def _add_marked(paragraph: Paragraph, text: str) -> None:
    # `split` with a group gives text, mark, text, mark, ...
    for place, part in enumerate(NOTE_MARK.split(text)):
        if part:
            paragraph.add_run(part).font.superscript = True if place % 2 else None


def _set_table(document: DocxDocument, block: Block) -> None:
    table = document.add_table(rows=len(block.rows), cols=len(block.rows[0]), style=_TABLE_STYLE)
    for row, texts in zip(table.rows, block.rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
