"""What each stretch of a document is: paragraph, list item, heading, contents, reference, caption, furniture.

Readers say what their format knows; the rest is told here from the text alone, alike for every format.
"""

from __future__ import annotations

import re
from dataclasses import replace
from statistics import median

from policyframes.documents.document import Block, BlockKind, Document
from policyframes.passages.joins import FINISHED, join_unfinished
from policyframes.passages.sentences import split_sentences
from policyframes.passages.words import count_words, ends_open, is_noise, is_scrap

_HEADING_WORDS = 14
_CAPITALS_WORDS = 20
_CAPTION_WORDS = 40
_TITLE_LETTERS = 5
_CONTENTS_RUN = 3
_LONG_LINE = 120
_TABLE_SHARE = 0.8

_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_BULLET = re.compile(r"[•◦▪●○■□‣⁃*–—-][ \t]+\S|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)][ \t]+\S")
_NUMBERED_HEADING = re.compile(
    r"(?:chapter|part|section|sec\.|annex|appendix|title|article)\s+[\divxlc]+\b|[IVXLC]+\.\s|\d+(?:\.\d+)+\.?\s",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?:\d+|[a-z])[.)]?\s")
_LEADERS = re.compile(r"(?:(?:\.[ ]?){3,}|…[\s.…]*|\t)\s*(?:\d{1,4}|[ivxlc]{1,6})(?=\s|$)")
_ENDS_IN_NUMBER = re.compile(r"\s(?:\d{1,4}|[ivxlc]{1,6})$")
_CAPTION = re.compile(
    r"(?:figure|fig\.|table|chart|map|box|photo|image|exhibit|source|credit)s?\b\s*(?:\d|[ivx]+\b|[:.])",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"(?:\[\d{1,3}\]|\d{1,3}[.)]?|[¹²³⁴-⁹]+)\s*"
    r"(?:see\b|ibid\b|cf\.|.{0,200}(?:https?://|\bdoi\b|\bU\.S\.C\.|\bC\.F\.R\.|\bP\.L\.|\bpp?\. ?\d|\bvol\. ?\d))",
    re.IGNORECASE | re.DOTALL,
)
_REFERENCES_HEADING = re.compile(
    r"(?:\W|\d)*(?:references|bibliography|works cited|end ?notes|foot ?notes|notes|sources|further reading)\W*",
    re.IGNORECASE,
)
_PAGE_NUMBER = re.compile(r"(?:page\s*)?[-–—\s]*(?:\d{1,4}|[ivxlc]{1,6})[-–—\s]*(?:(?:of|/)\s*\d{1,4})?", re.IGNORECASE)
_COLUMNS = re.compile(r"(?<=\S)(?:\t| {3,}|\s\|\s)(?=\S)")
# One of them stands in whatever these patterns find, and looking for it is many times as fast.
_COLUMN_MARKS = ("\t", "   ", "|")
_LEADER_MARKS = ("..", ". .", "…", "\t")


def find_blocks(document: Document) -> list[Block]:
    """Return the blocks of a document in reading order; they cover every character that is not white space.

    Kinds that the reader knows stand; paragraphs are looked at again, because a short bold line that a writer
    never marked as a heading is one in every format.
    """
    text = document.text
    blocks = _fill_gaps(text, document.blocks) if document.blocks else _plain_blocks(text, 0, len(text))
    blocks = _mark_numbered_headings(text, blocks, [_classify(text, block) for block in blocks])
    # A PDF states no structure: its blocks are told from the layout, page by page.
    stated = document.blocks if document.format != "pdf" else ()
    known = frozenset(block.start for block in stated if block.kind is not BlockKind.PARAGRAPH)
    blocks = join_unfinished(text, blocks, known=known)
    blocks = _mark_contents(text, blocks)
    return _mark_noise(text, _mark_references(text, blocks))


def _fill_gaps(text: str, known: tuple[Block, ...]) -> list[Block]:
    """Return the reader's blocks, trimmed, with plain paragraphs for whatever text lies between them."""
    blocks: list[Block] = []
    position = 0
    for block in known:
        blocks += _plain_blocks(text, position, block.start)
        start, end = _trim(text, block.start, block.end)
        if start < end:
            blocks.append(replace(block, start=start, end=end))
        position = block.end
    return blocks + _plain_blocks(text, position, len(text))


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    stretch = text[start:end]
    return start + len(stretch) - len(stretch.lstrip()), max(start, end - len(stretch) + len(stretch.rstrip()))


def _plain_blocks(text: str, start: int, end: int) -> list[Block]:
    """Return the paragraphs of plain text: parted by blank lines, or by its lines where it has none."""
    blocks: list[Block] = []
    position = start
    pattern = _BLANK_LINES
    for match in (*pattern.finditer(text, start, end), None):
        first, last = _trim(text, position, match.start() if match else end)
        blocks += [Block(a, b, BlockKind.PARAGRAPH) for a, b in _part_lines(text, first, last)]
        position = match.end() if match else end
    return blocks


def _part_lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Part one stretch without blank lines: at bullets, and at every line where lines are paragraphs."""
    if start >= end:
        return []
    lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]*\S[^\n]*", text[start:end])]
    lines = [(start + a, start + b) for a, b in lines]
    one_a_line = len(lines) > 1 and median(b - a for a, b in lines) > _LONG_LINE
    parts: list[tuple[int, int]] = []
    for number, (a, b) in enumerate(lines):
        first, last = _trim(text, a, b)
        is_item = bool(_BULLET.match(text, first, last))
        ends_short = number > 0 and _is_last_line(text, lines, number - 1)
        if not parts or is_item or one_a_line or ends_short:
            parts.append((first, last))
        else:
            parts[-1] = (parts[-1][0], last)
    return parts


def _is_last_line(text: str, lines: list[tuple[int, int]], number: int) -> bool:
    """Return whether a line closes a paragraph of wrapped text that has no blank lines: finished and clearly short."""
    first, last = _trim(text, *lines[number])
    widest = max(b - a for a, b in lines)
    return last - first < 0.7 * widest and text[last - 1] in '.!?”"'


def _classify(text: str, block: Block) -> Block:
    if block.kind not in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM):
        return block
    content = text[block.start : block.end]
    words = count_words(content)
    kind: BlockKind = BlockKind(block.kind)
    if not any(char.isalpha() for char in content) or _PAGE_NUMBER.fullmatch(content):
        kind = BlockKind.FURNITURE
    elif _is_table(content):
        kind = BlockKind.TABLE
    elif words <= _CAPTION_WORDS * 4 and _holds_any(content, _LEADER_MARKS) and _LEADERS.search(content):
        kind = BlockKind.CONTENTS
    elif words <= _CAPTION_WORDS and _CAPTION.match(content):
        kind = BlockKind.CAPTION
    elif block.kind is BlockKind.PARAGRAPH and words <= _CAPTION_WORDS * 2 and _REFERENCE.match(content):
        kind = BlockKind.REFERENCE
    elif _BULLET.match(content):
        kind = BlockKind.LIST_ITEM
    elif block.kind is BlockKind.PARAGRAPH and _is_heading(content, words):
        kind = BlockKind.HEADING
    return replace(block, kind=kind)


def _mark_numbered_headings(text: str, raw: list[Block], blocks: list[Block]) -> list[Block]:
    """Mark a short numbered line as a heading unless the reader knows it, or its neighbours show it, as a list item."""
    marked = list(blocks)
    for index, block in enumerate(blocks):
        neighbours = blocks[max(0, index - 1) : index] + blocks[index + 1 : index + 2]
        content = text[block.start : block.end]
        if (
            block.kind is BlockKind.LIST_ITEM
            and raw[index].kind is BlockKind.PARAGRAPH
            and _NUMBER.match(content)
            and not any(neighbour.kind is BlockKind.LIST_ITEM for neighbour in neighbours)
            and _is_heading(content, count_words(content))
        ):
            marked[index] = replace(block, kind=BlockKind.HEADING)
    return marked


def _is_table(content: str) -> bool:
    """Return whether a block is rows of columns: one row of three or more, or several rows of two or more."""
    if not _holds_any(content, _COLUMN_MARKS):
        return False
    lines = content.split("\n")
    if len(lines) == 1:
        return len(_COLUMNS.findall(content)) >= 2  # noqa: PLR2004  (two gaps part three columns)
    return sum(bool(_COLUMNS.search(line)) for line in lines) >= _TABLE_SHARE * len(lines)


def _holds_any(content: str, marks: tuple[str, ...]) -> bool:
    return any(mark in content for mark in marks)


def _is_heading(content: str, words: int) -> bool:
    if (content[0].islower() and not _NUMBER.match(content)) or ("\n" in content.strip() and words > _HEADING_WORDS):
        return False
    if words <= _CAPITALS_WORDS and content.isupper():
        return True
    if words <= _HEADING_WORDS // 2 and _NUMBERED_HEADING.match(content):
        return True
    longest = _CAPITALS_WORDS if _NUMBER.match(content) and _is_title_case(content) else _HEADING_WORDS
    if words > longest or FINISHED.search(content) or content[-1] == ",":
        return False
    # A title over two lines may break after "and"; a sentence in title case hardly occurs.
    is_broken = ends_open(content) and not _is_title_case(content)
    return not is_broken and len(split_sentences(content)) == 1


def _is_title_case(content: str) -> bool:
    """Return whether all words but short ones are capitalised."""
    long_words = [word for word in content.split() if len(word.strip(",:;()")) >= _TITLE_LETTERS]
    return bool(long_words) and all(not word.lstrip("(“‘\"'")[:1].islower() for word in long_words)


def _mark_contents(text: str, blocks: list[Block]) -> list[Block]:
    """Mark runs of short lines that end in page numbers as a table of contents."""
    marked = list(blocks)
    run: list[int] = []
    for index, block in enumerate([*blocks, None]):
        content = text[block.start : block.end] if block else ""
        is_line = block is not None and (
            block.kind is BlockKind.CONTENTS
            or (count_words(content) <= _HEADING_WORDS and bool(_ENDS_IN_NUMBER.search(content)))
        )
        if is_line:
            run.append(index)
            continue
        if len(run) >= _CONTENTS_RUN:
            for number in run:
                marked[number] = replace(marked[number], kind=BlockKind.CONTENTS)
        run = []
    return marked


def _mark_references(text: str, blocks: list[Block]) -> list[Block]:
    """Mark what stands under a heading such as `References`, up to the next heading, as references."""
    marked: list[Block] = []
    inside = False
    for block in blocks:
        if block.kind is BlockKind.HEADING:
            inside = bool(_REFERENCES_HEADING.fullmatch(text[block.start : block.end]))
        elif inside and block.kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM):
            block = replace(block, kind=BlockKind.REFERENCE)  # noqa: PLW2901  (the marked copy replaces it)
        marked.append(block)
    return marked


def _mark_noise(text: str, blocks: list[Block]) -> list[Block]:
    """Mark what is mostly non-words as fragments, with the scraps between two of them that are no prose either."""
    marked = list(blocks)
    scraps: list[int] | None = None
    for index, block in enumerate(blocks):
        content = text[block.start : block.end]
        is_body = block.kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
        if is_body and is_noise(content):
            for number in [*(scraps or ()), index]:
                marked[number] = replace(blocks[number], kind=BlockKind.FRAGMENT)
            scraps = []
        elif is_body and scraps is not None and is_scrap(content):
            scraps.append(index)
        elif is_body:
            scraps = None
    return marked
