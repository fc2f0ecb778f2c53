"""What is measured of a model, with intervals that resample documents.

Passages of one document resemble each other, so intervals that resample passages would be too narrow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policyframes.bundle import FramingSettings
from policyframes_training.agreement import measure_agreement
from policyframes_training.corpus import PassageSet
from policyframes_training.estimates import Estimate
from policyframes_training.labels import Labels

BINS = 15
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

_LEVEL = 0.95

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


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
    weights = draw_weights(passages.documents, seed=seed, resamples=resamples)
    draws: dict[str, dict[str, Floats]] = {}
    right = np.ones(len(passages), dtype=np.bool_)
    for column, framing in enumerate(passages.framings):
        chosen = settings[framing]
        present = passages.targets[:, column]
        draws[framing] = _measure_framing(probabilities[:, column], present, chosen, weights=weights)
        right &= (probabilities[:, column] >= chosen.threshold) == present
    overall = {
        f"macro_{name}": np.mean([draws[framing][name] for framing in passages.framings], axis=0)
        for name in PER_FRAMING
    }
    overall["exact_set_accuracy"] = _divide(weights @ right, weights.sum(axis=1))
    return Evaluation(
        passages=len(passages),
        documents=len(set(passages.documents)),
        framings={f: {name: _summarise(name, values) for name, values in draws[f].items()} for f in draws},
        overall={name: _summarise(name, values) for name, values in overall.items()},
    )


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


def measure_second_coder(labels: Labels) -> dict[str, Estimate]:
    """Return what a second coder reaches against the first's codes: the ceiling for a model.

    F1 by framing, their mean as `macro`, and the share of equal sets as `exact_set`; on all passages that both coded,
    of any split. Empty where there is no second coding.
    """
    if not labels.second:
        return {}
    agreement = measure_agreement(labels)
    return {**agreement.f1, "macro": agreement.mean_f1, "exact_set": agreement.exact}


def _measure_framing(
    probabilities: Floats, present: Flags, settings: FramingSettings, *, weights: Floats
) -> dict[str, Floats]:
    decided = probabilities >= settings.threshold
    outside = (probabilities < settings.uncertain_from) | (probabilities >= settings.uncertain_to)
    hits = weights @ (decided & present)
    present_sure, absent_sure = decided & outside, ~decided & outside
    return {
        "f1": _divide(2 * hits, weights @ decided + weights @ present),
        "precision": _divide(hits, weights @ decided),
        "recall": _divide(hits, weights @ present),
        "average_precision": _average_precision(probabilities, present, weights),
        "ece": _calibration_error(probabilities, present, weights),
        "precision_outside_band": _divide(weights @ (present_sure & present), weights @ present_sure),
        "absence_precision_outside_band": _divide(weights @ (absent_sure & ~present), weights @ absent_sure),
        "coverage": _divide(weights @ outside, weights.sum(axis=1)),
    }


def _average_precision(probabilities: Floats, present: Flags, weights: Floats) -> Floats:
    order = np.argsort(-probabilities, kind="stable")
    falling = probabilities[order]
    # Passages with one probability stand or fall together.
    ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], np.True_))
    ranked = weights[:, order]
    hits = np.cumsum(ranked * present[order], axis=1)[:, ends]
    decided = np.cumsum(ranked, axis=1)[:, ends]
    gained = np.diff(hits, axis=1, prepend=0.0)
    precision = np.divide(hits, decided, out=np.zeros_like(hits), where=decided > 0)
    return _divide((gained * precision).sum(axis=1), hits[:, -1])


def _calibration_error(probabilities: Floats, present: Flags, weights: Floats) -> Floats:
    gaps = [np.abs(weights[:, rows] @ (probabilities[rows] - present[rows])) for rows in split_bins(probabilities)]
    return _divide(np.sum(gaps, axis=0), weights.sum(axis=1))


def split_bins(probabilities: Floats, bins: int = BINS) -> list[npt.NDArray[np.intp]]:
    """Return the rows of each bin of equal mass, from the lowest probabilities to the highest."""
    order = np.argsort(probabilities, kind="stable")
    return [rows for rows in np.array_split(order, bins) if len(rows)]


def _divide(numerator: Floats, denominator: Floats) -> Floats:
    undefined = np.full(np.shape(numerator), np.nan)
    return np.asarray(np.divide(numerator, denominator, out=undefined, where=np.asarray(denominator) > 0))


def _summarise(name: str, draws: Floats) -> Estimate:
    value, resampled = float(draws[0]), draws[1:][np.isfinite(draws[1:])]
    if len(resampled) == 0:
        return Estimate(value, float("nan"), float("nan"))
    tail = (1 - _LEVEL) / 2
    low, high = (float(bound) for bound in np.quantile(resampled, [tail, 1 - tail]))
    if name.endswith("ece"):
        bias = float(resampled.mean()) - value
        low, high = max(0.0, low - bias), max(0.0, high - bias)
    return Estimate(value, low, high)
