"""How the shares of an archive's groups differ, tested as `policyframes compare` tests: it has the methods.

Periods are compared with the one before; groups without an order with all other articles, two of them with each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from policyframes.archive.gathering import Pool
from policyframes.profiles.change import (
    FEWEST_DOCUMENTS,
    Change,
    Difference,
    GroupScores,
    compare_intervals,
    compare_scores,
    describe_group,
    list_values,
)
from policyframes.profiles.errors import ErrorTable, KindErrors
from policyframes.profiles.shares import STRETCH, UNCERTAIN, Sample, Share

ALL = "all"
OTHERS = "all others"
_PAIR = 2

Shares = Mapping[str, Share]
Estimate = Callable[[Pool], Shares]


@dataclass(frozen=True)
class GroupChange(Change):
    """How a share differs between two groups of articles.

    Attributes:
        by: the grouping.
        within: of a crossing, the group of the second column; else `all`.
        articles: of the two groups, copies left out.
    """

    by: str = ""
    within: str = ALL
    articles: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Contrast:
    """What is to be compared.

    Attributes:
        by: the grouping.
        within: of a crossing, the group of the second column; else `all`.
        is_timed: whether the groups are periods.
        tested: names of the groups, in their order.
    """

    by: str
    within: str
    is_timed: bool
    tested: tuple[str, ...]


def contrast_groups(
    plan: Contrast,
    pools: Mapping[str, Pool],
    shares: Mapping[str, Shares],
    errors: ErrorTable | None,
    *,
    estimate: Estimate,
) -> list[GroupChange]:
    """Return the differences between groups, not yet adjusted for their number.

    Args:
        plan: what is to be compared.
        pools: articles by group, of all groups.
        shares: of these.
        errors: of the bundle that scored; None where shares are counted.
        estimate: gives the shares of any articles.
    """
    if plan.is_timed or len(pools) == len(plan.tested) == _PAIR:
        order = plan.tested if plan.is_timed else sorted(plan.tested)
        return [
            change
            for before, after in pairwise(order)
            for change in _compare(
                plan, (before, after), (pools[before], pools[after]), (shares[before], shares[after]), errors
            )
        ]
    if len(pools) < _PAIR:
        return []
    found: list[GroupChange] = []
    for name in plan.tested:
        rest = _join([pool for other, pool in pools.items() if other != name])
        found += _compare(plan, (OTHERS, name), (rest, pools[name]), (estimate(rest), shares[name]), errors)
    return found


def _join(pools: Sequence[Pool]) -> Pool:
    return Pool(
        np.concatenate([pool.sizes for pool in pools]),
        {kind: np.concatenate([pool.means[kind] for pool in pools]) for kind in pools[0].means},
        {kind: np.concatenate([pool.counts[kind] for pool in pools]) for kind in pools[0].counts},
        sum(pool.duplicates for pool in pools),
    )


def _compare(
    plan: Contrast,
    names: tuple[str, str],
    pools: tuple[Pool, Pool],
    shares: tuple[Shares, Shares],
    errors: ErrorTable | None,
) -> Iterator[GroupChange]:
    for kind in shares[0]:
        if kind == UNCERTAIN:
            continue
        tested = _test(pools, (shares[0][kind], shares[1][kind]), errors.kinds.get(kind) if errors else None)
        yield GroupChange(
            aspect=None,
            kind=kind,
            before=names[0],
            after=names[1],
            by=plan.by,
            within=plan.within,
            articles=(len(pools[0].sizes), len(pools[1].sizes)),
            **list_values(tested),
        )


def _test(pools: tuple[Pool, Pool], shares: tuple[Share, Share], errors: KindErrors | None) -> Difference | None:
    first, second = shares
    if first.value is None or second.value is None:
        return None
    # Of so few, what articles differ by cannot be reckoned; untold, it makes twice as many false alarms as promised.
    if min(len(pool.sizes) for pool in pools) < FEWEST_DOCUMENTS:
        return None
    if errors is None or {first.method, second.method} != {"adjusted"}:
        # The intervals allow for the likeness of an article's passages.
        return compare_intervals(first, second)
    before, after = (
        describe_scores(pool, share.kind, share.value or 0.0) for pool, share in zip(pools, shares, strict=True)
    )
    return compare_scores(before, after, errors)


def describe_pool(pool: Pool, kind: str) -> Sample:
    """Return what an estimate of the share of a kind needs to know of some articles."""
    n = int(pool.sizes.sum())
    squares = float(pool.sizes @ np.minimum(pool.sizes, STRETCH))
    return Sample(float(pool.sizes @ pool.means[kind]) / n, n, squares / n**2 - 1 / n)


def describe_scores(pool: Pool, kind: str, value: float) -> GroupScores:
    """Return some articles as one side of a change: each article is one document."""
    sample = describe_pool(pool, kind)
    return describe_group(value, sample, sizes=pool.sizes, sums=pool.sizes * (pool.means[kind] - sample.mean))
