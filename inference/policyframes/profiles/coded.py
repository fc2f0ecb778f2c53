"""Shares corrected by a hand-coded sample of the very passages: prediction-powered inference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import numpy.typing as npt

from policyframes.profiles.collection import PlacedPassage
from policyframes.profiles.errors import NONE, list_kinds, measure_kind
from policyframes.profiles.quantiles import find_t_quantile
from policyframes.profiles.shares import LEVEL, Share, bound_effective, count_kinds

# Fewer coded passages than these say too little of how the model errs here.
MIN_CODED = 10

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CodedSample:
    """Passages that somebody coded by hand.

    Attributes:
        framings: the framings that the coder found, by document and number of the passage; none of them for `none`.
            The passages must have been drawn at random from those whose shares are asked for.
    """

    framings: Mapping[tuple[str, int], frozenset[str]]


def estimate_from_sample(
    passages: Sequence[PlacedPassage], framings: Sequence[str], sample: CodedSample
) -> Mapping[str, Share]:
    """Return the shares of the framings and of `none` as the hand-coded passages correct them.

    PPI++ of Angelopoulos, Duchi and Zrnic 2023 (arXiv 2311.01453): the mean code of the coded passages, moved by what
    the model says of the others less what it says of these, times a weight that the coded passages choose. A model
    that is of no use gets the weight 0, and what is left is the coded share. So the estimate holds whatever the
    model's errors are, if the coded passages are a random sample of these.

    The interval is Wilson's (1927) at the effective number of passages, `share (1 - share) / variance`, with the
    quantile of Student's t for the coded passages (Korn and Graubard 1998, "Confidence intervals for proportions with
    small expected number of positive counts"), so that it is right for small samples and at shares of 0 and 1.

    Args:
        passages: those whose shares are asked for.
        framings: their ids in order.
        sample: codes of some of them; codes of other passages are not used.

    Returns:
        By kind; empty where fewer than `MIN_CODED` of the passages are coded: the shares without them then stand.
        `uncertain` is not in it, for it is what the model says of itself.
    """
    keys = [(item.document, item.passage.number) for item in passages]
    is_coded = np.array([key in sample.framings for key in keys], dtype=np.bool_)
    if int(is_coded.sum()) < MIN_CODED:
        return {}
    coded = [sample.framings[key] for key in keys if key in sample.framings]
    counts = count_kinds([item.score for item in passages], framings)
    shares = {}
    for kind in list_kinds(framings):
        scores = np.array([measure_kind(item.score, kind) for item in passages])
        codes = np.array([not codes if kind == NONE else kind in codes for codes in coded], dtype=np.float64)
        value, low, high = correct_share(codes, scores[is_coded], scores[~is_coded])
        shares[kind] = Share(kind, counts[kind], len(passages), value, low, high, "coded")
    return shares


def correct_share(codes: Floats, scores: Floats, others: Floats) -> tuple[float, float, float]:
    """Return the estimate of a share and the ends of its interval.

    Args:
        codes: 1 where a coded passage is of the kind, else 0, shape (n,).
        scores: of these passages, shape (n,).
        others: scores of the passages that are not coded, shape (m,).
    """
    n, m = len(codes), len(others)
    weight = tune_weight(codes, scores, m)
    moved = weight * (fmean(others) - fmean(scores)) if m else 0.0
    value = min(max(fmean(codes) + moved, 0.0), 1.0)
    plain = float(np.var(codes, ddof=1)) / n
    # One degree of freedom more is spent where the weight was chosen.
    spent = 2 if weight else 1
    rest = codes - weight * scores
    variance = float(((rest - rest.mean()) ** 2).sum()) / (n - spent) / n
    variance += weight**2 * float(np.var(others)) / m if m else 0.0
    gain = plain / variance if variance > 0 and plain > 0 else 1.0
    return value, *bound_effective(value, n * max(1.0, gain), find_t_quantile(n - spent, LEVEL))


def tune_weight(codes: Floats, scores: Floats, others: int) -> float:
    """Return the weight of the model's scores that makes the variance least, 0 to 1 (ibid., section 6).

    Args:
        codes: of the coded passages, shape (n,).
        scores: of these passages, shape (n,).
        others: number of the passages that are not coded.
    """
    spread = float(np.var(scores, ddof=1))
    if others == 0 or spread == 0:
        return 0.0
    together = float(np.cov(codes, scores, ddof=1)[0, 1])
    return min(1.0, max(0.0, together / ((1 + len(codes) / others) * spread)))
