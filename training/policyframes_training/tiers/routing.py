"""What joins two tiers: how their logits are weighed, and which passages the slower one reads.

Both are chosen on passages that neither tier was fitted on. Nothing is measured here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from policyframes.backends import Calibration
from policyframes.bundle import FramingSettings
from policyframes_training.corpus.held_out import HeldOut
from policyframes_training.linear.linear import check_presence

# The share of passages that the encoder may read at the quality `balanced`. The fast tier's time hardly counts beside
# the encoder's: at this share the cascade is about five times as fast as the encoder (benchmarks/README.md).
ROUTED_SHARE = 0.27

# Where the trade-off is looked at.
SHARES = tuple(round(0.05 * step, 2) for step in range(21))

_DIGITS = 6
_WEAK_PENALTY = 1_000.0

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Route = dict[str, list[float]]


@dataclass(frozen=True)
class Tradeoff:
    """What the cascade gives at one width of the route.

    Attributes:
        share: share of the passages that the encoder reads.
        macro_f1: of the decisions, on the same passages.
    """

    share: float
    macro_f1: float


def fit_blend(fast: HeldOut, encoder: HeldOut, framings: tuple[str, ...]) -> tuple[list[float], list[float]]:
    """Return the weights of both tiers' logits by framing, those of the fast tier first; none is negative.

    Logistic regression on the two logits: stacking (Wolpert 1992, "Stacked generalization"), on passages that neither
    was fitted on.

    Args:
        fast: n passages with the logits of the fast tier.
        encoder: the same passages with those of the encoder.
        framings: ids of the L framings.

    Raises:
        TrainingError: a framing is present in all passages or in none.
    """
    check_presence(fast.targets, framings, where="the passages that the tiers are weighed on")
    weights = []
    for column in range(len(framings)):
        both = np.stack([fast.logits[:, column], encoder.logits[:, column]], axis=1)
        fitted = LogisticRegression(C=_WEAK_PENALTY).fit(both, fast.targets[:, column]).coef_[0]
        weights.append([round(max(0.0, float(weight)), _DIGITS) for weight in fitted])
    return [pair[0] for pair in weights], [pair[1] for pair in weights]


def blend(fast: Floats, encoder: Floats, weights: tuple[list[float], list[float]]) -> Floats:
    """Return the weighted sums of two tiers' logits, each of shape (n, L)."""
    return np.asarray(fast * np.array(weights[0]) + encoder * np.array(weights[1]))


def choose_route(fast: Floats, settings: Mapping[str, FramingSettings], *, share: float = ROUTED_SHARE) -> Route:
    """Return, by framing, the range of probabilities in which a passage goes to the encoder.

    A passage goes there where one of its framings is nearer to its threshold, on the scale of logits, than a margin;
    the margin is the widest with which at most `share` of the passages go (uncertainty sampling with a budget;
    Lewis and Gale 1994, "A sequential algorithm for training text classifiers", section 4).

    Args:
        fast: uncalibrated logits of the fast tier, shape (n, L).
        settings: of the fast tier, in the order of the columns.
        share: between 0 and 1.
    """
    distances = np.sort(_measure_distances(fast, settings))
    routed = int(share * len(distances))
    return _lay_route(float(distances[min(routed, len(distances) - 1)]), settings)


def trace_tradeoff(
    fast: HeldOut,
    blended: Floats,
    fast_settings: Mapping[str, FramingSettings],
    settings: Mapping[str, FramingSettings],
    *,
    shares: tuple[float, ...] = SHARES,
) -> tuple[Tradeoff, ...]:
    """Return what the cascade gives when the encoder reads the least certain share of the passages.

    Args:
        fast: n passages with the logits of the fast tier.
        blended: the logits of both together, shape (n, L).
        fast_settings: of the fast tier.
        settings: of the blended logits.
        shares: to try.
    """
    order = np.argsort(_measure_distances(fast.logits, fast_settings), kind="stable")
    alone, together = _decide(fast.logits, fast_settings), _decide(blended, settings)
    found = []
    for share in shares:
        decided = alone.copy()
        routed = order[: round(share * len(order))]
        decided[routed] = together[routed]
        found.append(Tradeoff(share, measure_macro_f1(decided, fast.targets)))
    return tuple(found)


def measure_macro_f1(decided: Flags, targets: Flags) -> float:
    """Return the mean over framings of the F1 of presence, both of shape (n, L)."""
    hits = (decided & targets).sum(axis=0)
    return float(np.mean(2 * hits / np.maximum(1, decided.sum(axis=0) + targets.sum(axis=0))))


def _measure_distances(logits: Floats, settings: Mapping[str, FramingSettings]) -> Floats:
    """Return how far each passage's nearest framing is from its threshold, in calibrated logits, shape (n,)."""
    slopes = np.array([s.slope for s in settings.values()])
    offsets = np.array([s.offset for s in settings.values()])
    thresholds = np.array([_to_logit(s.threshold) for s in settings.values()])
    return np.asarray(np.abs(logits * slopes + offsets - thresholds).min(axis=1))


def _lay_route(margin: float, settings: Mapping[str, FramingSettings]) -> Route:
    return {
        framing: [
            round(float(_to_probability(_to_logit(s.threshold) - margin)), _DIGITS),
            round(float(_to_probability(_to_logit(s.threshold) + margin)), _DIGITS),
        ]
        for framing, s in settings.items()
    }


def _decide(logits: Floats, settings: Mapping[str, FramingSettings]) -> Flags:
    thresholds = np.array([s.threshold for s in settings.values()])
    return np.asarray(Calibration(settings).apply(logits) >= thresholds)


def _to_logit(probability: float) -> float:
    bounded = min(max(probability, 1e-9), 1 - 1e-9)
    return float(np.log(bounded / (1 - bounded)))


def _to_probability(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))
