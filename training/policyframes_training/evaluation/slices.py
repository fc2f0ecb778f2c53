"""Figures by kind, administration, decade, length, voice, origin and doubt. Measures only; it scores nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from policyframes_training.corpus.corpus import Corpus, PassageSet
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.resampling import Decisions, draw_exact_set, draw_f1, draw_weights, summarise
from policyframes_training.labels.coded import ADMINISTRATIONS, KINDS, CatalogueEntry, Side

# With fewer passages that carry a framing, one more error moves its F1 by several points: no number is given.
FEWEST_POSITIVES = 10
# With fewer documents a resample is one of a handful of draws: no interval is given, and nothing is flagged.
FEWEST_DOCUMENTS = 5

_NONE = "(none)"
_LENGTHS = ((60, "under 60 words"), (100, "60-99 words"), (150, "100-149 words"))
_LONGEST = "150 words or more"
_ORDER = (*KINDS, *ADMINISTRATIONS, *(name for _, name in _LENGTHS), _LONGEST)

Dimensions = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Slice:
    """The figures of the passages that share one value.

    Attributes:
        dimension: such as `kind`.
        value: such as `news`.
        passages: number of passages.
        documents: number of documents that they stem from.
        positives: by framing, the number of passages that carry it.
        f1: by framing; None where fewer than `FEWEST_POSITIVES` carry it.
        macro_f1: mean over the framings; None where one of them has none.
        exact_set: share of passages whose whole set is right; None with fewer than `FEWEST_POSITIVES` passages.
        below: which of these figures (`macro_f1`, `exact_set` or a framing) have an interval that lies wholly below
            the value of all passages.
    """

    dimension: str
    value: str
    passages: int
    documents: int
    positives: dict[str, int]
    f1: dict[str, Estimate | None]
    macro_f1: Estimate | None
    exact_set: Estimate | None
    below: tuple[str, ...]


def describe_passages(corpus: Corpus, catalogue: Mapping[str, CatalogueEntry], side: Side = "test") -> Dimensions:
    """Return by dimension the value of each passage of a split, in the order of `Corpus.passages`.

    Without a catalogue there are no kinds, administrations and decades; what is not known is `(none)`.
    """
    columns = corpus.splits[side].to_dict()
    entries = [catalogue.get(document) for document in columns["document"]]
    described: dict[str, Sequence[str]] = {}
    if catalogue:
        described["kind"] = [entry.kind if entry else _NONE for entry in entries]
        described["administration"] = [(entry.administration if entry else "") or _NONE for entry in entries]
        described["decade"] = [
            f"{entry.year // 10 * 10}s" if entry and entry.year is not None else _NONE for entry in entries
        ]
    described["length"] = [name_length(text) for text in columns["text"]]
    described["voice"] = [voice or _NONE for voice in columns["voice"]]
    described["origin"] = list(columns["origin"])
    described["doubt"] = [str(doubt) for doubt in columns["doubt"]]
    return described


def name_length(text: str) -> str:
    """Return the class of length that a text belongs to, by its words."""
    words = len(text.split())
    return next((name for limit, name in _LENGTHS if words < limit), _LONGEST)


def measure_slices(
    decisions: Decisions, passages: PassageSet, dimensions: Dimensions, *, seed: int, resamples: int
) -> tuple[Slice, ...]:
    """Measure every value of every dimension.

    Args:
        decisions: on n passages.
        passages: n passages coded for L framings.
        dimensions: by dimension, the value of each of the n passages.
        seed: of the resampling; in each slice its own documents are drawn.
        resamples: number of resamples.
    """
    whole = _measure(decisions, passages, ("", ""), seed=seed, resamples=0)
    slices = []
    for dimension, values in dimensions.items():
        named = np.array(values)
        for value in sorted(set(values), key=_rank):
            mask = named == value
            part = _measure(
                decisions.select(mask), passages.select(mask), (dimension, value), seed=seed, resamples=resamples
            )
            slices.append(_flag(part, whole))
    return tuple(slices)


def _measure(decisions: Decisions, passages: PassageSet, name: tuple[str, str], *, seed: int, resamples: int) -> Slice:
    documents = len(set(passages.documents))
    weights = draw_weights(passages.documents, seed=seed, resamples=resamples if documents >= FEWEST_DOCUMENTS else 0)
    counts = passages.targets.sum(axis=0)
    drawn = draw_f1(decisions.present, passages.targets, weights=weights)
    f1 = {
        framing: summarise(draws) if count >= FEWEST_POSITIVES else None
        for framing, count, draws in zip(passages.framings, counts, drawn, strict=True)
    }
    exact = draw_exact_set(decisions, passages.targets, weights=weights)
    return Slice(
        dimension=name[0],
        value=name[1],
        passages=len(passages),
        documents=documents,
        positives={framing: int(count) for framing, count in zip(passages.framings, counts, strict=True)},
        f1=f1,
        macro_f1=summarise(drawn.mean(axis=0)) if None not in f1.values() else None,
        exact_set=summarise(exact) if len(passages) >= FEWEST_POSITIVES else None,
        below=(),
    )


def _flag(part: Slice, whole: Slice) -> Slice:
    pairs = {
        "macro_f1": (part.macro_f1, whole.macro_f1),
        "exact_set": (part.exact_set, whole.exact_set),
        **{framing: (part.f1[framing], whole.f1[framing]) for framing in part.f1},
    }
    below = tuple(
        name
        for name, (own, all_) in pairs.items()
        if own is not None and all_ is not None and math.isfinite(own.high) and own.high < all_.value
    )
    return Slice(**{**vars(part), "below": below})


def _rank(value: str) -> tuple[int, str]:
    if value == _NONE:
        return len(_ORDER) + 1, value
    return _ORDER.index(value) if value in _ORDER else len(_ORDER), value
