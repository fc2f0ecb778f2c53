"""Two bundles on the same passages: the differences of their figures, with paired intervals over documents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.figures import PER_FRAMING
from policyframes_training.evaluation.resampling import (
    Decisions,
    Floats,
    draw_exact_set,
    draw_figures,
    draw_weights,
    summarise,
)

FIGURES = (*PER_FRAMING, "brier")


@dataclass(frozen=True)
class Difference:
    """One figure of both bundles.

    Attributes:
        figure: one of `FIGURES`, or `exact_set_accuracy`.
        group: the framing, or `mean` for the mean over framings, or for the whole set.
        first: of the bundle.
        second: of the other.
        difference: first less second, with the interval of the differences.
    """

    figure: str
    group: str
    first: float
    second: float
    difference: Estimate

    @property
    def is_clear(self) -> bool:
        """Return whether the interval of the difference leaves out 0."""
        return self.difference.low > 0 or self.difference.high < 0


def compare(
    first: Decisions, second: Decisions, passages: PassageSet, *, seed: int, resamples: int
) -> tuple[Difference, ...]:
    """Return the differences of all figures.

    Paired bootstrap over documents (Berg-Kirkpatrick, Burkett and Klein 2012, "An empirical investigation of
    statistical significance in NLP"): each resample draws the same documents for both, so that what is hard for both
    cancels out.

    Args:
        first: decisions of the bundle on n passages.
        second: decisions of the other on the same passages.
        passages: n passages coded for L framings.
        seed: of the resampling.
        resamples: number of resamples.
    """
    weights = draw_weights(passages.documents, seed=seed, resamples=resamples)
    targets = passages.targets
    drawn = [draw_figures(decisions, targets, weights=weights) for decisions in (first, second)]
    made = []
    for figure in FIGURES:
        own, other = (np.array([figures[figure] for figures in part]) for part in drawn)
        made += [_pair(figure, framing, own[column], other[column]) for column, framing in enumerate(passages.framings)]
        made.append(_pair(figure, "mean", own.mean(axis=0), other.mean(axis=0)))
    own, other = (draw_exact_set(decisions, targets, weights=weights) for decisions in (first, second))
    return (*made, _pair("exact_set_accuracy", "mean", own, other))


def _pair(figure: str, group: str, own: Floats, other: Floats) -> Difference:
    return Difference(figure, group, float(own[0]), float(other[0]), summarise(own - other))
