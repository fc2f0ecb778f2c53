"""Agreement of the second coder with the first on voice: the ceiling beside which a voice model's scores are read."""

from __future__ import annotations

import numpy as np

from policyframes_training.estimates import Estimate
from policyframes_training.labels.agreement import measure_f1
from policyframes_training.labels.coded import CodedPassage, Labels, Span

_REPORTED = "reported"


def measure_voice_agreement(labels: Labels, *, resamples: int = 1000, seed: int = 20261121) -> dict[str, Estimate]:
    """Return what a second coder reaches on voice, against the first, on the passages that the first gave a framing.

    Args:
        labels: the labels.
        resamples: bootstrap resamples of whole documents.
        seed: of the bootstrap.

    Returns:
        `reported`, F1; `precision` and `recall` of it; `macro`, the same F1; `exact_set`, the share of equal codes.
        Empty where there is no second coding.
    """
    firsts: dict[str, CodedPassage | Span] = {span.id: span for span in labels.spans}
    firsts.update({passage.id: passage for passage in labels.passages})
    pairs = [
        (firsts[coding.id], coding)
        for coding in labels.second
        if coding.id in firsts and firsts[coding.id].codes.framings
    ]
    if not pairs:
        return {}
    first = np.array([item.codes.voice == _REPORTED for item, _ in pairs], dtype=np.int8)
    second = np.array([coding.codes.voice == _REPORTED for _, coding in pairs], dtype=np.int8)
    _, clusters = np.unique(np.array([item.document for item, _ in pairs]), return_inverse=True)
    count = int(clusters.max()) + 1
    members = [np.flatnonzero(clusters == cluster) for cluster in range(count)]
    draws = np.random.default_rng(seed).integers(count, size=(resamples, count))
    rows = [np.arange(len(pairs)), *(np.concatenate([members[cluster] for cluster in draw]) for draw in draws)]
    drawn = np.array([_measure(first[chosen], second[chosen]) for chosen in rows])
    f1, precision, recall, equal = (_summarise(drawn[:, column]) for column in range(drawn.shape[1]))
    return {_REPORTED: f1, "precision": precision, "recall": recall, "macro": f1, "exact_set": equal}


def _measure(
    first: np.ndarray[tuple[int], np.dtype[np.int8]], second: np.ndarray[tuple[int], np.dtype[np.int8]]
) -> tuple[float, float, float, float]:
    both = int((first & second).sum())
    marked, coded = int(second.sum()), int(first.sum())
    return (
        measure_f1(first, second),
        both / marked if marked else float("nan"),
        both / coded if coded else float("nan"),
        float((first == second).mean()),
    )


def _summarise(drawn: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Estimate:
    known = drawn[1:][np.isfinite(drawn[1:])]
    if not len(known):
        return Estimate(float(drawn[0]), float("nan"), float("nan"))
    low, high = np.percentile(known, [2.5, 97.5])
    return Estimate(float(drawn[0]), float(low), float(high))
