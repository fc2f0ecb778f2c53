"""What each stretch of a document is: paragraph, list item, heading, contents, reference, caption, furniture.

Readers say what their format knows; the rest is told here from the text alone, alike for every format.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import replace

from policyframes.documents.document import Block, BlockKind, Document
from policyframes.passages.joins import FINISHED, join_unfinished
from policyframes.passages.parts import BULLET, Span, part_document
from policyframes.passages.prose import CAPTION, CAPTION_WORDS, Glance, find_prose, is_reference
from policyframes.passages.sentences import split_sentences
from policyframes.passages.words import count_words, ends_open, is_noise, is_scrap

_HEADING_WORDS = 14
_CAPITALS_WORDS = 20
_TITLE_LETTERS = 5
_CONTENTS_RUN = 3
_TABLE_SHARE = 0.8

_NUMBERED_HEADING = re.compile(
    r"(?:chapter|part|section|sec\.|annex|appendix|title|article)\s+[\divxlc]+\b|[IVXLC]+\.\s|\d+(?:\.\d+)+\.?\s",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?:\d+|[a-z])[.)]?\s")
# Dots, an ellipsis or a tab that lead to a page number. Each run of them is tried once, from its beginning, and no part
# of it twice: the time would else be the square of its length.
_LEADERS = re.compile(
    r"(?:(?<!\.)(?<!\.[ ])(?:\.[ ]?){3,}+|(?<![\s.…])[\s.]*+…[\s.…]*+|(?<!\s)(?=[^\S\t]*+\t)\s++)"
    r"\s*+(?:\d{1,4}|[ivxlc]{1,6})(?=\s|$)"
)
_ENDS_IN_NUMBER = re.compile(r"\s(?:\d{1,4}|[ivxlc]{1,6})$")
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
    """Return the blocks of a document in reading order; they cover every character that is not white space."""
    parts = part_document(document)
    return mark_blocks(document, parts, find_prose(document.text, parts))


def mark_blocks(document: Document, parts: list[Block], glance: Glance) -> list[Block]:
    """Tell what the parts of a document are, and join those that belong together.

    Kinds that the reader knows stand; paragraphs are looked at again, because a short bold line that a writer
    never marked as a heading is one in every format.

    Args:
        document: the document.
        parts: its parts in order.
        glance: what a look at them has told.
    """
    text = document.text
    blocks = [_classify(text, part, glance) for part in parts]
    if len(glance.prose) == len(parts):
        return blocks
    blocks = _mark_numbered_headings(text, parts, blocks)
    # A PDF states no structure: its blocks are told from the layout, page by page.
    stated = document.blocks if document.format != "pdf" else ()
    known = frozenset(block.start for block in stated if block.kind is not BlockKind.PARAGRAPH)
    blocks = join_unfinished(text, blocks, known=known, prose=glance.prose)
    blocks = _mark_contents(text, blocks, glance.prose)
    return _mark_noise(text, _mark_references(text, blocks), glance.sound)


def _classify(text: str, block: Block, glance: Glance) -> Block:
    span = block.span
    if span in glance.prose:
        return Block(*span, BlockKind.LIST_ITEM) if span in glance.items else block
    if block.kind not in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM):
        return block
    content = text[block.start : block.end]
    words = glance.words.get(span) or count_words(content)
    kind: BlockKind = block.kind
    if not any(char.isalpha() for char in content) or _PAGE_NUMBER.fullmatch(content):
        kind = BlockKind.FURNITURE
    elif _is_table(content):
        kind = BlockKind.TABLE
    elif words <= CAPTION_WORDS * 4 and _holds_any(content, _LEADER_MARKS) and _LEADERS.search(content):
        kind = BlockKind.CONTENTS
    elif words <= CAPTION_WORDS and CAPTION.match(content):
        kind = BlockKind.CAPTION
    elif block.kind is BlockKind.PARAGRAPH and is_reference(content, words):
        kind = BlockKind.REFERENCE
    elif BULLET.match(content):
        kind = BlockKind.LIST_ITEM
    elif block.kind is BlockKind.PARAGRAPH and _is_heading(content, words):
        kind = BlockKind.HEADING
    return block if kind is block.kind else replace(block, kind=kind)


def _mark_numbered_headings(text: str, raw: list[Block], blocks: list[Block]) -> list[Block]:
    """Mark a short numbered line as a heading unless the reader knows it, or its neighbours show it, as a list item."""
    marked = list(blocks)
    for index, block in enumerate(blocks):
        if block.kind is not BlockKind.LIST_ITEM or raw[index].kind is not BlockKind.PARAGRAPH:
            continue
        neighbours = blocks[max(0, index - 1) : index] + blocks[index + 1 : index + 2]
        content = text[block.start : block.end]
        if (
            _NUMBER.match(content)
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
    if words > max(_HEADING_WORDS, _CAPITALS_WORDS):
        return False
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


def _mark_contents(text: str, blocks: list[Block], prose: AbstractSet[Span]) -> list[Block]:
    """Mark runs of short lines that end in page numbers as a table of contents."""
    marked = list(blocks)
    run: list[int] = []
    for index, block in enumerate([*blocks, None]):
        if block and block.span not in prose and _is_contents_line(text, block):
            run.append(index)
            continue
        if len(run) >= _CONTENTS_RUN:
            for number in run:
                marked[number] = replace(marked[number], kind=BlockKind.CONTENTS)
        run = []
    return marked


def _is_contents_line(text: str, block: Block) -> bool:
    if block.kind is BlockKind.CONTENTS:
        return True
    content = text[block.start : block.end]
    # Letters of Roman numbers are letters; what ends otherwise needs no counting.
    return content[-1].isalnum() and count_words(content) <= _HEADING_WORDS and bool(_ENDS_IN_NUMBER.search(content))


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


def _mark_noise(text: str, blocks: list[Block], sound: AbstractSet[Span]) -> list[Block]:
    """Mark what is mostly non-words as fragments, with the scraps between two of them that are no prose either."""
    marked = list(blocks)
    scraps: list[int] | None = None
    for index, block in enumerate(blocks):
        if block.kind not in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM):
            continue
        content = text[block.start : block.end]
        if block.span not in sound and is_noise(content):
            for number in [*(scraps or ()), index]:
                marked[number] = replace(blocks[number], kind=BlockKind.FRAGMENT)
            scraps = []
        elif scraps is not None and is_scrap(content):
            scraps.append(index)
        else:
            scraps = None
    return marked
