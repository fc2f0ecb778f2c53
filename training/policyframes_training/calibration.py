"""Logits -> probabilities, thresholds and the band of abstention, all from validation passages.

Point estimates on one validation split: they promise nothing for other texts, and the card says so.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from policyframes.bundle import FramingSettings
from policyframes.errors import TrainingError

PROMISED_PRECISION = 0.90
# How far F1 may lie below the highest and still count as equal to it.
F1_PLATEAU = 0.01

# Fewer decisions than this say too little of a precision to end the band there.
_FEWEST_BEYOND_BAND = 20
_NEWTON_STEPS = 100
_TOLERANCE = 1e-10
_DIGITS = 6

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def calibrate(
    logits: Floats, targets: Flags, framings: tuple[str, ...], *, promised_precision: float = PROMISED_PRECISION
) -> dict[str, FramingSettings]:
    """Return the settings of every framing.

    Args:
        logits: uncalibrated, shape (n, L).
        targets: whether each framing is present, shape (n, L).
        framings: ids of the L framings.
        promised_precision: what decisions outside the band must reach on these passages.

    Raises:
        TrainingError: a framing is present in all passages or in none.
    """
    settings: dict[str, FramingSettings] = {}
    for column, framing in enumerate(framings):
        present = targets[:, column]
        if present.all() or not present.any():
            raise TrainingError(
                where=f"framing '{framing}' in the validation split",
                found=f"present in {int(present.sum())} of {len(present)} passages",
                allowed="present in some and absent in others",
                remedy="Split the documents anew, or add passages.",
            )
        slope, offset = fit_platt(logits[:, column], present)
        probabilities = apply_platt(logits[:, column], slope, offset)
        threshold = choose_threshold(probabilities, present)
        start, end = find_band(probabilities, present, threshold, promised_precision=promised_precision)
        settings[framing] = FramingSettings(threshold, slope, offset, uncertain_from=start, uncertain_to=end)
    return settings


def fit_platt(logits: Floats, present: Flags) -> tuple[float, float]:
    """Return slope and offset of `p = sigmoid(slope * logit + offset)`.

    Platt 1999, "Probabilistic outputs for support vector machines", section 2.2: maximum likelihood with the
    targets pulled in from 0 and 1 by one passage each, found by Newton's method.

    Args:
        logits: shape (n,).
        present: shape (n,), with both values.
    """
    positives, negatives = int(present.sum()), int((~present).sum())
    targets = np.where(present, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    design = np.stack([logits, np.ones_like(logits)], axis=1)
    weights = np.array([1.0, 0.0])
    for _ in range(_NEWTON_STEPS):
        probabilities = _sigmoid(design @ weights)
        gradient = design.T @ (probabilities - targets)
        curvature = probabilities * (1 - probabilities)
        # The small ridge keeps the step finite where all probabilities are at 0 or 1.
        hessian = (design * curvature[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        weights = weights - step / max(1.0, float(np.abs(step).max()))
        if float(np.abs(step).max()) < _TOLERANCE:
            break
    return round(float(weights[0]), _DIGITS), round(float(weights[1]), _DIGITS)


def apply_platt(logits: Floats, slope: float, offset: float) -> Floats:
    """Return calibrated probabilities, in the shape of the logits."""
    return _sigmoid(slope * logits + offset)


def choose_threshold(probabilities: Floats, present: Flags) -> float:
    """Return the threshold at which F1 is best and the number of decisions right; midway between two passages.

    The highest F1 lies on a plateau that these passages cannot tell apart, and its low end decides "present" far too
    often for a tool that reports shares. So, of all thresholds whose F1 is within `F1_PLATEAU` of the highest, the
    one whose count of decisions is nearest to the count of passages that do carry the framing.

    Args:
        probabilities: shape (n,).
        present: shape (n,).
    """
    values, true_positives, decided = _count_from_above(probabilities, present)
    f1 = 2 * true_positives / (decided + present.sum())
    plateau = np.flatnonzero(f1 >= f1.max() - F1_PLATEAU)
    best = int(plateau[np.argmin(np.abs(decided[plateau] - present.sum()))])
    below = values[best + 1] if best + 1 < len(values) else 0.0
    return round(float((values[best] + below) / 2), _DIGITS)


def find_band(
    probabilities: Floats, present: Flags, threshold: float, *, promised_precision: float
) -> tuple[float, float]:
    """Return the smallest band around the threshold outside which decisions are as right as promised.

    From `end` up, the share of passages that do carry the framing is at least `promised_precision`; below `start`,
    the share that do not carry it is. The reject option of Chow 1970, "On optimum recognition error and reject
    tradeoff", with each side's bound set by its own error on the passages given.

    Args:
        probabilities: shape (n,).
        present: shape (n,).
        threshold: from which the framing is decided present.
        promised_precision: between 0 and 1.

    Returns:
        start (inclusive) and end (exclusive), start <= threshold <= end.
    """
    end = _find_end(probabilities, present, threshold, promised_precision)
    # Seen from the other side: absence is what is decided, and 1 - p is its probability.
    mirrored = _find_end(1.0 - probabilities, ~present, 1.0 - threshold, promised_precision)
    return round(1.0 - mirrored, _DIGITS), round(end, _DIGITS)


def _find_end(probabilities: Floats, present: Flags, threshold: float, promised: float) -> float:
    values, true_positives, decided = _count_from_above(probabilities, present)
    above = values >= threshold
    precision = true_positives / decided
    kept = np.flatnonzero(above & (precision >= promised) & (decided >= _FEWEST_BEYOND_BAND))
    if len(kept) == 0:
        return 1.0
    last = int(kept[-1])
    if last == int(np.flatnonzero(above)[-1]):
        return threshold
    return float((values[last] + values[last + 1]) / 2)


def _count_from_above(probabilities: Floats, present: Flags) -> tuple[Floats, Floats, Floats]:
    """Return the distinct values, falling, with the counts of present and of all passages at or above each."""
    order = np.argsort(-probabilities, kind="stable")
    falling = probabilities[order]
    ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    return falling[ends], np.cumsum(present[order])[ends].astype(np.float64), (ends + 1).astype(np.float64)


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -500, 500))))
