"""Reads PDF with PDFium: opens and checks the file, and writes what the `pdf_*` modules make of its pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from policyframes.documents.document import BlockKind
from policyframes.documents.draft import Draft
from policyframes.documents.limits import Limits, pages_exceeded
from policyframes.documents.pdf_furniture import find_furniture
from policyframes.documents.pdf_hyphens import Hyphens
from policyframes.documents.pdf_lines import Line, cut_segments, join_words, order_lines
from policyframes.documents.pdf_paragraphs import (
    Paragraph,
    Typography,
    build_notes,
    build_paragraphs,
    goes_on,
    measure_typography,
    note_numbers,
    right_edge,
    split_notes,
    strip_bullet,
    strip_marks,
)
from policyframes.documents.pdf_words import LINE_HYPHEN, PageWords, read_words
from policyframes.errors import DamagedDocumentError, EncryptedDocumentError, ScannedDocumentError

_TAIL_BYTES = 2048
_HEAD_BYTES = 2048
_STARTXREF = re.compile(rb"startxref\s+(\d+)\s+%%EOF")
_LINEARIZED = re.compile(rb"/Linearized\b.{0,200}?/L\s+(\d+)", re.DOTALL)
# What programs write where the author wrote nothing: a default in some language, their own name, or a file's.
_NO_TITLE = re.compile(
    r"\W*(?:untitled|anonymous|unspecified|unknown|no title|none|null|title|document|sin título|sans titre|ohne titel)"
    r"[\W\d]*|untitled.*|microsoft (?:word|powerpoint|excel)(?: ?[-–—:].*)?|(?:print|layout) ?\d*"
    r"|(?:word|powerpoint) ?(?:document|presentation|präsentation)? ?\d*|(?:presentation|slide) ?\d*"
    r"|(?:file|https?)://.*|.*\.(?:docx?|pdf|indd?|qxd|pptx?|rtf|odt|wpd|tex|dvi|txt|html?|xlsx?|pages)",
    re.IGNORECASE,
)
_MANY_UNMAPPED = 0.05


def read(data: bytes, *, where: str, limits: Limits) -> Draft:
    """Return the draft of a PDF.

    Raises:
        DamagedDocumentError: when the file is truncated or broken.
        EncryptedDocumentError: when it needs a password.
        LimitExceededError: when it has too many pages.
        ScannedDocumentError: when its pages are pictures without text.
    """
    draft = Draft()
    _check_whole(data, where, draft)
    pdf = _open(data, where)
    count = len(pdf)
    if count > limits.pages:
        raise pages_exceeded(where, count, limits)
    if count == 0:
        raise _damaged(where, "a PDF without a page")
    draft.title = _title_of(pdf)
    pages, pictured = [], []
    for index in range(count):
        words, has_picture = _read_page(pdf, index, where)
        pages.append(words)
        if has_picture and not words.words:
            pictured.append(index + 1)
    _write(pages, draft)
    _check_text(pages, pictured, draft, where)
    draft.open_pages(count, len(draft.text))
    return draft


def _check_whole(data: bytes, where: str, draft: Draft) -> None:
    """Raise where the file was cut off: PDFium would mend it silently, with pages missing."""
    tail = data.rstrip(b"\x00\t\n\f\r ")[-_TAIL_BYTES:]
    ends = _STARTXREF.findall(tail)
    declared = _LINEARIZED.search(data[:_HEAD_BYTES])
    if not ends or (declared and int(declared.group(1)) > len(data)):
        raise _damaged(where, "a PDF that breaks off before its end")
    place = int(ends[-1])
    if not re.match(rb"\s*(?:xref|\d+\s+\d+\s+obj)", data[place : place + 64]) and data.startswith(b"%PDF-"):
        draft.warnings.append("The PDF's table of objects is broken and was rebuilt; check that no page is missing.")


def _open(data: bytes, where: str) -> Any:  # noqa: ANN401 - pypdfium2 is untyped
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise EncryptedDocumentError(
                where=where,
                found="a PDF with a password",
                allowed="a PDF without a password",
                remedy="Open it with the password and save or print it to a new PDF, then read that.",
            ) from error
        raise _damaged(where, "a PDF that cannot be opened") from error


def _read_page(pdf: Any, index: int, where: str) -> tuple[PageWords, bool]:  # noqa: ANN401 - as above
    try:
        page = pdf[index]
        text_page = page.get_textpage()
        words = read_words(text_page, index + 1, box=page.get_cropbox())
        has_picture = not words.words and next(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE]), None) is not None
        text_page.close()
        page.close()
    except pypdfium2.PdfiumError as error:
        raise _damaged(where, f"page {index + 1} of {len(pdf)} that cannot be read") from error
    return words, has_picture


def _title_of(pdf: Any) -> str:  # noqa: ANN401 - as above
    title = " ".join((pdf.get_metadata_value("Title") or "").split())
    return "" if _NO_TITLE.fullmatch(title) or not any(char.isalpha() for char in title) else title


def _check_text(pages: Sequence[PageWords], pictured: list[int], draft: Draft, where: str) -> None:
    if not draft.text and pictured:
        raise ScannedDocumentError(
            where=where,
            found=f"{len(pictured)} pages that are pictures, and no text layer",
            allowed="a PDF with text",
            remedy="Run text recognition first, for instance `ocrmypdf in.pdf out.pdf`, then score out.pdf.",
        )
    if pictured:
        draft.warnings.append(f"Pages that are pictures without text: {_name_pages(pictured)}. Run OCR to have them.")
    unmapped = sum(page.unmapped for page in pages)
    mapped = sum(len(word.text) for page in pages for word in page.words)
    if unmapped > _MANY_UNMAPPED * (mapped + unmapped):
        draft.warnings.append(f"{unmapped} characters have fonts that do not tell their meaning and were left out.")


def _name_pages(numbers: list[int]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _damaged(where: str, found: str) -> DamagedDocumentError:
    return DamagedDocumentError(
        where=where,
        found=found,
        allowed="a whole PDF",
        remedy="Download or copy it again, or open it and print it to a new PDF.",
    )


@dataclass
class _Body:
    """The paragraphs so far."""

    paragraphs: list[Paragraph] = field(default_factory=list)
    last: Paragraph | None = None
    right: float = 0.0

    def add_page(self, body: list[Paragraph], notes: list[Paragraph], typography: Typography) -> None:
        """Add a page; a paragraph that goes on moves behind the notes of the page that it starts on."""
        if body and self.last is not None and goes_on(self.last, body[0], typography, self.right):
            self.paragraphs = [paragraph for paragraph in self.paragraphs if paragraph is not self.last]
            self.last.lines += body[0].lines
            self.paragraphs.append(self.last)
            body = body[1:]
        self.paragraphs += [*body, *notes]
        if body:
            self.last = body[-1]
            self.right = right_edge(line for paragraph in body for line in paragraph.lines)


def _write(pages: Sequence[PageWords], draft: Draft) -> None:
    by_page = _order_pages(pages, draft)
    every = [line for lines in by_page for line in lines]
    if not every:
        return
    typography = measure_typography(every)
    body = _Body()
    for page, lines in zip(pages, by_page, strict=True):
        main, notes = split_notes(lines, typography, page.height)
        numbers = note_numbers(notes)
        stripped = [strip_marks(line, numbers) for line in main]
        for line, marks in stripped:
            for mark in marks:
                draft.drop(mark, "note mark", page=line.page)
        body.add_page(build_paragraphs([line for line, _ in stripped], typography), build_notes(notes), typography)
    hyphens = Hyphens(line.text for line in every)
    for paragraph in body.paragraphs:
        _write_paragraph(paragraph, draft, hyphens)


def _order_pages(pages: Sequence[PageWords], draft: Draft) -> list[list[Line]]:
    segments = [cut_segments(page) for page in pages]
    furniture = find_furniture(segments, [page.height for page in pages])
    ordered: list[list[Line]] = []
    for index, page in enumerate(pages):
        for place, segment in enumerate(segments[index]):
            if (index, place) in furniture:
                draft.drop(segment.text, furniture[index, place], page=page.number)
        if page.hidden:
            draft.drop(join_words(page.hidden), "text across the page or beyond its edge", page=page.number)
        kept = [segment for place, segment in enumerate(segments[index]) if (index, place) not in furniture]
        ordered.append(order_lines(kept, page.number) if kept else [])
    return ordered


def _write_paragraph(paragraph: Paragraph, draft: Draft, hyphens: Hyphens) -> None:
    text = ""
    page = 0
    starts: list[tuple[int, int]] = []
    tabular = paragraph.kind in {BlockKind.TABLE, BlockKind.CONTENTS}
    for line in paragraph.lines:
        piece = "\t".join(join_words(cell) for cell in line.cells) if tabular else line.text
        # Soft hyphens within a line are not seen; the one at its end decides how it is joined.
        piece = piece[:-1].replace(LINE_HYPHEN, "") + piece[-1:]
        if not text and paragraph.kind is BlockKind.LIST_ITEM:
            piece = strip_bullet(piece)
        if text:
            text, between = (text, "\n") if tabular else hyphens.join(text, piece)
            text += between
        if line.page != page:
            page = line.page
            starts.append((len(text), page))
        text += piece
    draft.add_block(text.replace(LINE_HYPHEN, "-"), paragraph.kind, pages=starts)
