"""The share of passages of one kind, with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from policyframes.scorer import Score

NONE = "none"
UNCERTAIN = "uncertain"
LEVEL = 0.95

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
        low, high = _bound_proportion(count, total) if total else (None, None)
        shares[kind] = Share(kind, count, total, count / total if total else None, low, high, "counted")
    return shares


def _bound_proportion(count: int, total: int) -> tuple[float, float]:
    z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    centre = (count + z * z / 2) / (total + z * z)
    half = z / (total + z * z) * math.sqrt(count * (total - count) / total + z * z / 4)
    return max(0.0, centre - half), min(1.0, centre + half)
