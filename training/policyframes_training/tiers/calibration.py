"""Logits -> probabilities, thresholds and the band of abstention, all from passages that the model was not fitted on.

Chooses and never measures: what the choices are worth on new documents is for evaluation.py to say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from policyframes.bundle import FramingSettings
from policyframes_training.corpus.held_out import FoldedLogits, HeldOut
from policyframes_training.linear.linear import check_presence

PROMISED_PRECISION = 0.95
# How far F1 may lie below the highest and still count as equal to it.
F1_PLATEAU = 0.01

_NEWTON_STEPS = 100
# So that a share that is exactly what the promise leaves is not lost to the last bit.
_ROUNDING = 1e-9
_TOLERANCE = 1e-10
_LEAST_SLOPE = 1e-3
_DIGITS = 6

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Calibration:
    """What is chosen for every framing, and from what.

    Attributes:
        settings: by framing.
        outside: by framing, the share of its decisions "present" and of its decisions "absent" that lie outside the
            band, on the passages that the bands are set on; 0 where no end keeps the promise.
        passages: number of passages that the bands are set on.
        documents: number of documents that they stem from.
    """

    settings: dict[str, FramingSettings]
    outside: dict[str, tuple[float, float]]
    passages: int
    documents: int


def calibrate(
    validation: HeldOut,
    train: HeldOut,
    framings: tuple[str, ...],
    *,
    promised_precision: float = PROMISED_PRECISION,
) -> Calibration:
    """Choose the settings of every framing.

    Slopes, thresholds and bands come from both: few passages say little of a slope or a rare mistake. How common a
    framing is comes from validation alone, for train need not be like other documents in that; only the bands, which
    promise something of documents that are like neither, keep their promise at both levels: each end is the outer one
    of that set on both as they are and that set with train at validation's level.

    Args:
        validation: its passages with the logits of the model itself.
        train: its passages with logits of models that were not fitted on them, put on the model's scale by
            `align_folds`; may be empty.
        framings: ids of the L framings.
        promised_precision: what decisions outside the band are to reach on new documents.

    Raises:
        TrainingError: a framing is present in all passages of validation or in none.
    """
    check_presence(validation.targets, framings, where="the validation passages")
    targets = np.concatenate([validation.targets, train.targets])
    documents = validation.documents + train.documents
    settings: dict[str, FramingSettings] = {}
    outside: dict[str, tuple[float, float]] = {}
    for column, framing in enumerate(framings):
        own, others = ((side.logits[:, column], side.targets[:, column]) for side in (validation, train))
        (slope, offset), shift = fit_shared_platt(own, others)
        level = apply_platt(np.concatenate([own[0], others[0] + shift]), slope, offset)
        threshold = choose_threshold(level, targets[:, column])
        probabilities = apply_platt(np.concatenate([own[0], others[0]]), slope, offset)
        # New documents may be like the one or the other in how common a framing is.
        bands = (
            find_band(read, targets[:, column], threshold, promised_precision=promised_precision)
            for read in (probabilities, level)
        )
        (start, end), (other_start, other_end) = bands
        start, end = min(start, other_start), max(end, other_end)
        settings[framing] = FramingSettings(threshold, slope, offset, uncertain_from=start, uncertain_to=end)
        decided = probabilities >= threshold
        outside[framing] = _share(probabilities >= end, decided), _share(probabilities < start, ~decided)
    return Calibration(settings, outside, passages=len(documents), documents=len(set(documents)))


def align_folds(folded: FoldedLogits, own: HeldOut) -> HeldOut:
    """Return the train passages with their logits on the scale of the model itself.

    The models of the folds know fewer passages and are surer than they should be; what calibrates their logits does
    not calibrate the model's. All of them have scored validation: there each fold's model and the model itself are
    calibrated, and a logit of the fold's model becomes the one with which the model would mean the same probability.

    Args:
        folded: what the folds' models said.
        own: validation with the logits of the model itself.
    """
    logits = folded.held_out.logits.copy()
    for column, coded in enumerate(own.targets.T):
        slope, offset = fit_platt(own.logits[:, column], coded)
        for fold, said in enumerate(folded.validation):
            its_slope, its_offset = fit_platt(said[:, column], coded)
            # A model that has learnt nothing has no scale.
            if min(slope, its_slope) > _LEAST_SLOPE:
                rows = folded.folds == fold
                logits[rows, column] = (its_slope * logits[rows, column] + its_offset - offset) / slope
    return replace(folded.held_out, logits=logits)


def fit_platt(logits: Floats, present: Flags) -> tuple[float, float]:
    """Return slope and offset of `p = sigmoid(slope * logit + offset)`.

    Platt 1999, "Probabilistic outputs for support vector machines", section 2.2: maximum likelihood with the
    targets pulled in from 0 and 1 by one passage each, found by Newton's method.

    Args:
        logits: shape (n,).
        present: shape (n,), with both values.
    """
    slope, offset = _fit_logistic(np.stack([logits, np.ones_like(logits)], axis=1), present)
    return round(slope, _DIGITS), round(offset, _DIGITS)


def fit_shared_platt(
    validation: tuple[Floats, Flags], train: tuple[Floats, Flags]
) -> tuple[tuple[float, float], float]:
    """Return slope and offset as `fit_platt` does, the slope from both sets, and what is to be added to train's logits.

    How sure a model is shows in both alike. How common a framing is at a given logit follows the documents: the offset
    is that of validation, and train's logits are moved until it fits them too.

    Args:
        validation: logits, shape (v,), and whether the framing is present.
        train: the same of n passages; n may be 0.
    """
    if not len(train[0]):
        return fit_platt(*validation), 0.0
    logits, present = (np.concatenate(pair) for pair in zip(validation, train, strict=True))
    is_train = np.arange(len(logits)) >= len(validation[0])
    design = np.stack([logits, np.ones_like(logits), is_train.astype(np.float64)], axis=1)
    slope, offset, level = _fit_logistic(design, present)
    shift = level / slope if slope > _LEAST_SLOPE else 0.0
    return (round(slope, _DIGITS), round(offset, _DIGITS)), shift


def _fit_logistic(design: Floats, present: Flags) -> tuple[float, ...]:
    """Return the weights of the columns, the first of which is the logit."""
    positives, negatives = int(present.sum()), int((~present).sum())
    targets = np.where(present, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    weights = np.zeros(design.shape[1])
    weights[0] = 1.0
    for _ in range(_NEWTON_STEPS):
        probabilities = _sigmoid(design @ weights)
        gradient = design.T @ (probabilities - targets)
        curvature = probabilities * (1 - probabilities)
        # The small ridge keeps the step finite where all probabilities are at 0 or 1.
        hessian = (design * curvature[:, None]).T @ design + 1e-9 * np.eye(len(weights))
        step = np.linalg.solve(hessian, gradient)
        weights = weights - step / max(1.0, float(np.abs(step).max()))
        if float(np.abs(step).max()) < _TOLERANCE:
            break
    return tuple(float(weight) for weight in weights)


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
    """Return the band around the threshold outside which decisions are expected to be as right as promised.

    The reject option of Chow 1970, "On optimum recognition error and reject tradeoff", with each side's end set by
    its own error: the share of passages beyond `end` that do not carry the framing, and below `start` that do. That
    share is a false discovery rate, and an end is taken as near to the threshold as `(wrong + 1) / outside` stays
    within what the promise leaves: the estimate of Jin and Candès 2023, "Selection by prediction with conformal
    p-values" (JMLR 24), with these passages in the place of the sample that is selected from. So the promise is one
    of expectation over new documents like these: a single set of them may fall short of it.

    The threshold may come from some of the same passages; it only bounds the search.

    Args:
        probabilities: shape (n,).
        present: shape (n,).
        threshold: from which the framing is decided present.
        promised_precision: between 0 and 1.

    Returns:
        start (inclusive) and end (exclusive), start <= threshold <= end; 0 or 1 where no end of a side passes.
    """
    end = _find_end(probabilities, present, threshold, promised=promised_precision)
    # Seen from the other side: absence is what is decided, and 1 - p is its probability.
    mirrored = _find_end(1.0 - probabilities, ~present, 1.0 - threshold, promised=promised_precision)
    return round(1.0 - mirrored, _DIGITS), round(end, _DIGITS)


def _find_end(probabilities: Floats, present: Flags, threshold: float, *, promised: float) -> float:
    values, right, outside = _count_from_above(probabilities, present)
    passing = (values >= threshold) & (outside - right + 1 <= (1 - promised) * outside + _ROUNDING)
    if not passing.any():
        return 1.0
    last = int(np.flatnonzero(passing)[-1])
    if last + 1 == len(values) or values[last + 1] < threshold:
        return threshold
    return float((values[last] + values[last + 1]) / 2)


def _share(part: Flags, whole: Flags) -> float:
    return float((part & whole).sum()) / max(1, int(whole.sum()))


def _count_from_above(probabilities: Floats, present: Flags) -> tuple[Floats, Floats, Floats]:
    """Return the distinct values, falling, with the counts of present and of all passages at or above each."""
    order = np.argsort(-probabilities, kind="stable")
    falling = probabilities[order]
    ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    return falling[ends], np.cumsum(present[order])[ends].astype(np.float64), (ends + 1).astype(np.float64)


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -500, 500))))
