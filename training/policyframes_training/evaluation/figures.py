"""What is measured of a model, with intervals that resample documents.

Passages of one document resemble each other, so intervals that resample passages would be too narrow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from policyframes.bundle import FramingSettings
from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.resampling import (
    BINS,
    Decisions,
    Floats,
    decide,
    draw_exact_set,
    draw_figures,
    draw_weights,
    split_bins,
    summarise,
)

__all__ = [
    "BINS",
    "OVERALL",
    "PER_FRAMING",
    "RESAMPLES",
    "Evaluation",
    "draw_weights",
    "evaluate",
    "evaluate_decisions",
    "split_bins",
]

RESAMPLES = 1_000
PER_FRAMING = (
    "f1",
    "precision",
    "recall",
    "average_precision",
    "ece",
    "precision_outside_band",
    "absence_precision_outside_band",
    "coverage",
)
OVERALL = (*(f"macro_{name}" for name in PER_FRAMING), "exact_set_accuracy")


@dataclass(frozen=True)
class Evaluation:
    """All figures of one set of passages.

    Attributes:
        passages: number of passages.
        documents: number of documents that they stem from.
        framings: by framing, the figures of `PER_FRAMING`.
        overall: the figures of `OVERALL`.
    """

    passages: int
    documents: int
    framings: dict[str, dict[str, Estimate]]
    overall: dict[str, Estimate]


def evaluate(
    probabilities: Floats,
    passages: PassageSet,
    settings: Mapping[str, FramingSettings],
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> Evaluation:
    """Measure calibrated probabilities against the codes.

    Figures per framing: F1, precision and recall of its presence at the bundle's threshold; average precision;
    expected calibration error over `BINS` bins of equal mass (Nguyen and O'Connor 2015, "Posterior calibration and
    exploratory analysis for natural language processing models", section 3), of the framing's own probability;
    outside the band, the shares of decisions "present" and of decisions "absent" that are right; and the share of
    passages outside it. `macro_` is the plain mean over framings; `exact_set_accuracy` is the share of passages whose
    whole set of framings is right.

    Intervals: percentile bootstrap over documents (Efron and Tibshirani 1993, "An introduction to the bootstrap",
    section 13.3), 95 %. Bins and thresholds stay as they are; the documents are drawn. A resample's calibration error
    holds the noise of the drawing as well, so its interval is moved by the bootstrap's estimate of that bias (ibid.,
    section 10.2), not below 0.

    Args:
        probabilities: shape (n, L).
        passages: n passages coded for L framings.
        settings: thresholds and bands, by framing, in the order of the columns.
        seed: of the resampling.
        resamples: number of resamples.
    """
    return evaluate_decisions(decide(probabilities, settings), passages, seed=seed, resamples=resamples)


def evaluate_decisions(
    decisions: Decisions, passages: PassageSet, *, seed: int, resamples: int = RESAMPLES
) -> Evaluation:
    """Measure decisions against the codes; the figures are those of `evaluate`.

    Decisions and not probabilities, because the passages of a cascade are decided at two sets of thresholds.

    Args:
        decisions: on n passages.
        passages: n passages coded for L framings.
        seed: of the resampling.
        resamples: number of resamples.
    """
    weights = draw_weights(passages.documents, seed=seed, resamples=resamples)
    drawn = draw_figures(decisions, passages.targets, weights=weights)
    overall = {
        f"macro_{name}": _summarise(name, np.mean([figures[name] for figures in drawn], axis=0)) for name in PER_FRAMING
    }
    exact = draw_exact_set(decisions, passages.targets, weights=weights)
    return Evaluation(
        passages=len(passages),
        documents=len(set(passages.documents)),
        framings={
            framing: {name: _summarise(name, figures[name]) for name in PER_FRAMING}
            for framing, figures in zip(passages.framings, drawn, strict=True)
        },
        overall={**overall, "exact_set_accuracy": summarise(exact)},
    )


def _summarise(name: str, draws: Floats) -> Estimate:
    return summarise(draws, is_error=name == "ece")
