"""How often the test of change calls significant what did not change, and finds what did, on passages from test.

Draws and counts; the test is that of `profiles.change`, and nothing is fitted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from policyframes.profiles.change import (
    FEWEST_DOCUMENTS,
    SIGNIFICANT,
    GroupScores,
    count_freedom,
    describe_group,
    find_p_value,
)
from policyframes.profiles.errors import ErrorTable, KindErrors
from policyframes.profiles.shares import Sample, bound_share
from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.evaluation.interval_coverage import (
    DOCUMENTS,
    PASSAGES,
    Indices,
    Pool,
    draw_documents,
    draw_weighted,
    make_pools,
    measure_clusterings,
    tilt_passages,
)
from policyframes_training.evaluation.resampling import Decisions, Flags

SIZES = (30, 100, 300)
DIFFERENCES = (0.1, 0.2, 0.3)
DRAWS = 2_000
# Whole documents whose coded shares differ by no more count as alike.
ALIKE = 0.05

HALVES = "halves of the documents"
ALIKE_DOCUMENTS = "whole documents, alike"
FEW_DOCUMENTS = f"fewer than {FEWEST_DOCUMENTS} whole documents"
FEW_ALIKE = f"fewer than {FEWEST_DOCUMENTS} whole documents, alike"
# With fewer pairs of a way its rate is not reported.
FEWEST_PAIRS = 50


@dataclass(frozen=True)
class ChangeRate:
    """How often changes of one kind were called significant, each on its own, at 5 %.

    Attributes:
        scheme: how both groups are drawn.
        kind: id of a framing, or `none`.
        size: passages of each group; None for halves.
        difference: of the coded shares of what they are drawn from, in truth.
        rate: share of the pairs called significant.
        pairs: number of pairs.
    """

    scheme: str
    kind: str
    size: int | None
    difference: float
    rate: float
    pairs: int


def measure_changes(
    decisions: Decisions, passages: PassageSet, errors: ErrorTable, *, seed: int, draws: int = DRAWS
) -> list[ChangeRate]:
    """Return how often the test speaks, where nothing changed and where something did.

    Nothing changed: two groups of passages drawn alike; two of whole documents drawn alike, those with
    `FEWEST_DOCUMENTS` on both sides and the others by themselves; and the two halves of all documents. With fewer
    documents the test is about these very documents, which do differ: what it makes of them where nothing changed is
    seen on the pairs that are alike, whose coded shares lie within `ALIKE`. Something changed: passages of pools that
    are tilted until their shares differ, about the share that the pool has.

    Args:
        decisions: of the bundle on n passages.
        passages: n coded passages.
        errors: of the bundle.
        seed: of the draws.
        draws: pairs of each way, size and kind.
    """
    found = []
    for kind, pool in make_pools(decisions, passages).items():
        if kind not in errors.kinds or pool.coded.all() or not pool.coded.any():
            continue
        generator = np.random.default_rng(seed)
        found += _measure_kind(pool, errors.kinds[kind], kind, draws=draws, generator=generator)
    return found


def _measure_kind(
    pool: Pool, errors: KindErrors, kind: str, *, draws: int, generator: np.random.Generator
) -> list[ChangeRate]:
    found = []
    for size in (size for size in SIZES if 2 * size < len(pool.coded)):
        share = float(pool.coded.mean())
        for difference in (0.0, *DIFFERENCES):
            # About the pool's share, but within what shares can be.
            start = min(max(share - difference / 2, 0.05), 0.95 - difference) if difference else share
            rows = [
                draw_weighted(pool, tilt_passages(pool, start + step), (draws, size), generator).rows
                for step in (0.0, difference)
            ]
            rejected = _test_pairs([_describe(pool, side, errors) for side in rows], errors)
            found.append(ChangeRate(PASSAGES, kind, size, difference, float(rejected.mean()), draws))
        drawn = draw_documents(pool, 2 * size, draws, generator).rows
        found += _compare_documents(pool, drawn, errors, kind)
    found.append(_compare_halves(pool, errors, kind, draws=draws, generator=generator))
    return found


def _compare_documents(pool: Pool, drawn: Indices, errors: KindErrors, kind: str) -> list[ChangeRate]:
    """Return the rates of pairs of whole documents; the one at the cut is in both groups with other passages."""
    size = drawn.shape[1] // 2
    first, second = drawn[:, :size], drawn[:, size:]
    sides = [_describe(pool, rows, errors) for rows in (first, second)]
    rejected = _test_pairs(sides, errors)
    is_many = np.array([count_freedom(*pair) > 0 for pair in zip(*sides, strict=True)])
    is_alike = np.abs(pool.coded[first].mean(axis=1) - pool.coded[second].mean(axis=1)) <= ALIKE
    ways = {
        DOCUMENTS: is_many,
        ALIKE_DOCUMENTS: is_many & is_alike,
        FEW_DOCUMENTS: ~is_many,
        FEW_ALIKE: ~is_many & is_alike,
    }
    return [
        ChangeRate(scheme, kind, size, 0.0, float(rejected[kept].mean()), int(kept.sum()))
        for scheme, kept in ways.items()
        if kept.sum() >= FEWEST_PAIRS
    ]


def _compare_halves(
    pool: Pool, errors: KindErrors, kind: str, *, draws: int, generator: np.random.Generator
) -> ChangeRate:
    count = int(pool.documents.max()) + 1
    rejected = []
    for _ in range(draws):
        is_first = np.zeros(count, dtype=np.bool_)
        is_first[generator.permutation(count)[: count // 2]] = True
        chosen = is_first[pool.documents]
        sides = [np.flatnonzero(mask)[None, :] for mask in (chosen, ~chosen)]
        rejected.append(bool(_test_pairs([_describe(pool, side, errors) for side in sides], errors)[0]))
    return ChangeRate(HALVES, kind, None, 0.0, float(np.mean(rejected)), draws)


def _test_pairs(sides: Sequence[Sequence[GroupScores]], errors: KindErrors) -> Flags:
    """Return whether each pair of groups is called different."""
    pairs = zip(*sides, strict=True)
    return np.array([find_p_value(before, after, errors) < SIGNIFICANT for before, after in pairs], dtype=np.bool_)


def _describe(pool: Pool, rows: Indices, errors: KindErrors) -> list[GroupScores]:
    """Return the groups as `profiles.change` describes them, one a row."""
    draws, size = rows.shape
    count = int(pool.documents.max()) + 1
    documents, scores = pool.documents[rows], pool.scores[rows]
    means = scores.mean(axis=1)
    flat = (np.arange(draws)[:, None] * count + documents).ravel()
    sums = np.bincount(flat, (scores - means[:, None]).ravel(), draws * count).reshape(draws, count)
    sizes = np.bincount(flat, minlength=draws * count).reshape(draws, count)
    groups = []
    for row, (mean, clustering) in enumerate(
        zip(means.tolist(), measure_clusterings(documents, count).tolist(), strict=True)
    ):
        sample, there = Sample(mean, size, clustering), sizes[row] > 0
        value = bound_share(sample, errors)[0]
        groups.append(describe_group(value, sample, sizes=sizes[row][there].tolist(), sums=sums[row][there].tolist()))
    return groups
