"""Figures of decisions, once as they are and once per resample of the documents.

Every figure is an array with one value per row of weights; what the rows say is for the callers to summarise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policyframes.bundle import FramingSettings
from policyframes_training.estimates import Estimate

BINS = 15

_LEVEL = 0.95

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Decisions:
    """What a model says of n passages, for L framings; all arrays have the shape (n, L).

    Attributes:
        probabilities: calibrated.
        present: whether the framing is decided present.
        sure: whether the decision lies outside the band of abstention.
    """

    probabilities: Floats
    present: Flags
    sure: Flags

    def select(self, mask: Flags) -> Decisions:
        """Return the decisions on the passages for which the mask, shape (n,), is true."""
        return Decisions(self.probabilities[mask], self.present[mask], self.sure[mask])


def decide(probabilities: Floats, settings: Mapping[str, FramingSettings]) -> Decisions:
    """Return the decisions at a bundle's thresholds and bands.

    Args:
        probabilities: calibrated, shape (n, L).
        settings: by framing, in the order of the columns.
    """
    threshold = np.array([chosen.threshold for chosen in settings.values()])
    start = np.array([chosen.uncertain_from for chosen in settings.values()])
    end = np.array([chosen.uncertain_to for chosen in settings.values()])
    return Decisions(probabilities, probabilities >= threshold, (probabilities < start) | (probabilities >= end))


def draw_weights(documents: tuple[str, ...], *, seed: int, resamples: int) -> Floats:
    """Return how often each passage counts: row 0 once each, then one row per resample of the documents.

    Args:
        documents: document of each of n passages.
        seed: of the random generator.
        resamples: number of resamples R.

    Returns:
        Shape (R + 1, n).
    """
    names, index = np.unique(np.array(documents), return_inverse=True)
    generator = np.random.default_rng(seed)
    counts = generator.multinomial(len(names), np.full(len(names), 1.0 / len(names)), size=resamples)
    return np.concatenate([np.ones((1, len(documents))), counts[:, index].astype(np.float64)])


def draw_figures(decisions: Decisions, targets: Flags, *, weights: Floats) -> list[dict[str, Floats]]:
    """Return every figure of every framing, each of shape (R + 1,); NaN where it is not defined.

    Per framing: `f1`, `precision` and `recall` of its presence; `average_precision`; `ece`, the expected calibration
    error over `BINS` bins of equal mass; `brier`, the mean square of probability less presence (Brier 1950,
    "Verification of forecasts expressed in terms of probability"); `precision_outside_band` and
    `absence_precision_outside_band`, the shares of sure decisions "present" and "absent" that are right; `coverage`,
    the share of sure decisions.

    Args:
        decisions: of n passages.
        targets: the codes, shape (n, L).
        weights: from `draw_weights`, shape (R + 1, n).
    """
    return [_draw_framing(decisions, targets, column, weights=weights) for column in range(targets.shape[1])]


def draw_exact_set(decisions: Decisions, targets: Flags, *, weights: Floats) -> Floats:
    """Return the share of passages whose whole set of framings is right, shape (R + 1,)."""
    return divide(weights @ (decisions.present == targets).all(axis=1), weights.sum(axis=1))


def draw_f1(present: Flags, targets: Flags, *, weights: Floats) -> Floats:
    """Return F1 of the presence of each framing, shape (L, R + 1)."""
    return divide(2 * (weights @ (present & targets)), weights @ present + weights @ targets).T


def split_bins(probabilities: Floats, bins: int = BINS) -> list[npt.NDArray[np.intp]]:
    """Return the rows of each bin of equal mass, from the lowest probabilities to the highest."""
    order = np.argsort(probabilities, kind="stable")
    return [rows for rows in np.array_split(order, bins) if len(rows)]


def divide(numerator: Floats, denominator: Floats) -> Floats:
    """Return the quotient, NaN where nothing is divided by."""
    undefined = np.full(np.shape(numerator), np.nan)
    return np.asarray(np.divide(numerator, denominator, out=undefined, where=np.asarray(denominator) > 0))


def summarise(draws: Floats, *, is_error: bool = False) -> Estimate:
    """Return the first value with the interval of the others.

    The percentile bootstrap (Efron and Tibshirani 1993, "An introduction to the bootstrap", section 13.3), 95 %.

    Args:
        draws: the value, then one per resample.
        is_error: of a calibration error. A resample's error holds the noise of the drawing as well, so that the
            interval is moved by the bootstrap's estimate of that bias (ibid., section 10.2), not below 0.
    """
    value, resampled = float(draws[0]), draws[1:][np.isfinite(draws[1:])]
    if len(resampled) == 0:
        return Estimate(value, float("nan"), float("nan"))
    tail = (1 - _LEVEL) / 2
    low, high = (float(bound) for bound in np.quantile(resampled, [tail, 1 - tail]))
    if is_error:
        bias = float(resampled.mean()) - value
        low, high = max(0.0, low - bias), max(0.0, high - bias)
    return Estimate(value, low, high)


def _draw_framing(decisions: Decisions, targets: Flags, column: int, *, weights: Floats) -> dict[str, Floats]:
    probabilities = decisions.probabilities[:, column]
    decided, sure = decisions.present[:, column], decisions.sure[:, column]
    present = targets[:, column]
    hits, total = weights @ (decided & present), weights.sum(axis=1)
    present_sure, absent_sure = decided & sure, ~decided & sure
    return {
        "f1": divide(2 * hits, weights @ decided + weights @ present),
        "precision": divide(hits, weights @ decided),
        "recall": divide(hits, weights @ present),
        "average_precision": _draw_average_precision(probabilities, present, weights),
        "ece": _draw_calibration_error(probabilities, present, weights),
        "brier": divide(weights @ (probabilities - present) ** 2, total),
        "precision_outside_band": divide(weights @ (present_sure & present), weights @ present_sure),
        "absence_precision_outside_band": divide(weights @ (absent_sure & ~present), weights @ absent_sure),
        "coverage": divide(weights @ sure, total),
    }


def _draw_average_precision(probabilities: Floats, present: Flags, weights: Floats) -> Floats:
    order = np.argsort(-probabilities, kind="stable")
    falling = probabilities[order]
    # Passages with one probability stand or fall together.
    ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], np.True_))
    ranked = weights[:, order]
    hits = np.cumsum(ranked * present[order], axis=1)[:, ends]
    decided = np.cumsum(ranked, axis=1)[:, ends]
    gained = np.diff(hits, axis=1, prepend=0.0)
    precision = np.divide(hits, decided, out=np.zeros_like(hits), where=decided > 0)
    return divide((gained * precision).sum(axis=1), hits[:, -1])


def _draw_calibration_error(probabilities: Floats, present: Flags, weights: Floats) -> Floats:
    gaps = [np.abs(weights[:, rows] @ (probabilities[rows] - present[rows])) for rows in split_bins(probabilities)]
    return divide(np.sum(gaps, axis=0), weights.sum(axis=1))
