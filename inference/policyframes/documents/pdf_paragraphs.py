"""From ordered lines to paragraphs: where one ends, what it is, and which goes on over a page. Opens no file."""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from policyframes.documents.document import BlockKind
from policyframes.documents.pdf_hyphens import LINE_HYPHENS
from policyframes.documents.pdf_lines import Line, is_raised

_BULLET = re.compile(r"^[•‣▪●○◦■□⁃∙·►▶➢✓]\s*(?=\S|$)")
_ENUMERATION = re.compile(r"^(?:\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,5})\)|(?:\d{1,2}|[a-z])\.|[-–—*])(?=\s|$)")
_DASH = re.compile(r"^[-–—*](?=\s)")
_FINAL = re.compile(r"[.!?:;]['\"”’)\]]*$")
_SENTENCE_END = re.compile(r"[.!?:]['\"”’)\]]*\d{0,3}$")
_LEADERS = re.compile(r"(?:\.\s?){4,}\s*(?:\d{1,4}|[ivxlc]+)\s*$|…\s*\d{1,4}\s*$")
_CAPTION = re.compile(r"^(?:figure|fig\.|table|map|box|chart|graph|photo|source)\s*(?:\d+|[A-Z])?[.:|]", re.IGNORECASE)
_NOTE_START = re.compile(r"^(?:\d{1,3}|[*†‡])(?=\D)")
# In points: sizes that differ by rounding alone.
_SAME_SIZE = 0.5
_SIZE_STEP = 0.08
_SMALL = 0.9
_LARGE = 1.12
_PARAGRAPH_GAP = 1.2
_OTHER_GAP = 1.45
_MOST_HEADING_CHARACTERS = 200
_MOST_HEADING_WORDS = 14
_MOST_CAPTION_WORDS = 40
_NOTE_HEIGHT = 0.6


@dataclass
class Paragraph:
    """Lines that belong together.

    Attributes:
        lines: the lines in order; from more than one page where the paragraph goes on.
        kind: what it is.
    """

    lines: list[Line]
    kind: BlockKind = BlockKind.PARAGRAPH


@dataclass(frozen=True)
class Typography:
    """What is usual in a document: the size of its body, the distance of its lines, whether it is bold."""

    size: float
    leading: float
    bold: bool


@dataclass
class _Column:
    """The lines of one column on one page, with its usual edges."""

    lines: list[Line]
    left: float = field(init=False)
    right: float = field(init=False)

    def __post_init__(self) -> None:
        lefts = Counter(round(line.x0) for line in self.lines)
        most = max(lefts.values())
        self.left = float(min(x for x, count in lefts.items() if count >= max(most / 3, 1)))
        self.right = max(line.x1 for line in self.lines)


def measure_typography(lines: Sequence[Line]) -> Typography:
    """Return the typography of most characters."""
    sizes, bold = Counter[float](), Counter[bool]()
    for line in lines:
        sizes[round(line.size * 2) / 2] += len(line.text)
        bold[line.bold] += len(line.text)
    size = sizes.most_common(1)[0][0]
    gaps = Counter[float]()
    for upper, lower in pairwise(lines):
        gap = upper.y - lower.y
        same = (upper.page, upper.column) == (lower.page, lower.column)
        if same and abs(upper.size - size) < 1 and 0.8 * size < gap < 2.6 * size:
            gaps[round(gap * 2) / 2] += 1
    leading = gaps.most_common(1)[0][0] if gaps else 1.2 * size
    return Typography(size, leading, bold[True] > bold[False])


def split_notes(lines: list[Line], typography: Typography, height: float) -> tuple[list[Line], list[Line]]:
    """Return the body and the footnotes of a page: what is set small at the foot of a column, below the body."""
    columns = defaultdict[int, list[Line]](list)
    for line in lines:
        columns[line.column].append(line)
    notes: list[Line] = []
    for members in columns.values():
        tail: list[Line] = []
        for line in reversed(members):
            if line.size >= _SMALL * typography.size or line.y > _NOTE_HEIGHT * height:
                break
            tail.insert(0, line)
        notes += tail
    if len(notes) == len(lines):
        return lines, []
    chosen = {id(line) for line in notes}
    return [line for line in lines if id(line) not in chosen], notes


def note_numbers(notes: Sequence[Line]) -> frozenset[str]:
    """Return the marks with which the footnotes of a page start."""
    matches = (_NOTE_START.match(line.text) for line in notes)
    return frozenset(match.group(0) for match in matches if match)


def build_notes(notes: Sequence[Line]) -> list[Paragraph]:
    """Return the footnotes of a page, each from its mark on."""
    paragraphs: list[Paragraph] = []
    for line in notes:
        if paragraphs and not _NOTE_START.match(line.text):
            paragraphs[-1].lines.append(line)
        else:
            kind = BlockKind.CAPTION if _CAPTION.match(line.text) else BlockKind.REFERENCE
            paragraphs.append(Paragraph([line], kind))
    return paragraphs


def build_paragraphs(lines: Sequence[Line], typography: Typography) -> list[Paragraph]:
    """Return the paragraphs of one page's body; those that go on over a column are whole already."""
    columns: dict[int, _Column] = {}
    for number in {line.column for line in lines}:
        columns[number] = _Column([line for line in lines if line.column == number])
    paragraphs: list[Paragraph] = []
    for place, line in enumerate(lines):
        upper = lines[place - 1] if place else None
        if upper is not None and not _breaks(paragraphs[-1], line, columns, typography):
            paragraphs[-1].lines.append(line)
        else:
            paragraphs.append(Paragraph([line]))
    for paragraph in paragraphs:
        paragraph.kind = classify(paragraph, typography)
    rights = {number: column.right for number, column in columns.items()}
    return _join_columns(_join_rows(paragraphs), typography, rights)


def _breaks(paragraph: Paragraph, line: Line, columns: dict[int, _Column], typography: Typography) -> bool:
    """Tell whether a line starts a new paragraph."""
    upper = paragraph.lines[-1]
    if upper.column != line.column or upper.bold != line.bold or _differs(upper, line):
        return True
    if _is_apart(upper.y - line.y, line.size, typography):
        return True
    if len(paragraph.lines) == 1 and _is_item(upper) and not _is_item(line):
        # What goes on with an item hangs under its text, or is flush with its mark.
        return line.x0 < upper.x0 - 0.5 * line.size or (line.x0 <= upper.x0 + 1 and bool(_FINAL.search(upper.text)))
    if len(upper.cells) != 1 or len(line.cells) != 1 or _LEADERS.search(line.text) or _LEADERS.search(upper.text):
        return True
    return _starts_anew(paragraph, line, columns[line.column])


def _is_apart(gap: float, size: float, typography: Typography) -> bool:
    """Tell whether two lines are further apart than those of one paragraph, or not below each other."""
    body = abs(size - typography.size) <= _SAME_SIZE
    return gap < 0 or gap > (_PARAGRAPH_GAP * typography.leading if body else _OTHER_GAP * size)


def _starts_anew(paragraph: Paragraph, line: Line, column: _Column) -> bool:
    """Tell by mark, indent and the upper line's length whether a line close below starts a new paragraph."""
    upper = paragraph.lines[-1]
    if _BULLET.match(line.text):
        return True
    if upper.text.endswith(LINE_HYPHENS) and line.text[:1].isalnum():
        return False
    ended = bool(_FINAL.search(upper.text))
    room = column.right - upper.x1
    if _ENUMERATION.match(line.text) and (ended or room > 3 * line.size):
        return True
    return _indents(paragraph, line, column, ended=ended) or _ends_short(upper, line, room, ended=ended)


def _differs(upper: Line, line: Line) -> bool:
    """Tell whether two lines are set in sizes of different kinds; names of files are often set a little smaller."""
    step = abs(upper.size - line.size)
    if step <= _SIZE_STEP * upper.size:
        return False
    return step > 2 * _SIZE_STEP * upper.size or bool(_FINAL.search(upper.text))


def _indents(paragraph: Paragraph, line: Line, column: _Column, *, ended: bool) -> bool:
    """Tell whether the line starts a paragraph by its indent."""
    upper = paragraph.lines[-1]
    step = line.x0 - upper.x0
    if 0.8 * line.size < step < 8 * line.size:
        # The second line of a paragraph with a hanging indent; that of a heading is centred.
        return ended or len(paragraph.lines) > 1
    both = min(line.x0, upper.x0) > column.left + 0.8 * line.size
    return both and abs(step) <= 1 and ended and len(paragraph.lines) == 1 and column.right - upper.x1 > line.size


def _ends_short(upper: Line, line: Line, room: float, *, ended: bool) -> bool:
    """Tell whether the upper line ends before it had to, as the next word would have had room on it."""
    needed = line.first_width + 0.3 * line.size
    if ended:
        return room > needed + 0.5 * line.size
    return room > max(needed + 4 * line.size, 0.4 * (upper.x1 - upper.x0 + room))


def _is_item(line: Line) -> bool:
    return bool(_BULLET.match(line.text) or _ENUMERATION.match(line.text))


def classify(paragraph: Paragraph, typography: Typography) -> BlockKind:
    """Return what a paragraph is."""
    lines = paragraph.lines
    text = " ".join(line.text for line in lines)
    if all(_LEADERS.search(line.text) for line in lines):
        return BlockKind.CONTENTS
    if _BULLET.match(text):
        return BlockKind.LIST_ITEM
    if any(len(line.cells) > 1 for line in lines) and not _is_item(lines[0]):
        return BlockKind.TABLE
    if _CAPTION.match(text) and len(text.split()) <= _MOST_CAPTION_WORDS:
        return BlockKind.CAPTION
    if _is_heading(lines, text, typography):
        return BlockKind.HEADING
    return BlockKind.LIST_ITEM if _ENUMERATION.match(text) else BlockKind.PARAGRAPH


def _is_heading(lines: Sequence[Line], text: str, typography: Typography) -> bool:
    if len(text) > _MOST_HEADING_CHARACTERS or not any(char.isalpha() for char in text):
        return False
    size = statistics.median(line.size for line in lines)
    if size > _LARGE * typography.size:
        return True
    short = len(text.split()) <= _MOST_HEADING_WORDS and not text.rstrip().endswith((".", ",", ";"))
    if not short or size < _SMALL * typography.size:
        return False
    bold = all(line.bold for line in lines) and not typography.bold
    return bold or (text.isupper() and sum(char.isalpha() for char in text) > 3)  # noqa: PLR2004 - not an acronym


def _join_rows(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Join rows of a table, and lines of a table of contents, into one block each."""
    joined: list[Paragraph] = []
    for paragraph in paragraphs:
        last = joined[-1] if joined else None
        same = last is not None and last.kind is paragraph.kind
        if last is not None and same and paragraph.kind in {BlockKind.TABLE, BlockKind.CONTENTS}:
            last.lines += paragraph.lines
        else:
            joined.append(paragraph)
    # One line with a wide gap is no table, but a line that was spread out.
    for paragraph in joined:
        if paragraph.kind is BlockKind.TABLE and len(paragraph.lines) == 1:
            paragraph.kind = BlockKind.PARAGRAPH
    return joined


def _join_columns(paragraphs: list[Paragraph], typography: Typography, rights: dict[int, float]) -> list[Paragraph]:
    joined: list[Paragraph] = []
    for paragraph in paragraphs:
        last = joined[-1] if joined else None
        apart = last is not None and last.lines[-1].column != paragraph.lines[0].column
        if last and apart and goes_on(last, paragraph, typography, rights[last.lines[-1].column]):
            last.lines += paragraph.lines
        else:
            joined.append(paragraph)
    return joined


def goes_on(before: Paragraph, after: Paragraph, typography: Typography, right: float) -> bool:
    """Tell whether a paragraph is the rest of the one before, over a column's or a page's end.

    It is when both are prose of one size, the second is no item, and the first does not end a sentence. Where
    it does end one, it is when its last line was full, the next word having no room on it.

    Args:
        before: the last paragraph of a page or column.
        after: the first of the next one.
        typography: what is usual in the document.
        right: right edge of the column that `before` ends in, in points.
    """
    if before.kind not in {BlockKind.PARAGRAPH, BlockKind.LIST_ITEM} or after.kind is not BlockKind.PARAGRAPH:
        return False
    upper, lower = before.lines[-1], after.lines[0]
    if abs(upper.size - lower.size) > _SIZE_STEP * typography.size or upper.bold != lower.bold:
        return False
    text = upper.text.rstrip()
    if not _FINAL.search(text) and not _SENTENCE_END.search(text):
        return True
    if lower.text[:1].islower():
        return True
    full = right - upper.x1 < lower.first_width + 0.3 * lower.size
    # An indented first line starts a paragraph; compare it with the line below it.
    indented = len(after.lines) > 1 and lower.x0 > after.lines[1].x0 + 0.8 * lower.size
    return full and not text.endswith(":") and len(before.lines) > 1 and len(after.lines) > 1 and not indented


def right_edge(lines: Iterable[Line]) -> float:
    """Return the right edge of the last column among the lines, in points."""
    edges: dict[int, float] = {}
    last = 0
    for line in lines:
        edges[line.column] = max(edges.get(line.column, 0.0), line.x1)
        last = line.column
    return edges.get(last, 0.0)


def strip_bullet(text: str) -> str:
    """Return an item's text without its bullet or dash; numbers and letters stay, as texts refer to them."""
    bullet = _BULLET.match(text) or _DASH.match(text)
    return text[bullet.end() :].lstrip() if bullet else text


def strip_marks(line: Line, numbers: frozenset[str]) -> tuple[Line, list[str]]:
    """Return the line without the raised marks of the page's footnotes, and those marks."""
    marks: list[str] = []
    cells = []
    for cell in line.cells:
        kept = tuple(w for w in cell if not (w.text in numbers and is_raised(w, line.size, line.y)))
        marks += [word.text for word in cell if word not in kept]
        cells.append(kept)
    if not marks or not any(cells):
        return line, []
    return replace(line, cells=tuple(cell for cell in cells if cell)), marks
