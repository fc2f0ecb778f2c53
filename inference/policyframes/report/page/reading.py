"""The text of each document in reading order: its passages with what the model says, and what is no passage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from policyframes.documents.document import BlockKind
from policyframes.evidence import Evidence
from policyframes.profiles import CollectedDocument, PlacedPassage
from policyframes.report.page.marks import Stretch, cut_stretches, list_words
from policyframes.report.page.outline import Kind, Outline
from policyframes.report.page.strip import Strip, build_strip
from policyframes.report.rows import format_probability
from policyframes.scorer import ScoredPassage

EvidenceByPassage = Mapping[tuple[str, int], Mapping[str, Evidence]]

_TITLE = "title"


@dataclass(frozen=True)
class Tag:
    """What the model says of a passage: a framing with its probability, or none."""

    kind: Kind
    probability: str
    is_uncertain: bool
    is_decided: bool


@dataclass(frozen=True)
class Reading:
    """A passage as the page shows it.

    Attributes:
        anchor: id of its place on the page.
        number: position in the document, from 1.
        place: page and characters.
        tags: the framings decided, or none, then those that it may carry.
        look: the look of its primary framing; empty for none.
        stretches: its text, with marks.
        evidence: by framing the words that weigh most.
        aspects: labels of the aspects that it speaks of.
        voice: `own`, `reported`, or empty.
        is_counted: whether the shares hold it.
        kinds: keys of its kinds, for the filter.
        aspect_keys: numbers of its aspects, for the filter.
    """

    anchor: str
    number: int
    place: str
    tags: tuple[Tag, ...]
    look: str
    stretches: tuple[Stretch, ...]
    evidence: tuple[tuple[Kind, tuple[str, ...]], ...]
    aspects: tuple[str, ...]
    voice: str
    is_counted: bool
    kinds: str
    aspect_keys: str


@dataclass(frozen=True)
class Piece:
    """One stretch of a document: a passage, or a block that is none."""

    start: int
    kind: str
    text: str
    passage: Reading | None


@dataclass(frozen=True)
class DocumentView:
    """A document as the page shows it; `source` is the file's name without its folder, which is nobody else's."""

    anchor: str
    title: str
    source: str
    document: CollectedDocument
    metadata: tuple[tuple[str, str], ...]
    strip: Strip | None
    pieces: tuple[Piece, ...]


def build_documents(outline: Outline, evidence: EvidenceByPassage) -> tuple[DocumentView, ...]:
    """Return the documents in the order of the collection."""
    return tuple(_build_document(outline, document, evidence) for document in outline.comparison.collection.documents)


def _build_document(outline: Outline, document: CollectedDocument, evidence: EvidenceByPassage) -> DocumentView:
    scored = document.scored
    text = scored.document.text
    placed = {item.passage.number: item for item in document.passages}
    pieces = [
        Piece(
            item.passage.start,
            "passage",
            "",
            _build_reading(outline, item, placed.get(item.passage.number), (document.id, evidence)),
        )
        for item in scored.passages
    ]
    pieces += [
        Piece(block.start, block.kind.value, text[block.start : block.end], None)
        for block in scored.segmentation.others
        if block.kind is not BlockKind.SEPARATOR
    ]
    return DocumentView(
        anchor=outline.anchors[document.id],
        title=outline.titles[document.id],
        source=PurePath(scored.document.source).name or scored.document.source,
        document=document,
        metadata=tuple((name, value) for name, value in document.metadata.items() if value and name != _TITLE),
        strip=build_strip(outline, document) if scored.passages else None,
        pieces=tuple(sorted(pieces, key=lambda piece: piece.start)),
    )


def _build_reading(
    outline: Outline, item: ScoredPassage, placed: PlacedPassage | None, source: tuple[str, EvidenceByPassage]
) -> Reading:
    name, evidence = source
    passage, score = item.passage, item.score
    found = evidence.get((name, passage.number), {})
    tags = _build_tags(outline, item)
    aspects = placed.aspects if placed else ()
    order = list(outline.aspects)
    return Reading(
        anchor=f"{outline.anchors[name]}p{passage.number}",
        number=passage.number,
        place=_name_place(item),
        tags=tags,
        look=next((kind.look for kind in outline.framings if kind.id == score.primary), ""),
        stretches=cut_stretches(passage.text, outline.framings, found),
        evidence=tuple(
            (kind, words)
            for kind in outline.framings
            if kind.id in found and (words := list_words(passage.text, found[kind.id]))
        ),
        aspects=tuple(outline.name_aspect(aspect) for aspect in aspects),
        voice=(placed.voice or "") if placed else "",
        is_counted=placed is not None,
        kinds=" ".join(
            [*(tag.kind.key for tag in tags if tag.is_decided), *(["uncertain"] if score.uncertain else [])]
        ),
        aspect_keys=" ".join(str(order.index(aspect) + 1) for aspect in aspects if aspect in order),
    )


def _build_tags(outline: Outline, item: ScoredPassage) -> tuple[Tag, ...]:
    score = item.score
    tags = [
        Tag(kind, format_probability(score.probabilities[kind.id]), kind.id in score.uncertain, is_decided=True)
        for kind in outline.framings
        if kind.id in score.framings
    ]
    if score.none:
        tags.append(Tag(outline.none, "", is_uncertain=False, is_decided=True))
    tags += [
        Tag(kind, format_probability(score.probabilities[kind.id]), is_uncertain=True, is_decided=False)
        for kind in outline.framings
        if kind.id in score.uncertain and kind.id not in score.framings
    ]
    return tuple(tags)


def _name_place(item: ScoredPassage) -> str:
    passage = item.passage
    pages = ""
    if passage.page:
        last = f"–{passage.last_page}" if passage.last_page != passage.page else ""
        pages = f"page {passage.page}{last}, "
    return f"{pages}characters {passage.start}–{passage.end}"
