"""Paragraphs -> passages: short neighbours are read together, long ones are cut between sentences."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from policyframes.passages.sentences import split_sentences
from policyframes.passages.words import count_words

# The coded spans hold 35 words or more (1st percentile) and about a third of them join short neighbouring
# paragraphs; labels/DATASHEET.md has the figures. The upper bound is the codebook's.
MIN_WORDS = 35
MAX_WORDS = 150
# A stretch without an end mark is no sentence beyond this; it is cut at clauses, else between words.
_MAX_SENTENCE_WORDS = 250

_WORD = re.compile(r"\S+")

Cut = tuple[int, int, int]
"""Start, end and number of words."""


def group_section(text: str, paragraphs: Sequence[Cut]) -> list[Cut]:
    """Join short neighbours among the paragraphs and list items of one section.

    Args:
        text: the canonical text.
        paragraphs: in order, trimmed, with nothing but white space between them.
    """
    groups: list[Cut] = []
    for paragraph in paragraphs:
        if groups and _belongs_together(text, groups[-1], paragraph):
            groups[-1] = _join(text, groups[-1], paragraph)
        else:
            groups.append(paragraph)
    return _join_short_tails(text, groups)


def _belongs_together(text: str, group: Cut, paragraph: Cut) -> bool:
    _, end, words = group
    is_open = words < MIN_WORDS or text[end - 1] == ":"
    return is_open and words + paragraph[2] <= MAX_WORDS


def _join(text: str, before: Cut, after: Cut) -> Cut:
    start, end = before[0], after[1]
    # Blocks of a reader may touch, and then two words are one.
    is_parted = text[after[0] - 1].isspace()
    return start, end, before[2] + after[2] if is_parted else count_words(text[start:end])


def _join_short_tails(text: str, groups: list[Cut]) -> list[Cut]:
    """Join what is still short, as the last paragraph often is, to what stands before it."""
    joined: list[Cut] = []
    for group in groups:
        if joined and group[2] < MIN_WORDS and group[2] + joined[-1][2] <= MAX_WORDS:
            joined[-1] = _join(text, joined[-1], group)
        else:
            joined.append(group)
    return joined


def cut_group(text: str, group: Cut) -> Iterator[Cut]:
    """Cut a group above 150 words between sentences into the fewest runs, of about equal length."""
    start, end, words = group
    if words <= MAX_WORDS:
        yield group
        return
    sentences = [cut for a, b in split_sentences(text[start:end]) for cut in _cut_sentence(text, start + a, start + b)]
    first, held, left = 0, 0, sum(count for _, _, count in sentences)
    for index, (_, _, count) in enumerate(sentences):
        # What is left, in the fewest runs of equal length: the length that this run should come nearest to.
        target = left / math.ceil(left / MAX_WORDS)
        if held and (held + count > MAX_WORDS or held + count - target > target - held):
            yield sentences[first][0], sentences[index - 1][1], held
            first, left, held = index, left - held, 0
        held += count
    yield sentences[first][0], sentences[-1][1], held


def _cut_sentence(text: str, start: int, end: int) -> Iterator[Cut]:
    """Cut what is too long for a sentence after semicolons, else commas, else between words."""
    count = count_words(text[start:end])
    if count <= _MAX_SENTENCE_WORDS:
        yield start, end, count
        return
    words = [(start + m.start(), start + m.end()) for m in _WORD.finditer(text[start:end])]
    first = 0
    while len(words) - first > _MAX_SENTENCE_WORDS:
        candidates = range(first + MIN_WORDS, first + MAX_WORDS)
        ends = [i for mark in (";", ",") for i in candidates if text[words[i][1] - 1] == mark]
        last = ends[-1] if ends else first + MAX_WORDS - 1
        yield words[first][0], words[last][1], last + 1 - first
        first = last + 1
    if first < len(words):
        yield words[first][0], words[-1][1], len(words) - first
