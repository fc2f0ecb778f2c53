"""Builders of scored documents and collections whose shares can be told by eye."""

from __future__ import annotations

from policyframes.bundle import Bundle
from policyframes.documents.document import Document
from policyframes.passages import Passage, Segmentation
from policyframes.profiles import Collection, assemble_collection
from policyframes.profiles.errors import ErrorTable, KindErrors
from policyframes.scorer import Score, ScoredDocument, ScoredPassage
from tests.inference.builders import make_bundle, make_document

FRAMINGS = ("securitized", "governance", "partnership")
# Of a bundle that errs about as much as those that ship.
ERRORS = KindErrors(
    share=0.4,
    score=0.42,
    slope=0.7,
    separation=0.5,
    variance_present=0.08,
    variance_absent=0.05,
    score_variance=0.0002,
    slope_variance=0.03,
    document_variance=0.008,
)
TABLE = ErrorTable(500, 90, dict.fromkeys((*FRAMINGS, "none"), ERRORS))


def make_score(*framings: str, uncertain: tuple[str, ...] = (), high: float = 0.9) -> Score:
    probabilities = {name: high if name in framings else 0.1 for name in FRAMINGS}
    return Score(probabilities, framings, framings[0] if framings else None, uncertain)


def make_scored(name: str, kinds: str, *, title: str = "", words: str = "word") -> ScoredDocument:
    """Return a document of one passage a letter: s, g, p, or - for none; `words` begins each text."""
    known = {framing[0]: framing for framing in FRAMINGS}
    texts = [f"{words} {number} of {name}." for number in range(1, len(kinds) + 1)]
    passages, start = [], 0
    for number, (text, kind) in enumerate(zip(texts, kinds, strict=True), 1):
        passage = Passage(number, start, start + len(text), text, 1, 1)
        passages.append(ScoredPassage(passage, make_score(*([known[kind]] if kind in known else []))))
        start += len(text) + 2
    document = make_document("\n\n".join(texts), id=name, title=title, source=f"{name}.txt", page_starts=(0,))
    return _score(document, passages)


def make_collection(
    kinds: dict[str, str], metadata: dict[str, dict[str, str]] | None = None, bundle: Bundle | None = None, **how
) -> Collection:
    scored = [make_scored(name, letters) for name, letters in kinds.items()]
    return assemble_collection(scored, metadata, bundle=bundle or make_bundle(), **how)


def _score(document: Document, passages: list[ScoredPassage]) -> ScoredDocument:
    segmentation = Segmentation(tuple(item.passage for item in passages), ())
    return ScoredDocument(document, segmentation, tuple(passages))
