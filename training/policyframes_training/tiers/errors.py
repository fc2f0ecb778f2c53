"""How far a tier's scores are from the codes: the numbers that shares and their intervals are estimated with.

Fitted on passages that no model had learnt from, never on test. What they are worth on new documents is for
evaluation/interval_coverage.py to say; why they are these, docs/shares.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from policyframes.bundle import Bundle, FramingSettings
from policyframes.profiles.errors import ALL, KindErrors, list_kinds
from policyframes.profiles.shares import STRETCH
from policyframes_training.corpus.corpus import Corpus
from policyframes_training.corpus.held_out import HeldOut
from policyframes_training.tiers.calibration import apply_platt, fit_platt
from policyframes_training.tiers.routing import blend

# Where between the slope of prior shift (0) and that of covariate shift (1) the line is drawn, and the standard
# deviation of that place from one set of documents to another: chosen on held-out documents, see docs/shares.md.
SLOPE_PLACE = 0.5
SLOPE_SPREAD = 0.4
# With fewer passages of a kind, or of others, among those of validation, its numbers would be guesses.
FEWEST_PASSAGES = 10

_DIGITS = 6
# Scores that tell the kind less apart say nothing of its share.
_LEAST_SEPARATION = 0.05

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ReadPassages:
    """Passages with calibrated probabilities of a model that had not seen them.

    Attributes:
        probabilities: shape (n, L).
        targets: which framings are present, shape (n, L).
        documents: document of each.
        ids: id of each; a rewrite and its original share one.
    """

    probabilities: Floats
    targets: Flags
    documents: tuple[str, ...]
    ids: tuple[str, ...]


@dataclass(frozen=True)
class _Kind:
    """The scores of one kind, whether it was coded, and the numbers of document and id, each of shape (n,)."""

    scores: Floats
    coded: Flags
    documents: npt.NDArray[np.intp]
    ids: npt.NDArray[np.intp]


def fit_tier_errors(
    settings: Mapping[str, FramingSettings], validation: HeldOut, train: HeldOut, corpus: Corpus
) -> dict[str, Any]:
    """Return the errors of a bundle that reads every passage in one way, as its manifest holds them.

    Args:
        settings: calibration of the bundle.
        validation: with the logits of the model itself.
        train: with logits of models that had not seen them; may be empty.
        corpus: that both are of.
    """
    return {ALL: _describe_table(*read_tier(settings, validation, train, corpus), corpus.framings)}


def read_tier(
    settings: Mapping[str, FramingSettings], validation: HeldOut, train: HeldOut, corpus: Corpus
) -> tuple[ReadPassages, ReadPassages]:
    """Return validation and train with calibrated probabilities; arguments as for `fit_tier_errors`."""
    return _read(corpus, (_calibrate(validation.logits, settings), _recalibrate(train)))


def fit_cascade_errors(
    cascade: Bundle, fast: tuple[HeldOut, HeldOut], encoder: tuple[HeldOut, HeldOut], corpus: Corpus
) -> dict[str, Any]:
    """Return the errors of a cascade at the qualities that its encoder reads at, as its manifest holds them.

    Args:
        cascade: with its parts.
        fast: validation and train, as its fast part reads them.
        encoder: the same passages, as its encoder does.
        corpus: that they are of.
    """
    weights = cascade.features["blend"]["fast"], cascade.features["blend"]["encoder"]
    route = np.array([cascade.features["route"]["balanced"][name] for name in cascade.framing_ids])
    by_quality: dict[str, list[Floats]] = {"balanced": [], "best": []}
    for side, (quick, slow) in enumerate(zip(fast, encoder, strict=True)):
        both = HeldOut(blend(quick.logits, slow.logits, weights), quick.targets, quick.documents)
        if side == 0:
            alone = _calibrate(quick.logits, cascade.parts["fast"].framings)
            together = _calibrate(both.logits, cascade.framings)
        else:
            alone, together = _recalibrate(quick), _recalibrate(both)
        routed = np.any((alone >= route[:, 0]) & (alone < route[:, 1]), axis=1)
        by_quality["balanced"].append(np.where(routed[:, None], together, alone))
        by_quality["best"].append(together)
    return {
        quality: _describe_table(*_read(corpus, (sides[0], sides[1])), corpus.framings)
        for quality, sides in by_quality.items()
    }


def fit_errors(validation: ReadPassages, train: ReadPassages, framings: tuple[str, ...]) -> dict[str, KindErrors]:
    """Return the numbers of every kind that enough passages of validation were coded with.

    The level of the scores (`share`, `score` and the variance of `score`, which is robust to clusters by document)
    comes from validation alone, for its passages were scored by the very model. How scores are spread, between kinds
    and between documents, comes from validation and train.

    Args:
        validation: passages with the probabilities of the bundle itself.
        train: passages with those of models that had not seen them, calibrated on their own codes; may be empty.
        framings: ids of the L framings.
    """
    alone, both = _split_kinds(validation), _split_kinds(_join(validation, train))
    found = {}
    for kind, own, pooled in zip(list_kinds(framings), alone, both, strict=True):
        present = int(own.coded.sum())
        if min(present, len(own.coded) - present) < FEWEST_PASSAGES:
            continue
        numbers = _fit_kind(own, pooled)
        if numbers.separation > _LEAST_SEPARATION:
            found[kind] = numbers
    return found


def _describe_table(validation: ReadPassages, train: ReadPassages, framings: tuple[str, ...]) -> dict[str, Any]:
    kinds = fit_errors(validation, train, framings)
    return {
        "passages": len(validation.ids) + len(train.ids),
        "documents": len({*validation.documents, *train.documents}),
        "kinds": {
            kind: {name: round(number, _DIGITS) for name, number in asdict(numbers).items()}
            for kind, numbers in kinds.items()
        },
    }


def _read(corpus: Corpus, probabilities: tuple[Floats, Floats]) -> tuple[ReadPassages, ReadPassages]:
    validation, train = corpus.passages("validation"), corpus.passages("train")
    if len(probabilities[1]) == 0:
        train = train.take(np.empty(0, dtype=np.intp))
    first, second = (
        ReadPassages(side, passages.targets, passages.documents, passages.ids)
        for passages, side in zip((validation, train), probabilities, strict=True)
    )
    return first, second


def _join(first: ReadPassages, second: ReadPassages) -> ReadPassages:
    return ReadPassages(
        np.concatenate([first.probabilities, second.probabilities]),
        np.concatenate([first.targets, second.targets]),
        first.documents + second.documents,
        first.ids + second.ids,
    )


def _calibrate(logits: Floats, settings: Mapping[str, FramingSettings]) -> Floats:
    columns = [apply_platt(column, s.slope, s.offset) for column, s in zip(logits.T, settings.values(), strict=True)]
    return np.stack(columns, axis=1)


def _recalibrate(train: HeldOut) -> Floats:
    """Return probabilities of the folds' models, calibrated on their own codes.

    Their logits are on the bundle's scale, but its level is that of validation; how scores are spread is asked here at
    the level that train has.
    """
    if not train.documents:
        return np.empty(train.logits.shape)
    pairs = zip(train.logits.T, train.targets.T, strict=True)
    return np.stack([apply_platt(logits, *fit_platt(logits, coded)) for logits, coded in pairs], axis=1)


def _split_kinds(read: ReadPassages) -> list[_Kind]:
    documents = np.unique(np.array(read.documents), return_inverse=True)[1]
    ids = np.unique(np.array(read.ids), return_inverse=True)[1]
    scores = np.column_stack([read.probabilities, np.prod(1 - read.probabilities, axis=1)])
    coded = np.column_stack([read.targets, ~read.targets.any(axis=1)])
    return [_Kind(scores[:, column], coded[:, column], documents, ids) for column in range(scores.shape[1])]


def _fit_kind(own: _Kind, pooled: _Kind) -> KindErrors:
    present, absent = pooled.scores[pooled.coded], pooled.scores[~pooled.coded]
    separation = float(present.mean() - absent.mean())
    slope = separation + SLOPE_PLACE * (1 - separation)
    share, score = float(own.coded.mean()), float(own.scores.mean())
    return KindErrors(
        share=share,
        score=score,
        slope=slope,
        separation=separation,
        variance_present=float(present.var(ddof=1)),
        variance_absent=float(absent.var(ddof=1)),
        score_variance=_measure_level(own, slope),
        slope_variance=(SLOPE_SPREAD * (1 - separation)) ** 2,
        document_variance=_measure_documents(pooled, slope),
    )


def _measure_level(kind: _Kind, slope: float) -> float:
    """Return the variance of the mean distance from the line, robust to clusters (Liang and Zeger 1986)."""
    rest = kind.scores - kind.scores.mean() - slope * (kind.coded - kind.coded.mean())
    sums = np.bincount(kind.documents, rest)
    clusters = len(sums)
    return float((sums**2).sum()) / len(rest) ** 2 * clusters / max(1, clusters - 1)


def _measure_documents(kind: _Kind, slope: float) -> float:
    """Return the variance that passages of one stretch share: the mean product of two passages' distances.

    Products of different passages alone, so that a passage's own chance is not in it, nor what a rewrite shares with
    its original. In a document of more than `STRETCH` passages two of them seldom lie in one stretch, and their
    products are scaled up to that. Each document is weighed by the square root of its pairs.
    """
    rest = kind.scores - kind.scores.mean() - slope * (kind.coded - kind.coded.mean())
    _, first = np.unique(kind.ids, return_index=True)
    documents_of_ids = kind.documents[first]
    sizes = np.bincount(documents_of_ids)
    products, pairs = (
        np.bincount(kind.documents, values) ** 2
        - np.bincount(documents_of_ids, np.bincount(kind.ids, values) ** 2, len(sizes))
        for values in (rest, np.ones_like(rest))
    )
    kept = pairs > 0
    if not kept.any():
        return 0.0
    weights = 1 / np.sqrt(pairs[kept])
    scaled = products[kept] * np.maximum(1, sizes[kept] / STRETCH)
    return max(0.0, float((weights * scaled).sum() / (weights * pairs[kept]).sum()))
