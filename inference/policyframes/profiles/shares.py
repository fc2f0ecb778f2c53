"""The share of passages of one kind, with its interval."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

from policyframes.profiles.errors import NONE, ErrorTable, KindErrors, measure_kind
from policyframes.scorer import Score

if TYPE_CHECKING:
    from policyframes.profiles.collection import PlacedPassage

UNCERTAIN = "uncertain"
LEVEL = 0.95
# Below this an interval spans most of the scale, and its coverage was not measured.
MIN_PASSAGES = 10
# Passages of a document among which the model errs alike: in longer documents the held-out passages show the spread
# of as many stretches of this length, see docs/shares.md.
STRETCH = 20

Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)

Method = Literal["adjusted", "coded", "counted"]


@dataclass(frozen=True)
class Share:
    """The share of passages of one kind.

    Attributes:
        kind: id of a framing, `none`, or `uncertain`.
        count: passages that the model decided to be of this kind.
        passages: passages in all.
        value: the estimated share, 0 to 1; None where there are too few passages to say.
        low: lower end of the 95 % interval; None where there is no value.
        high: upper end of the interval.
        method: how value and interval were had. `adjusted`: corrected for the classifier's errors, the interval
            holds them and the sampling of passages. `coded`: corrected by a hand-coded sample of these passages.
            `counted`: `count / passages`, and the interval holds the sampling of passages alone; for `uncertain`,
            which is what the model says of itself, and for a bundle that does not state its errors.
    """

    kind: str
    count: int
    passages: int
    value: float | None
    low: float | None
    high: float | None
    method: Method

    @property
    def counted(self) -> float | None:
        """Return the bare share of decisions; None where there are no passages."""
        return self.count / self.passages if self.passages else None


@dataclass(frozen=True)
class Sample:
    """What an estimate needs to know of a set of passages.

    Attributes:
        mean: mean score.
        passages: their number n.
        clustering: sum over the documents' stretches of the square of their part of the passages, less 1 / n: 0 where
            each passage is of another document, nearly 1 where all are of one short document.
    """

    mean: float
    passages: int
    clustering: float


def estimate_shares(
    passages: Sequence[PlacedPassage], framings: Sequence[str], errors: ErrorTable | None
) -> Mapping[str, Share]:
    """Return the share of each kind among the passages: framings in their order, then `none` and `uncertain`.

    Framings and `none` are estimated from the mean of their calibrated probabilities, corrected for what the bundle's
    error table says of them; the interval is the set of all shares at which that mean would be no surprise
    (`bound_share`). `uncertain` is what the model says of itself: it is counted. So is every kind that the table does
    not know. No share has a value where there are fewer than `MIN_PASSAGES` passages.

    Args:
        passages: of a document, of a group, or of an aspect within either.
        framings: their ids in order.
        errors: of the bundle that scored, see `find_errors`; None to count.
    """
    shares = dict(count_shares([item.score for item in passages], framings))
    known = errors.kinds if errors is not None else {}
    for kind in known.keys() & shares.keys():
        sample = describe_sample(passages, kind)
        if sample.passages:
            value, low, high = bound_share(sample, known[kind])
            shares[kind] = Share(kind, shares[kind].count, sample.passages, value, low, high, "adjusted")
    if len(passages) >= MIN_PASSAGES:
        return shares
    return {
        kind: Share(kind, share.count, share.passages, None, None, None, share.method) for kind, share in shares.items()
    }


def describe_sample(passages: Sequence[PlacedPassage], kind: str) -> Sample:
    """Return what an estimate of the share of a kind needs to know of the passages."""
    n = len(passages)
    if n == 0:
        return Sample(math.nan, 0, 0.0)
    mean = math.fsum(measure_kind(item.score, kind) for item in passages) / n
    return Sample(mean, n, measure_clustering(Counter(item.document for item in passages).values()))


def measure_clustering(sizes: Collection[int]) -> float:
    """Return `Sample.clustering` from the numbers of passages by document.

    A document of more than `STRETCH` passages counts as several of that size.
    """
    total = sum(sizes)
    return sum(size * min(size, STRETCH) for size in sizes) / total**2 - 1 / total


def bound_share(sample: Sample, errors: KindErrors, z: float = Z) -> tuple[float, float, float]:
    """Return the estimate of a share and the ends of its interval.

    The mean score of passages with share pi is expected at `m(pi) = score + slope * (pi - share)`. The estimate is the
    pi that gives the mean that was seen. The interval holds every pi for which it lies within z standard errors, all
    of them reckoned at that pi: a score interval as Wilson's (1927), a quadratic in pi. Its variance is the sum of
    the sampling of passages, of documents on which the model errs alike, and of what is not known of `score` and
    `slope`.

    A slope of `separation` would be right if the scores of each class were spread alike in all documents (prior shift;
    the probabilistic adjusted count of Bella et al. 2010, "Quantification via probability estimators"); one of 1 if
    equal scores meant equal odds in all documents (covariate shift; the mean probability, Card and Smith 2018, "The
    importance of calibration for estimating proportions from annotations"). Held-out documents lie between.

    Args:
        sample: n passages.
        errors: of the kind.
        z: standard errors that are no surprise.
    """
    slope, n = errors.slope, sample.passages
    # A mean beyond those of the shares 0 and 1 is as good as theirs.
    seen = min(max(sample.mean - errors.score + slope * errors.share, 0.0), slope)
    squared, linear, constant = expand_variance(sample, errors)
    a = slope**2 - z**2 * squared
    b = slope * seen + z**2 * linear / 2
    c = seen**2 - z**2 * constant
    value = seen / slope
    # The scores say so little of the share that no share is a surprise.
    if n == 0 or a <= 0:
        return value, 0.0, 1.0
    half = math.sqrt(max(0.0, b * b - a * c))
    return value, min(value, max(0.0, (b - half) / a)), max(value, min(1.0, (b + half) / a))


def expand_variance(sample: Sample, errors: KindErrors, *, is_shared: bool = True) -> tuple[float, float, float]:
    """Return the coefficients of pi squared, of pi and of 1 in the variance of the mean score at the share pi.

    Args:
        sample: n passages.
        errors: of the kind.
        is_shared: with what is not known of `score` and `slope`, which all passages of the bundle share.
    """
    n, spread = sample.passages, errors.separation**2
    squared = -spread / n
    linear = (errors.variance_present - errors.variance_absent + spread) / n
    constant = errors.variance_absent / n + sample.clustering * errors.document_variance
    if is_shared:
        squared += errors.slope_variance
        linear -= 2 * errors.slope_variance * errors.share
        constant += errors.score_variance + errors.slope_variance * errors.share**2
    return squared, linear, constant


def count_kinds(scores: Sequence[Score], framings: Sequence[str]) -> dict[str, int]:
    """Return the number of passages by kind: each framing, then none and uncertain."""
    counts = {framing: sum(framing in score.framings for score in scores) for framing in framings}
    return {
        **counts,
        NONE: sum(score.none for score in scores),
        UNCERTAIN: sum(bool(score.uncertain) for score in scores),
    }


def count_shares(scores: Sequence[Score], framings: Sequence[str]) -> Mapping[str, Share]:
    """Return the bare shares with Wilson's score interval (1927); they know of no classifier error."""
    total = len(scores)
    shares = {}
    for kind, count in count_kinds(scores, framings).items():
        low, high = bound_proportion(count, total) if total else (None, None)
        shares[kind] = Share(kind, count, total, count / total if total else None, low, high, "counted")
    return shares


def bound_proportion(count: int, total: int) -> tuple[float, float]:
    """Return Wilson's score interval (1927) of `count / total`."""
    return bound_effective(count / total, total, Z)


def bound_effective(value: float, passages: float, z: float) -> tuple[float, float]:
    """Return Wilson's interval of a share at a number of passages that need not be whole; it holds the share."""
    centre = (value * passages + z * z / 2) / (passages + z * z)
    half = z / (passages + z * z) * math.sqrt(passages * value * (1 - value) + z * z / 4)
    # At 0 and 1 an end is the share itself, but for rounding.
    return max(0.0, min(value, centre - half)), min(1.0, max(value, centre + half))
