"""How right the surest decisions are: risk and precision at every coverage, for readers who may abstain.

Measures only; where a bundle abstains is settled by its bands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.resampling import Decisions, Flags, Floats, divide, draw_weights, summarise

COVERAGES = tuple(step / 20 for step in range(2, 21))

# Sums of weights are whole numbers; this only absorbs the rounding of a share times a count.
_SLACK = 1e-9


@dataclass(frozen=True)
class CoverageCurve:
    """What is right of the surest decisions about one framing, at each of `COVERAGES`.

    Attributes:
        risk: share of wrong decisions among the surest share of all passages.
        precision: share of right ones among the surest share of the decisions "present".
        area: mean risk over all coverages, the area under the curve; less is better.
    """

    risk: tuple[Estimate, ...]
    precision: tuple[Estimate, ...]
    area: Estimate


def measure_coverage(
    decisions: Decisions, passages: PassageSet, *, seed: int, resamples: int
) -> dict[str, CoverageCurve]:
    """Return the curve of every framing.

    Risk against coverage: El-Yaniv and Wiener 2010, "On the foundations of noise-free selective classification",
    section 2. How sure a decision is: the calibrated probability that it is right.

    Args:
        decisions: on n passages.
        passages: n passages coded for L framings.
        seed: of the resampling of documents.
        resamples: number of resamples.
    """
    weights = draw_weights(passages.documents, seed=seed, resamples=resamples)
    curves: dict[str, CoverageCurve] = {}
    for column, framing in enumerate(passages.framings):
        present = decisions.present[:, column]
        probabilities = decisions.probabilities[:, column]
        right = present == passages.targets[:, column]
        sureness = np.where(present, probabilities, 1 - probabilities)
        wrong = _draw_shares(~right, sureness, weights)
        hits = _draw_shares(right[present], sureness[present], weights[:, present])
        curves[framing] = CoverageCurve(
            risk=tuple(summarise(draws) for draws in wrong),
            precision=tuple(summarise(draws) for draws in hits),
            area=summarise(_draw_area(~right, sureness, weights)),
        )
    return curves


def _draw_shares(marked: Flags, sureness: Floats, weights: Floats) -> Floats:
    """Return the share that is marked among the surest of each coverage, shape (coverages, R + 1)."""
    kept, found = _accumulate(marked, sureness, weights)
    if kept.shape[1] == 0:
        return np.full((len(COVERAGES), len(weights)), np.nan)
    shares = []
    for coverage in COVERAGES:
        within = (kept <= coverage * kept[:, -1:] + _SLACK).sum(axis=1)
        last = np.maximum(within - 1, 0)[:, None]
        reached = np.take_along_axis(kept, last, axis=1)[:, 0] * (within > 0)
        shares.append(divide(np.take_along_axis(found, last, axis=1)[:, 0], reached))
    return np.array(shares)


def _draw_area(marked: Flags, sureness: Floats, weights: Floats) -> Floats:
    kept, found = _accumulate(marked, sureness, weights)
    risk = np.divide(found, kept, out=np.zeros_like(found), where=kept > 0)
    steps = np.diff(kept, axis=1, prepend=0.0)
    return divide((risk * steps).sum(axis=1), kept[:, -1])


def _accumulate(marked: Flags, sureness: Floats, weights: Floats) -> tuple[Floats, Floats]:
    order = np.argsort(-sureness, kind="stable")
    ranked = weights[:, order]
    return np.cumsum(ranked, axis=1), np.cumsum(ranked * marked[order], axis=1)
