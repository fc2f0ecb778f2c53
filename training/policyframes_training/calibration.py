"""Logits -> probabilities, thresholds and the band of abstention, all from passages that the model was not fitted on.

Chooses and never measures: what the choices are worth on new documents is for evaluation.py to say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from policyframes.bundle import FramingSettings
from policyframes_training.held_out import HeldOut
from policyframes_training.linear import check_presence

PROMISED_PRECISION = 0.90
# Of the lower bound that has to reach the promised precision; one-sided, for each end of each band.
CONFIDENCE = 0.90
# How far F1 may lie below the highest and still count as equal to it.
F1_PLATEAU = 0.01
# A band that leaves fewer of a side's decisions outside is of little use; it is where the search for an end begins.
LEAST_OUTSIDE = 0.2

_STEP = 0.05
_NEWTON_STEPS = 100
_TOLERANCE = 1e-10
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

    Probabilities and thresholds come from validation alone: they follow how common a framing is, and train need not be
    like other documents in that. The bands come from both, because a bound needs many passages.

    Args:
        validation: its passages with the logits of the model itself.
        train: its passages with logits of models that were not fitted on them, see `linear.hold_out`.
        framings: ids of the L framings.
        promised_precision: what decisions outside the band are to reach on new documents.

    Raises:
        TrainingError: a framing is present in all passages of validation or in none.
    """
    check_presence(validation.targets, framings, where="the validation passages")
    logits = np.concatenate([validation.logits, train.logits])
    targets = np.concatenate([validation.targets, train.targets])
    documents = validation.documents + train.documents
    settings: dict[str, FramingSettings] = {}
    outside: dict[str, tuple[float, float]] = {}
    for column, framing in enumerate(framings):
        coded = validation.targets[:, column]
        slope, offset = fit_platt(validation.logits[:, column], coded)
        threshold = choose_threshold(apply_platt(validation.logits[:, column], slope, offset), coded)
        probabilities = apply_platt(logits[:, column], slope, offset)
        start, end = find_band(
            probabilities, targets[:, column], threshold, documents=documents, promised_precision=promised_precision
        )
        settings[framing] = FramingSettings(threshold, slope, offset, uncertain_from=start, uncertain_to=end)
        decided = probabilities >= threshold
        outside[framing] = _share(probabilities >= end, decided), _share(probabilities < start, ~decided)
    return Calibration(settings, outside, passages=len(documents), documents=len(set(documents)))


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
    probabilities: Floats,
    present: Flags,
    threshold: float,
    *,
    documents: tuple[str, ...],
    promised_precision: float,
) -> tuple[float, float]:
    """Return the band around the threshold outside which decisions are likely to be as right as promised.

    The reject option of Chow 1970, "On optimum recognition error and reject tradeoff", with each side's end set by
    its own error: the share of passages beyond `end` that do not carry the framing, and below `start` that do.

    An end is taken where the lower bound of that precision, at confidence `CONFIDENCE`, reaches the promise (see
    `bound_precision`). Ends are tested in a fixed sequence, from `LEAST_OUTSIDE` of a side's decisions outside, the
    surest ones, to all of them; the last one before the first failure is taken. Such a sequence needs no correction
    for the number of tests: Angelopoulos, Bates, Candès, Jordan and Lei 2021, "Learn then Test: calibrating predictive
    algorithms to achieve risk control". The bound is approximate, because documents differ, and is for each end on
    its own. The threshold comes from some of the same passages; it only sets the steps of a sequence.

    Args:
        probabilities: shape (n,).
        present: shape (n,).
        threshold: from which the framing is decided present.
        documents: of the n passages.
        promised_precision: between 0 and 1.

    Returns:
        start (inclusive) and end (exclusive), start <= threshold <= end; 0 or 1 where no end of a side passes.
    """
    clusters = np.unique(np.array(documents), return_inverse=True)[1]
    end = _find_end(probabilities, present, threshold, clusters=clusters, promised=promised_precision)
    # Seen from the other side: absence is what is decided, and 1 - p is its probability.
    mirrored = _find_end(1.0 - probabilities, ~present, 1.0 - threshold, clusters=clusters, promised=promised_precision)
    return round(1.0 - mirrored, _DIGITS), round(end, _DIGITS)


def bound_precision(right: Flags, clusters: npt.NDArray[np.intp], *, confidence: float = CONFIDENCE) -> float:
    """Return the one-sided lower bound of a share of right decisions, passages of one document being alike.

    Clopper and Pearson 1934, "The use of confidence or fiducial limits illustrated in the case of the binomial", on
    the effective number of passages of Korn and Graubard 1998, "Confidence intervals for proportions with small
    expected number of positive counts estimated from survey data": n divided by the design effect, the variance
    between documents over that of as many independent passages; never more than n, and without their correction for
    degrees of freedom. Where all are right there is no variance to go by, and each document counts once.

    Args:
        right: whether each decision is right, shape (n,), n >= 1.
        clusters: number of each one's document, shape (n,).
        confidence: between 0 and 1.
    """
    size = len(right)
    share = float(right.mean())
    names, place = np.unique(clusters, return_inverse=True)
    if share == 0:
        return 0.0
    if share == 1 or len(names) == 1:
        effective = float(len(names))
    else:
        gaps = np.bincount(place, weights=right - share)
        between = len(names) / (len(names) - 1) * float((gaps**2).sum()) / size**2
        effective = min(float(size), share * (1 - share) / between) if between > 0 else float(size)
    hits = share * effective
    return float(betaincinv(hits, effective - hits + 1, 1 - confidence))


def _find_end(
    probabilities: Floats, present: Flags, threshold: float, *, clusters: npt.NDArray[np.intp], promised: float
) -> float:
    order = np.argsort(-probabilities, kind="stable")
    falling, right, documents = probabilities[order], present[order], clusters[order]
    decided = int((falling >= threshold).sum())
    # The bound of fewer decisions fails even where all are right.
    fewest = math.ceil(math.log(1 - CONFIDENCE) / math.log(promised))
    end = 1.0
    for share in np.arange(LEAST_OUTSIDE, 1 + _STEP / 2, _STEP):
        # Passages with one probability stand or fall together.
        wanted = min(decided, max(fewest, round(share * decided)))
        outside = int((falling >= falling[wanted - 1]).sum()) if wanted else 0
        if outside < fewest or bound_precision(right[:outside], documents[:outside]) < promised:
            return end
        end = threshold if outside >= decided else float((falling[outside - 1] + falling[outside]) / 2)
    return end


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
