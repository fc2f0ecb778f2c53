"""Joins the blocks that a page, a column or a scan has broken in mid-sentence. Finds no blocks itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from policyframes.documents.document import Block, BlockKind
from policyframes.passages.parts import Span
from policyframes.passages.sentences import opens_sentence
from policyframes.passages.words import count_words, ends_open

_UNFINISHED_WORDS = 15
# How a block ends is told from its end: a chain of joins would otherwise read the growing whole at every link.
_TAIL = 2_000

FINISHED = re.compile(r"""[.!?…:;。！？]["”’')\]»]*(?:\d{1,3}|\[\d{1,3}\])?$""")
# A dash is a speaker who is cut short, a bracket or a quotation mark closes: what follows is a new paragraph.
_BROKEN_OFF = re.compile(r"[^\W_]$|[,&/]$|[^\W_][-‐‑]$")
_BODY = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)


def join_unfinished(
    text: str, blocks: Sequence[Block], *, known: frozenset[int], prose: AbstractSet[Span]
) -> list[Block]:
    """Join paragraphs that go on: unfinished ones, and whatever is followed by lower case.

    Args:
        text: the canonical text.
        blocks: its blocks in order.
        known: where the blocks start that the reader of the format knows as list items or headings.
        prose: the blocks that are ordinary paragraphs, which nothing goes on from.
    """
    joined: list[Block] = []
    for index, block in enumerate(blocks):
        before = joined[-1] if joined and joined[-1].span not in prose else None
        following = blocks[index + 1] if index + 1 < len(blocks) else None
        if before and _goes_on(text, before, block, following=following, known=known):
            joined[-1] = replace(before, end=block.end, kind=_joined_kind(before))
        else:
            joined.append(block)
    return joined


def _read_tail(text: str, block: Block) -> str:
    return text[max(block.start, block.end - _TAIL) : block.end]


def _joined_kind(before: Block) -> BlockKind:
    return BlockKind.LIST_ITEM if before.kind is BlockKind.LIST_ITEM else BlockKind.PARAGRAPH


def _goes_on(text: str, before: Block, block: Block, *, following: Block | None, known: frozenset[int]) -> bool:
    content = _read_tail(text, before)
    starts_lower = text[block.start].islower()
    if block.kind is BlockKind.HEADING:
        return _is_middle_line(text, before, block, following=following, known=known)
    if before.kind is BlockKind.HEADING:
        # A fragment that goes on in lower case was no heading after all.
        return block.kind is BlockKind.PARAGRAPH and starts_lower and content.upper() != content
    if block.kind is not BlockKind.PARAGRAPH or before.kind not in _BODY or FINISHED.search(content):
        return False
    is_long = count_words(content) >= _UNFINISHED_WORDS and before.start not in known
    is_broken = is_long and bool(_BROKEN_OFF.search(content)) and not opens_sentence(text[block.start : block.end])
    return starts_lower or ends_open(content) or is_broken


def _is_middle_line(text: str, before: Block, block: Block, *, following: Block | None, known: frozenset[int]) -> bool:
    """Return whether what looks like a heading is a line of the sentence that the paragraph before it begins."""
    content, line = _read_tail(text, before), text[block.start : block.end]
    if before.kind not in _BODY or block.start in known or line.upper() == line:
        return False
    if following is None or following.kind is not BlockKind.PARAGRAPH or FINISHED.search(content):
        return False
    is_open = ends_open(content) or content[-1] in ",-‐‑"
    return is_open or (count_words(content) >= _UNFINISHED_WORDS and text[following.start].islower())
