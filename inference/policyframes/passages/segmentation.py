"""Blocks -> passages: of one document with all that is no passage, or of many plain texts at once.

Every character of the canonical text lies in exactly one passage or one block that is no passage.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from policyframes.documents.document import Block, BlockKind, Document
from policyframes.passages.blocks import mark_blocks
from policyframes.passages.grouping import Cut, cut_group, group_section
from policyframes.passages.parts import part_document, part_text
from policyframes.passages.prose import Glance, Looks, find_prose, look_at
from policyframes.passages.words import FEWEST_WORDS, count_words, has_word, is_fragment

_BODY = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
# As many characters are looked at together: enough to be worth it, few enough to stay near the processor.
_AT_ONCE = 200_000


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
        words: number of its words; counted unless it is given.
    """

    number: int
    start: int
    end: int
    text: str
    page: int | None
    last_page: int | None
    words: int = field(default=-1, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.words < 0:
            object.__setattr__(self, "words", count_words(self.text))


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
    parts = part_document(document)
    cuts, others = _cut_document(document, parts, find_prose(document.text, parts))
    text, page_at = document.text, document.page_at
    passages = tuple(
        Passage(number, start, end, text[start:end], page_at(start), page_at(end - 1), words)
        for number, (start, end, words) in enumerate(cuts, 1)
    )
    return Segmentation(passages, tuple(_with_separators(document.text, passages, others)))


def cut_texts(texts: Sequence[str]) -> list[list[Cut]]:
    """Return where the passages of plain texts lie, for those who need nothing else and have many of them.

    Args:
        texts: n canonical texts.

    Returns:
        For each text start, end and number of words of its passages, as `split_passages` finds them.
    """
    cuts: list[list[Cut]] = []
    first, size = 0, 0
    for index, text in enumerate(texts):
        size += len(text)
        if size >= _AT_ONCE:
            cuts += _cut_together(texts[first : index + 1])
            first, size = index + 1, 0
    return cuts + _cut_together(texts[first:])


def _cut_together(texts: Sequence[str]) -> list[list[Cut]]:
    joined = "\n".join(texts)
    offsets = list(accumulate((len(text) + 1 for text in texts), initial=0))[:-1]
    parts = [part_text(joined, offset, offset + len(text)) for offset, text in zip(offsets, texts, strict=True)]
    looks = look_at(joined, [span for spans in parts for span in spans])
    cuts: list[list[Cut]] = []
    first = 0
    for text, offset, spans in zip(texts, offsets, parts, strict=True):
        last = first + len(spans)
        cuts.append(_cut_text(text, looks, first, last, offset=offset))
        first = last
    return cuts


def _cut_text(text: str, looks: Looks, first: int, last: int, *, offset: int) -> list[Cut]:
    """Return the passages of one of several texts, whose paragraphs are those from `first` to before `last`."""
    spans, words = looks.spans[first:last], looks.words[first:last]
    paragraphs = [(start - offset, end - offset, count) for (start, end), count in zip(spans, words, strict=True)]
    if all(looks.single[first:last]):
        return paragraphs
    # Paragraphs that are no noise each alone may be noise together, where few of their words are plain.
    if all(looks.prose[first:last]) and all(looks.plain[first:last]):
        return [cut for group in group_section(text, paragraphs) for cut in cut_group(text, group)]
    blocks = [Block(start, end, BlockKind.PARAGRAPH) for start, end, _ in paragraphs]
    return _cut_document(Document("", text, "txt", ""), blocks, looks.take(first, last, offset=offset))[0]


def _cut_document(document: Document, parts: list[Block], glance: Glance) -> tuple[list[Cut], list[Block]]:
    """Return the passages of a document, and the blocks that are none."""
    text = document.text
    blocks = mark_blocks(document, parts, glance)
    cuts = _count_words(text, blocks, glance)
    groups = _group(text, blocks, cuts)
    # A block that is still there is no noise, so that one of some words is no fragment.
    sound = {cut for cut in cuts if cut[2] >= FEWEST_WORDS}
    fragments = {cut for cut in groups if cut not in sound and is_fragment(text[cut[0] : cut[1]])}
    if len(fragments) == len(groups):
        # A text of headings or fragments alone is a text all the same: somebody scores a single line.
        blocks = [_as_body(text, block) for block in blocks]
        groups, fragments = _group(text, blocks, _count_words(text, blocks, glance)), set()
    passages = [cut for group in groups if group not in fragments for cut in cut_group(text, group)]
    others = [block for block in blocks if block.kind not in _BODY]
    others += [Block(start, end, BlockKind.FRAGMENT) for start, end, _ in fragments]
    return passages, others


def _count_words(text: str, blocks: Sequence[Block], glance: Glance) -> list[Cut]:
    """Return the paragraphs and list items among blocks with their words."""
    spans = [block.span for block in blocks if block.kind in _BODY]
    return [(*span, glance.words.get(span) or count_words(text[span[0] : span[1]])) for span in spans]


def _group(text: str, blocks: Sequence[Block], cuts: Sequence[Cut]) -> list[Cut]:
    """Join short neighbours; nothing is joined over a heading or another block that is no passage."""
    left = iter(cuts)
    groups: list[Cut] = []
    section: list[Cut] = []
    for block in blocks:
        if block.kind in _BODY:
            section.append(next(left))
        elif section:
            groups += group_section(text, section)
            section = []
    return groups + group_section(text, section)


def _as_body(text: str, block: Block) -> Block:
    """Return a heading as a paragraph, and a paragraph without a word as a fragment."""
    if block.kind not in (*_BODY, BlockKind.HEADING, BlockKind.FRAGMENT):
        return block
    is_text = has_word(text[block.start : block.end])
    return replace(block, kind=BlockKind.PARAGRAPH if is_text else BlockKind.FRAGMENT)


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
