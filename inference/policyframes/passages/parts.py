"""Where the stretches of a document begin and end, before anything is told of what they are."""

from __future__ import annotations

import re
from dataclasses import replace
from statistics import median

from policyframes.documents.document import Block, BlockKind, Document

_LONG_LINE = 120
_SHORT_LINE = 0.7
_ENDS = '.!?”"'
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_LINE = re.compile(r"[^\n]+")
Span = tuple[int, int]
"""Start and end."""
BULLET = re.compile(r"[•◦▪●○■□‣⁃*–—-][ \t]+\S|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)][ \t]+\S")


def part_document(document: Document) -> list[Block]:
    """Return the reader's blocks, trimmed, with plain paragraphs for whatever text lies between them."""
    text = document.text
    blocks: list[Block] = []
    position = 0
    for block in document.blocks:
        blocks += _make_paragraphs(part_text(text, position, block.start))
        start, end = _trim(text, block.start, block.end)
        if start < end:
            blocks.append(replace(block, start=start, end=end))
        position = block.end
    return blocks + _make_paragraphs(part_text(text, position, len(text)))


def part_text(text: str, start: int, end: int) -> list[Span]:
    """Return the paragraphs of plain text, trimmed: parted by blank lines, or by its lines where it has none.

    Args:
        text: the canonical text.
        start: where the stretch begins that is parted.
        end: after its last character.
    """
    parts: list[Span] = []
    position = start
    for match in (*_BLANK_LINES.finditer(text, start, end), None):
        first, last = position, match.start() if match else end
        if first < last and (text[first].isspace() or text[last - 1].isspace()):
            first, last = _trim(text, first, last)
        if text.find("\n", first, last) >= 0:
            parts += _part_lines(text, first, last)
        elif first < last:
            parts.append((first, last))
        position = match.end() if match else end
    return parts


def _make_paragraphs(spans: list[Span]) -> list[Block]:
    return [Block(start, end, BlockKind.PARAGRAPH) for start, end in spans]


def _trim(text: str, start: int, end: int) -> Span:
    stretch = text[start:end]
    return start + len(stretch) - len(stretch.lstrip()), max(start, end - len(stretch) + len(stretch.rstrip()))


def _part_lines(text: str, start: int, end: int) -> list[Span]:
    """Part one stretch without blank lines: at bullets, and at every line where lines are paragraphs."""
    lines = [match.span() for match in _LINE.finditer(text, start, end) if not match.group().isspace()]
    lengths = [b - a for a, b in lines]
    one_a_line = len(lines) > 1 and median(lengths) > _LONG_LINE
    short = _SHORT_LINE * max(lengths)
    parts: list[Span] = []
    ends_short = False
    for line in lines:
        first, last = _trim(text, *line)
        if not parts or one_a_line or ends_short or BULLET.match(text, first, last):
            parts.append((first, last))
        else:
            parts[-1] = (parts[-1][0], last)
        # Finished and clearly short: this line closes a paragraph of wrapped text that has no blank lines.
        ends_short = last - first < short and text[last - 1] in _ENDS
    return parts
