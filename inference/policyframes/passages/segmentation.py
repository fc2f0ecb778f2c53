"""Blocks -> passages: short neighbours are read together, long paragraphs are cut between sentences.

Every character of the canonical text lies in exactly one passage or one block that is no passage.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace

from policyframes.documents.document import Block, BlockKind, Document
from policyframes.passages.blocks import find_blocks
from policyframes.passages.sentences import split_sentences
from policyframes.passages.words import count_words, has_word, is_fragment

# The coded spans hold 35 words or more (1st percentile) and about a third of them join short neighbouring
# paragraphs; labels/DATASHEET.md has the figures. The upper bound is the codebook's.
MIN_WORDS = 35
MAX_WORDS = 150
# A stretch without an end mark is no sentence beyond this; it is cut at clauses, else between words.
_MAX_SENTENCE_WORDS = 250

_BODY = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Passage:
    """The unit that is scored.

    Attributes:
        number: position in the document, from 1.
        start: offset of the first character in the canonical text, in code points.
        end: offset after the last character.
        text: `document.text[start:end]`.
        page: page of the first character; None where the format has no pages.
        last_page: page of the last character; None where the format has no pages.
    """

    number: int
    start: int
    end: int
    text: str
    page: int | None
    last_page: int | None

    @property
    def words(self) -> int:
        """Return the number of words."""
        return count_words(self.text)


@dataclass(frozen=True)
class Segmentation:
    """How a document was cut.

    Attributes:
        passages: in reading order.
        others: what is no passage, separators included, in reading order.
    """

    passages: tuple[Passage, ...]
    others: tuple[Block, ...]


def split_passages(document: Document) -> Segmentation:
    """Cut a document into passages.

    A paragraph is a passage. Paragraphs and list items under 35 words are read together with what follows them,
    within a section, and one that ends in a colon with what it announces, up to 150 words. A longer paragraph is
    cut between sentences into runs of about equal length. Source of the unit: labels/codebook.md, "The unit".
    """
    text = document.text
    blocks = find_blocks(document)
    groups = _group(text, blocks)
    fragments = {span for span in groups if is_fragment(text[span[0] : span[1]])}
    if len(fragments) == len(groups):
        # A text of headings or fragments alone is a text all the same: somebody scores a single line.
        blocks = [_as_body(text, block) for block in blocks]
        groups, fragments = _group(text, blocks), set()
    spans = [cut for group in groups if group not in fragments for cut in _cut(text, *group)]
    passages = tuple(
        Passage(
            number=number,
            start=start,
            end=end,
            text=text[start:end],
            page=document.page_at(start),
            last_page=document.page_at(end - 1),
        )
        for number, (start, end) in enumerate(spans, 1)
    )
    others = [block for block in blocks if block.kind not in _BODY]
    others += [Block(start, end, BlockKind.FRAGMENT) for start, end in fragments]
    return Segmentation(passages, tuple(_with_separators(text, passages, others)))


def _as_body(text: str, block: Block) -> Block:
    """Return a heading as a paragraph, and a paragraph without a word as a fragment."""
    if block.kind not in (*_BODY, BlockKind.HEADING, BlockKind.FRAGMENT):
        return block
    is_text = has_word(text[block.start : block.end])
    return replace(block, kind=BlockKind.PARAGRAPH if is_text else BlockKind.FRAGMENT)


def _group(text: str, blocks: list[Block]) -> list[tuple[int, int]]:
    """Join short neighbouring paragraphs; nothing is joined over a heading or another block that is no passage."""
    groups: list[tuple[int, int]] = []
    section_start = 0
    for block in blocks:
        if block.kind not in _BODY:
            section_start = len(groups)
            continue
        span = (block.start, block.end)
        if len(groups) > section_start and _belongs_together(text, groups[-1], span):
            groups[-1] = (groups[-1][0], block.end)
        else:
            groups.append(span)
    return _join_short_tails(text, groups, blocks)


def _belongs_together(text: str, group: tuple[int, int], span: tuple[int, int]) -> bool:
    before = text[group[0] : group[1]]
    words = count_words(before)
    if words + count_words(text[span[0] : span[1]]) > MAX_WORDS:
        return False
    return words < MIN_WORDS or before.rstrip().endswith(":")


def _join_short_tails(text: str, groups: list[tuple[int, int]], blocks: list[Block]) -> list[tuple[int, int]]:
    """Join a short last paragraph of a section to the one before it."""
    breaks = [block.start for block in blocks if block.kind not in _BODY]
    joined: list[tuple[int, int]] = []
    for span in groups:
        words = count_words(text[span[0] : span[1]])
        if joined and words < MIN_WORDS:
            before = joined[-1]
            is_same_section = bisect_left(breaks, before[1]) == bisect_left(breaks, span[0])
            if is_same_section and words + count_words(text[before[0] : before[1]]) <= MAX_WORDS:
                joined[-1] = (before[0], span[1])
                continue
        joined.append(span)
    return joined


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a group above 150 words between sentences into the fewest runs, of about equal length."""
    words = count_words(text[start:end])
    if words <= MAX_WORDS:
        yield start, end
        return
    sentences = [cut for a, b in split_sentences(text[start:end]) for cut in _cut_sentence(text, start + a, start + b)]
    counts = [count_words(text[a:b]) for a, b in sentences]
    first, held, left = 0, 0, sum(counts)
    for index, count in enumerate(counts):
        # What is left, in the fewest runs of equal length: the length that this run should come nearest to.
        target = left / math.ceil(left / MAX_WORDS)
        if held and (held + count > MAX_WORDS or held + count - target > target - held):
            yield sentences[first][0], sentences[index - 1][1]
            first, left, held = index, left - held, 0
        held += count
    yield sentences[first][0], sentences[-1][1]


def _cut_sentence(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut what is too long for a sentence after semicolons, else commas, else between words."""
    words = [(start + m.start(), start + m.end()) for m in _WORD.finditer(text[start:end])]
    first = 0
    while len(words) - first > _MAX_SENTENCE_WORDS:
        candidates = range(first + MIN_WORDS, first + MAX_WORDS)
        ends = [i for mark in (";", ",") for i in candidates if text[words[i][1] - 1] == mark]
        last = ends[-1] if ends else first + MAX_WORDS - 1
        yield words[first][0], words[last][1]
        first = last + 1
    if first < len(words):
        yield words[first][0], words[-1][1]


def _with_separators(text: str, passages: tuple[Passage, ...], others: list[Block]) -> Iterator[Block]:
    """Yield the other blocks, with what lies between blocks and passages as separators."""
    taken = sorted(
        [(p.start, p.end, None) for p in passages] + [(b.start, b.end, b) for b in others], key=lambda t: t[0]
    )
    position = 0
    for start, end, block in taken:
        if position < start:
            yield Block(position, start, BlockKind.SEPARATOR)
        if block:
            yield block
        position = end
    if position < len(text):
        yield Block(position, len(text), BlockKind.SEPARATOR)
