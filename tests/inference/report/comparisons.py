"""Builders of comparisons for the page: of scored texts, and of numbers given by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from policyframes.documents.document import Document
from policyframes.passages import Passage, Segmentation
from policyframes.profiles import Change, CollectedDocument, Collection, Comparison, PlacedPassage, Profile, Share
from policyframes.scorer import Score, ScoredDocument, ScoredPassage
from policyframes.taxonomy import Aspect
from tests.inference.builders import make_bundle

FRAMINGS = ("securitized", "governance", "partnership")
MEXICO = Aspect("mexico", "Mexico", "The Mexican state.", ("Mexico",))


def collect(scored: ScoredDocument, aspects: Sequence[str] = (), voice: str | None = None, **metadata: str):
    placed = tuple(
        PlacedPassage(scored.document.id, item.passage, item.score, tuple(aspects), voice) for item in scored.passages
    )
    return CollectedDocument(scored, placed, metadata)


def make_scored(name: str, texts: Sequence[str], scores: Sequence[Score], **changes) -> ScoredDocument:
    """Return a scored document whose passages are the texts."""
    whole, passages = "", []
    for number, (text, score) in enumerate(zip(texts, scores, strict=True), 1):
        start = len(whole)
        whole += f"{text}\n\n"
        passages.append(ScoredPassage(Passage(number, start, start + len(text), text, 1, 1), score))
    document = Document(**{"id": name, "text": whole, "format": "txt", "source": f"{name}.txt", **changes})
    return ScoredDocument(document, Segmentation(tuple(item.passage for item in passages), ()), tuple(passages))


def make_score(*framings: str, uncertain: Sequence[str] = (), probability: float = 0.9) -> Score:
    probabilities = {name: probability if name in framings else 0.1 for name in FRAMINGS}
    return Score(probabilities, tuple(framings), framings[0] if framings else None, tuple(uncertain))


def make_share(kind: str, value: float | None, total: int = 50, *, width: float = 0.1, method: str = "adjusted"):
    bounds = (None, None) if value is None else (max(0.0, value - width), min(1.0, value + width))
    return Share(kind, round((value or 0.0) * total), total, value, *bounds, method)


def make_comparison(
    groups: Mapping[str, Sequence[float | None]],
    *,
    by: str = "year",
    total: int = 50,
    changes: Sequence[Change] = (),
    metadata: Mapping[str, Mapping[str, str]] | None = None,
) -> Comparison:
    """Return a comparison of groups with these shares of the framings; each group is one document."""
    documents, profiles = [], {}
    for name, values in groups.items():
        texts = [f"Passage {number} of {name}." for number in range(1, total + 1)]
        known = {} if by == "document" else {by: name}
        document = collect(
            make_scored(name, texts, [make_score("governance")] * total), **{**known, **(metadata or {}).get(name, {})}
        )
        documents.append(document)
        shares = {kind: make_share(kind, value, total) for kind, value in zip(FRAMINGS, values, strict=True)}
        shares |= {"none": make_share("none", 0.1, total), "uncertain": make_share("uncertain", 0.2, total)}
        profiles[None, name] = Profile(name, None, (name,), document.passages, shares)
    collection = Collection(tuple(documents), (), make_bundle())
    return Comparison(collection, by, tuple(groups), (None,), profiles, tuple(changes), by == "year")


def make_change(before: str, after: str, difference: float | None, adjusted: float | None, kind: str = "securitized"):
    bounds = (None, None) if difference is None else (difference - 0.05, difference + 0.05)
    is_significant = adjusted is not None and adjusted < 0.05
    return Change(None, kind, before, after, difference, *bounds, adjusted, adjusted, is_significant)
