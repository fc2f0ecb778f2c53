"""Turns plain text into PDF and DOCX files that look like real ones, so that formats can be compared."""

from __future__ import annotations

import io
import re
from html import escape
from pathlib import Path
from typing import Any

import docx
from reportlab.lib.enums import TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Paragraph, SimpleDocTemplate

RUNNING_HEAD = "A Plan for the Common River"
MARGIN = 72
_HEADING_WORDS = 12


def split_blocks(text: str) -> list[str]:
    """Return the blank-line separated blocks, white space collapsed."""
    blocks = (" ".join(block.split()) for block in re.split(r"\n\s*\n", text))
    return [block for block in blocks if block]


def looks_like_heading(block: str) -> bool:
    """Tell whether a block is short and ends without a final mark."""
    return len(block.split()) <= _HEADING_WORDS and not block.endswith((".", "!", "?", ":", ";", ",", "”", '"'))


def write_docx(text: str, path: Path) -> Path:
    """Write each block as a paragraph, headings by style; return the path."""
    document = docx.Document()
    for block in split_blocks(text):
        document.add_paragraph(block, style="Heading 1" if looks_like_heading(block) else None)
    document.save(str(path))
    return path


def write_pdf(text: str, path: Path, *, head: str = RUNNING_HEAD) -> Path:
    """Write a justified PDF in 11 points with a running head and page numbers; return the path."""
    body = ParagraphStyle("body", fontName="Times-Roman", fontSize=11, leading=14, spaceAfter=8, alignment=TA_JUSTIFY)
    heading = ParagraphStyle("heading", fontName="Times-Bold", fontSize=14, leading=18, spaceAfter=8, spaceBefore=8)
    story = [Paragraph(escape(block), heading if looks_like_heading(block) else body) for block in split_blocks(text)]

    def decorate(canvas: Any, template: Any) -> None:
        canvas.setFont("Times-Roman", 9)
        canvas.drawString(MARGIN, A4[1] - 40, head)
        canvas.drawCentredString(A4[0] / 2, 36, str(template.page))

    buffer = io.BytesIO()
    template = SimpleDocTemplate(
        buffer, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN, invariant=1
    )
    template.build(story, onFirstPage=decorate, onLaterPages=decorate)
    path.write_bytes(buffer.getvalue())
    return path
