"""Shares of groups of articles of a finished job: by one column, or by two that are crossed.

The estimate is that of profiles: it needs sums over passages and the articles' lengths, which documents hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from policyframes.archive.contrasts import ALL, Contrast, GroupChange, contrast_groups, describe_pool
from policyframes.archive.gathering import (
    MISSING,
    MOST_GROUPS,
    Gathered,
    Indices,
    Numbers,
    Part,
    Pool,
    gather_articles,
)
from policyframes.archive.periods import PERIODS, UNDATED
from policyframes.archive.results import read_finished
from policyframes.archive.tables import UNCERTAIN
from policyframes.errors import UsageError
from policyframes.profiles.change import FEWEST_DOCUMENTS, adjust_changes, count_documents
from policyframes.profiles.errors import ErrorTable, KindErrors, list_kinds
from policyframes.profiles.quantiles import find_t_quantile
from policyframes.profiles.shares import (
    LEVEL,
    MIN_PASSAGES,
    Share,
    Z,
    bound_effective,
    bound_share,
)

MOST_SHOWN = 6
"""Groups of the second column of a crossing that are drawn and tested: the largest."""
MOST_TESTED = 50
"""Groups without an order that are each set against all others: the largest."""
_PAIR = 2


@dataclass(frozen=True)
class GroupShares:
    """The shares of a group.

    Attributes:
        name: of the group.
        within: of a crossing, the group of the second column; else `all`.
        documents: articles, copies left out.
        duplicates: copies, left out.
        shares: by kind: framings, `none`, `uncertain`.
    """

    name: str
    within: str
    documents: int
    duplicates: int
    shares: Mapping[str, Share]

    @property
    def passages(self) -> int:
        """Return the number of passages."""
        return next(iter(self.shares.values())).passages


@dataclass(frozen=True)
class Grouping:
    """One way in which the report groups the articles.

    Attributes:
        by: as the user asked.
        columns: of the documents, one, or two where they are crossed.
        groups: periods in their order, `undated` last; other groups by size. Crossed, those of one group of the second
            column follow each other.
        is_timed: whether the groups are periods.
        shown: of a crossing, the groups of the second column that are drawn and tested.
    """

    by: str
    columns: tuple[str, ...]
    groups: tuple[GroupShares, ...]
    is_timed: bool
    shown: tuple[str, ...] = ()

    @property
    def is_crossed(self) -> bool:
        """Return whether two columns are crossed."""
        return len(self.columns) > 1


@dataclass(frozen=True)
class ArchiveShares:
    """What the report of an archive shows.

    Attributes:
        framings: ids.
        total: of all articles.
        groupings: as the user asked for them.
        changes: all that were looked at; their adjusted p-values allow for each other.
        run: the manifest of the job.
        summary: the summary of the job.
        is_adjusted: whether the shares are corrected for the model's errors; else they are counted.
        has_clusters: whether copies were looked for.
    """

    framings: tuple[str, ...]
    total: GroupShares
    groupings: tuple[Grouping, ...]
    changes: tuple[GroupChange, ...]
    run: Mapping[str, Any]
    summary: Mapping[str, Any]
    is_adjusted: bool
    has_clusters: bool


def measure_archive(folder: Path, by: Sequence[str], errors: ErrorTable | None) -> ArchiveShares:
    """Return the shares of the groups of a finished job, and how they differ.

    Args:
        folder: of the results.
        by: each `month`, `year`, `outlet`, the name of a column of the documents, or two of these with a comma between.
        errors: of the bundle that scored; None to count.

    Raises:
        UsageError: there is no finished job, no such column, or there are more groups than a report can hold.
        ArchiveIntegrityError: a part is not what was written.
    """
    run, summary = read_finished(folder)
    framings = tuple(run["model"]["framings"])
    kinds = (*list_kinds(framings), UNCERTAIN)
    asked = list(dict.fromkeys(_split(text) for text in by))
    parts = list(dict.fromkeys(name for names in asked for name in names))
    gathered = gather_articles(folder, run["settings"]["output_format"], parts, kinds)
    if not summary["scored"]:
        is_empty = not summary["rows"]
        raise UsageError(
            where=str(folder),
            found="no article that was scored",
            allowed="a job with at least one",
            remedy="Its inputs had no rows." if is_empty else "quarantine.jsonl says what is wrong with the rows.",
        )
    groupings, changes = [], []
    for names in asked:
        grouping, found = _measure_grouping(gathered, names, kinds, errors)
        groupings.append(grouping)
        changes += found
    return ArchiveShares(
        framings=framings,
        total=estimate_shares(gathered.take(slice(None)), kinds, errors),
        groupings=tuple(groupings),
        changes=adjust_changes(changes),
        run=run,
        summary=summary,
        is_adjusted=errors is not None,
        has_clusters=bool(run["settings"].get("dedupe")),
    )


def _split(text: str) -> tuple[str, ...]:
    """Return the one or two things that a user groups by; of two, a period goes first."""
    names = [name.strip() for name in text.split(",")]
    if len(names) > _PAIR or not all(names) or len(set(names)) < len(names):
        raise UsageError(
            where=f"--by {text}",
            found="not one column, nor two different ones",
            allowed="a column, or two with a comma between them, such as month,outlet",
            remedy="Give --by several times for several groupings.",
        )
    return tuple(sorted(names, key=lambda name: name not in PERIODS))


def _measure_grouping(
    gathered: Gathered, names: Sequence[str], kinds: Sequence[str], errors: ErrorTable | None
) -> tuple[Grouping, list[GroupChange]]:
    parts = [gathered.parts[name] for name in names]
    cells = _find_cells(parts)
    pools = {cell: gathered.take(rows) for cell, rows in cells.items()}
    groups = [
        replace(estimate_shares(pool, kinds, errors), name=name, within=within)
        for (name, within), pool in pools.items()
    ]
    sizes: dict[str, int] = {}
    for group in groups:
        sizes[group.within] = sizes.get(group.within, 0) + group.passages
    is_timed = parts[0].is_timed

    def order(group: GroupShares) -> tuple[Any, ...]:
        own = (group.name == UNDATED, group.name) if is_timed else (-group.passages, group.name)
        return (-sizes[group.within], group.within, *own)

    groups.sort(key=order)
    withins = list(dict.fromkeys(group.within for group in groups if group.within != MISSING))
    shown = tuple(withins[:MOST_SHOWN]) if len(parts) > 1 else ()
    grouping = Grouping(",".join(names), tuple(part.column for part in parts), tuple(groups), is_timed, shown)
    changes: list[GroupChange] = []
    for within in shown or (ALL,):
        own = [group for group in groups if group.within == within]
        plan = Contrast(grouping.by, within, is_timed, _choose_tested(own, is_timed=is_timed))
        inside = {group.name: pools[group.name, within] for group in own}
        shares = {group.name: group.shares for group in own}
        changes += contrast_groups(
            plan, inside, shares, errors, estimate=lambda pool: estimate_shares(pool, kinds, errors).shares
        )
    return grouping, changes


def _find_cells(parts: Sequence[Part]) -> dict[tuple[str, str], Indices]:
    """Return the rows of each group, by its name and the group of the second column."""
    first, second = parts[0], parts[1] if len(parts) > 1 else None
    wide = len(second.names) if second else 1
    codes = first.codes.astype(np.int64) * wide + (second.codes if second else 0)
    order = np.argsort(codes, kind="stable")
    values, starts = np.unique(codes[order], return_index=True)
    if len(values) > MOST_GROUPS:
        raise UsageError(
            where=f"--by {','.join(part.by for part in parts)}",
            found=f"{len(values)} groups",
            allowed=f"at most {MOST_GROUPS}",
            remedy="Cross by year instead of by month, or choose a column with fewer values.",
        )
    rows = np.split(order, starts[1:])
    return {
        (first.names[value // wide], second.names[value % wide] if second else ALL): found
        for value, found in zip(values.tolist(), rows, strict=True)
    }


def _choose_tested(groups: Sequence[GroupShares], *, is_timed: bool) -> tuple[str, ...]:
    if is_timed:
        return tuple(group.name for group in groups if group.name != UNDATED)
    return tuple([group.name for group in groups if group.name != MISSING][:MOST_TESTED])


def estimate_shares(pool: Pool, kinds: Sequence[str], errors: ErrorTable | None) -> GroupShares:
    """Return the shares of some articles, as `profiles.estimate_shares` has them from the passages themselves."""
    known = errors.kinds if errors is not None else {}
    shares = {
        kind: _estimate_adjusted(pool, kind, known[kind])
        if kind in known and kind in pool.means
        else _estimate_counted(pool, kind)
        for kind in kinds
    }
    return GroupShares(ALL, ALL, len(pool.sizes), pool.duplicates, shares)


def _estimate_adjusted(pool: Pool, kind: str, errors: KindErrors) -> Share:
    count, n = int(pool.counts[kind].sum()), int(pool.sizes.sum())
    if n < MIN_PASSAGES:
        return Share(kind, count, n, None, None, None, "adjusted")
    return Share(kind, count, n, *bound_share(describe_pool(pool, kind), errors), "adjusted")


def _estimate_counted(pool: Pool, kind: str) -> Share:
    count, n = int(pool.counts[kind].sum()), int(pool.sizes.sum())
    if n < MIN_PASSAGES:
        return Share(kind, count, n, None, None, None, "counted")
    effective, z = _measure_effect(pool.sizes, pool.counts[kind])
    return Share(kind, count, n, count / n, *bound_effective(count / n, effective, z), "counted")


def _measure_effect(sizes: Numbers, counts: Numbers) -> tuple[float, float]:
    """Return how many passages one by one say as much as these of articles, never more, and the quantile to take.

    The share is a ratio of sums over articles; its variance is that of Kish 1965, "Survey sampling", section 6.4.
    Wilson's interval at the effective number of passages is that of Korn and Graubard 1998.
    """
    n, documents = float(sizes.sum()), len(sizes)
    share = float(counts.sum()) / n
    if documents < FEWEST_DOCUMENTS:
        return n, Z
    z = find_t_quantile(max(FEWEST_DOCUMENTS - 1, int(count_documents(sizes)) - 1), LEVEL)
    variance = float(np.sum((counts - share * sizes) ** 2)) / n**2 * documents / (documents - 1)
    return (min(n, share * (1 - share) / variance) if variance > 0 else n), z
