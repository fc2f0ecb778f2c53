"""Macro-F1 on test against the number of labels, and how many more labels a point would cost.

Fits anew, by a recipe that it is given. Beyond the labels at hand it extrapolates, and says how little that knows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from policyframes.errors import TrainingError
from policyframes_training.corpus.corpus import Corpus, PassageSet
from policyframes_training.corpus.learnable import read_learnable
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.refits import Refit, pick_documents
from policyframes_training.evaluation.resampling import Flags, Floats, draw_f1, draw_weights, summarise

SHARES = (0.05, 0.10, 0.20, 0.40, 0.60, 0.80, 1.00)
RUNS = 5
# One point of F1.
GAIN = 0.01

_FEWEST_SIZES = 4
_FORETOLD = 2
_EXPONENTS = np.arange(0.05, 2.0001, 0.05)
_HIGHEST = 1.0
# Beyond this many times the labels at hand a power law says nothing; such a draw counts as out of reach.
_FARTHEST = 100.0

Report = Callable[[str], None]


@dataclass(frozen=True)
class Point:
    """What a share of the training documents gives.

    Attributes:
        share: of the training documents.
        labels: mean number of coded spans in them; a rewrite and its original are one.
        runs: macro-F1 of each draw of documents; a single one where all are taken.
        mean: of the runs, with the interval of the test documents.
    """

    share: float
    labels: float
    runs: tuple[float, ...]
    mean: Estimate


@dataclass(frozen=True)
class PowerLaw:
    """`macro_f1 = limit - scale * labels ** -exponent`, fitted to the points.

    Attributes:
        limit: what the law tends to.
        scale: see above.
        exponent: see above.
        limit_interval: the limit with its 95 % interval.
        labels_for_gain: how many more labels one point of F1 costs, with its 95 % interval; infinite where it is out
            of reach.
        out_of_reach: share of the resamples in which it is.
        foretold: what a law fitted without the last two sizes gives for the last; NaN where too few are left.
    """

    limit: float
    scale: float
    exponent: float
    limit_interval: Estimate
    labels_for_gain: Estimate
    out_of_reach: float
    foretold: Estimate

    def predict(self, labels: Floats) -> Floats:
        """Return the macro-F1 that the law gives for numbers of labels."""
        return np.asarray(self.limit - self.scale * labels**-self.exponent)


@dataclass(frozen=True)
class LearningCurve:
    """The points, and the law through them; None with fewer than four sizes."""

    points: tuple[Point, ...]
    law: PowerLaw | None


def measure_curve(
    corpus: Corpus, refit: Refit, *, seed: int, resamples: int, runs: int = RUNS, report: Report = lambda _: None
) -> LearningCurve:
    """Fit on growing shares of the training documents and measure on test.

    Every run puts the training documents in an order of its own and takes them from the front. Validation and test
    stay whole: it is the number of labels to learn from that grows. A share in which some framing is missing is left
    out.

    Args:
        corpus: from `read_corpus`.
        refit: the recipe.
        seed: of the orders and of the resampling of test documents.
        resamples: number of resamples.
        runs: orders per share.
        report: is told of each point.
    """
    weights = draw_weights(corpus.passages("test").documents, seed=seed, resamples=resamples)
    learnable = read_learnable(corpus, seed=seed)
    points, drawn = [], []
    for share in SHARES:
        fits = _fit_share(
            corpus, learnable, refit, share, seeds=[(seed, run) for run in range(runs if share < 1 else 1)]
        )
        if not fits:
            report(f"{share:.0%} of the training documents: a framing is missing, left out")
            continue
        rows = np.array([_draw_macro(fit, corpus, weights) for _, fit in fits])
        labels = float(np.mean([count for count, _ in fits]))
        points.append(Point(share, labels, tuple(rows[:, 0].tolist()), summarise(rows.mean(axis=0))))
        drawn.append(rows)
        report(f"{share:.0%} of the training documents, {labels:.0f} labels: macro-F1 {points[-1].mean.value:.3f}")
    return LearningCurve(tuple(points), fit_law([point.labels for point in points], drawn, seed=seed))


def fit_law(labels: Sequence[float], drawn: Sequence[Floats], *, seed: int) -> PowerLaw | None:
    """Fit the power law to the mean of each size, once to the values and once per resample.

    Of the forms that are in use this one fits and extrapolates among the best (Viering and Loog 2023, "The shape of
    learning curves: a review", section 4). A resample draws the test documents, which all sizes share, and at each
    size its runs.

    Args:
        labels: number of labels at each of k sizes, growing.
        drawn: per size macro-F1, shape (runs, R + 1): the values, then one column per resample.
        seed: of the drawing of runs.

    Returns:
        None for fewer than four sizes.
    """
    if len(labels) < _FEWEST_SIZES:
        return None
    generator = np.random.default_rng(seed)
    columns = np.arange(drawn[0].shape[1])
    means = []
    for rows in drawn:
        chosen = generator.integers(len(rows), size=(len(rows), len(columns)))
        chosen[:, 0] = np.arange(len(rows))
        means.append(rows[chosen, columns].mean(axis=0))
    sizes, values = np.array(labels), np.array(means).T
    limit, scale, exponent = _solve(sizes, values)
    wanted = _count_labels(limit, scale, exponent, now=float(labels[-1]))
    return PowerLaw(
        limit=float(limit[0]),
        scale=float(scale[0]),
        exponent=float(exponent[0]),
        limit_interval=summarise(limit),
        labels_for_gain=_bound_labels(wanted),
        out_of_reach=float(np.isinf(wanted[1:]).mean()) if len(wanted) > 1 else float("nan"),
        foretold=_foretell(sizes, values),
    )


def _fit_share(
    corpus: Corpus, train: PassageSet, refit: Refit, share: float, *, seeds: Sequence[tuple[int, int]]
) -> list[tuple[int, Flags]]:
    """Return the number of labels and the decisions "present" on test for each order; empty where one cannot fit."""
    validation, test = corpus.passages("validation"), corpus.passages("test")
    names = sorted(set(train.documents))
    fits = []
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(names).tolist()
        part = pick_documents(train, frozenset(order[: math.ceil(share * len(names))]))
        try:
            decisions = refit(part, validation, test)
        except TrainingError:
            return []
        fits.append((len(set(part.ids)), decisions.present))
    return fits


def _draw_macro(present: Flags, corpus: Corpus, weights: Floats) -> Floats:
    targets = corpus.passages("test").targets
    return np.asarray(draw_f1(present, targets, weights=weights).mean(axis=0))


def _solve(labels: Floats, values: Floats) -> tuple[Floats, Floats, Floats]:
    """Return limit, scale and exponent by least squares, shape (R + 1,) each, for values of shape (R + 1, k).

    For a given exponent the rest is linear, so the exponents are tried in turn. The limit stays at or below 1.
    """
    best = np.full(len(values), np.inf)
    solution = np.zeros((3, len(values)))
    for exponent in _EXPONENTS:
        steps = labels**-exponent
        centred = steps - steps.mean()
        scale = np.maximum(0.0, -((values - values.mean(axis=1, keepdims=True)) @ centred) / (centred**2).sum())
        limit = values.mean(axis=1) + scale * steps.mean()
        beyond = limit > _HIGHEST
        scale = np.where(beyond, ((_HIGHEST - values) @ steps) / (steps**2).sum(), scale)
        limit = np.minimum(limit, _HIGHEST)
        errors = ((limit[:, None] - scale[:, None] * steps - values) ** 2).sum(axis=1)
        better = errors < best
        best = np.where(better, errors, best)
        solution = np.where(better, np.stack([limit, scale, np.full(len(values), exponent)]), solution)
    return solution[0], solution[1], solution[2]


def _foretell(labels: Floats, values: Floats) -> Estimate:
    if len(labels) < _FEWEST_SIZES + _FORETOLD:
        return Estimate(float("nan"), float("nan"), float("nan"))
    limit, scale, exponent = _solve(labels[:-_FORETOLD], values[:, :-_FORETOLD])
    return summarise(limit - scale * labels[-1] ** -exponent)


def _count_labels(limit: Floats, scale: Floats, exponent: Floats, *, now: float) -> Floats:
    left = scale * now**-exponent - GAIN
    ratio = np.divide(scale, left, out=np.full_like(left, np.inf), where=left > 0)
    reached = np.where(np.isfinite(ratio), ratio, 1.0) ** (1 / exponent)
    within = np.isfinite(ratio) & (reached <= _FARTHEST * now) & np.isfinite(limit)
    return np.where(within, reached - now, np.inf)


def _bound_labels(wanted: Floats) -> Estimate:
    if len(wanted) == 1:
        return Estimate(float(wanted[0]), float("nan"), float("nan"))
    # Infinite draws are ranked last, and not interpolated.
    low, high = (float(np.quantile(wanted[1:], q, method="higher")) for q in (0.025, 0.975))
    return Estimate(float(wanted[0]), low, high)
