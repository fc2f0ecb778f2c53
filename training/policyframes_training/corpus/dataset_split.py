"""Passages without a frozen split -> train, validation and test: documents whole, nearly equal texts together.

Knows passages, documents and framings only. A split that the data bring is left as it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from policyframes.errors import TrainingError
from policyframes_training.corpus.dataset_rows import CodedRow
from policyframes_training.labels.coded import SIDES, Side
from policyframes_training.labels.linkage import LinkSettings, group_documents, link_passages
from policyframes_training.labels.nearness import NEAR_THRESHOLD

SHARES: dict[Side, float] = {"train": 0.7, "validation": 0.1, "test": 0.2}
# Random assignments of which the one nearest to the shares, framing by framing, is taken.
RESTARTS = 64

# Where formulas that all texts share would chain them into one group, only closer likeness links.
_THRESHOLDS = (NEAR_THRESHOLD, 0.5, 0.7, 0.9)
_LARGEST_GROUP = 0.1
# The search for loose likeness compares far more texts than that for close likeness.
_MANY_ROWS = 20_000
_LACKING = 1_000.0

_Sides = npt.NDArray[np.intp]


@dataclass(frozen=True)
class SplitRows:
    """Rows that all have a side; groups of linked documents, those that stand alone left out; what was done."""

    rows: tuple[CodedRow, ...]
    groups: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def split_rows(rows: Sequence[CodedRow], framings: Sequence[str], *, seed: int, where: str) -> SplitRows:
    """Return the rows with a side each.

    A side that the data do not have is filled from the rows without one, or else from train, in the proportions of
    `SHARES`. Documents stay whole there, and with them documents that hold nearly equal passages.

    Args:
        rows: all with a side, or none.
        framings: ids, whose shares are to be alike on all sides.
        seed: of the random assignments.
        where: the data, for messages.

    Raises:
        TrainingError: there are too few documents that are not linked, or the data have a split without train.
    """
    threshold, groups = _link_documents(rows)
    given = {row.side for row in rows if row.side}
    if given and "train" not in given:
        raise _refuse(where, f"passages in {', '.join(sorted(given))} alone", "passages in train")
    notes: list[str] = []
    if given != set(SIDES):
        wanted: list[Side] = ["train", *(side for side in SIDES if side not in given | {"train"})]
        pool = [row for row in rows if row.side in {None, "train"}]
        sides = _assign_sides(pool, groups, framings, wanted=wanted, seed=seed, where=where)
        rows = [replace(row, side=sides[row.document]) if row.side in {None, "train"} else row for row in rows]
        notes.append(_describe_split(rows, wanted, threshold, seed))
    notes += _describe_leaks(rows)
    return SplitRows(tuple(rows), tuple(group for group in groups if len(group) > 1), tuple(notes))


def _link_documents(rows: Sequence[CodedRow]) -> tuple[float, list[tuple[str, ...]]]:
    """Return the overlap at which passages link their documents, and the groups that they make."""
    passages = [(row.document, row.text) for row in rows]
    sizes = Counter(row.document for row in rows)
    # A document that is large in itself is no chain.
    most = max(_LARGEST_GROUP * len(rows), *sizes.values())
    for threshold in _THRESHOLDS if len(rows) <= _MANY_ROWS else _THRESHOLDS[2:]:
        groups = group_documents(sizes, link_passages(passages, LinkSettings(near_threshold=threshold)))
        if max(sum(sizes[document] for document in group) for group in groups) <= most:
            break
    return threshold, groups


def _assign_sides(
    pool: Sequence[CodedRow],
    groups: Iterable[tuple[str, ...]],
    framings: Sequence[str],
    *,
    wanted: Sequence[Side],
    seed: int,
    where: str,
) -> dict[str, Side]:
    """Return the side of each document of the pool."""
    held: defaultdict[str, list[CodedRow]] = defaultdict(list)
    for row in pool:
        held[row.document].append(row)
    members = sorted(inside for group in groups if (inside := tuple(name for name in group if name in held)))
    if len(members) < len(wanted):
        found = f"{len(members)} documents, or groups of documents with nearly equal passages"
        raise _refuse(where, found, f"at least {len(wanted)}, to fill {', '.join(wanted)}")
    counts = np.zeros((len(members), len(framings) + 1))
    for place, group in enumerate(members):
        for row in (row for document in group for row in held[document]):
            counts[place] += [1, *(framing in row.framings for framing in framings)]
    shares = np.array([SHARES[side] for side in wanted])
    sides = _search_sides(counts, shares / shares.sum(), seed)
    return {name: wanted[side] for group, side in zip(members, sides, strict=True) for name in group}


def _search_sides(counts: npt.NDArray[np.float64], shares: npt.NDArray[np.float64], seed: int) -> _Sides:
    """Return the side of each group: of many random orders, cut at the shares, the one that is nearest to them.

    Args:
        counts: passages in all and by framing, shape (groups, 1 + L).
        shares: of the sides, shape (S,), in sum 1.
        seed: of the orders.
    """
    totals = np.maximum(counts.sum(axis=0), 1.0)
    best, lowest = np.zeros(len(counts), dtype=np.intp), np.inf
    for restart in range(RESTARTS):
        order = np.random.default_rng([seed, restart]).permutation(len(counts))
        sizes = counts[order, 0]
        middles = (np.cumsum(sizes) - sizes / 2) / totals[0]
        sides = np.empty(len(counts), dtype=np.intp)
        sides[order] = np.searchsorted(np.cumsum(shares)[:-1], middles, side="right")
        for empty in np.setdiff1d(np.arange(len(shares)), sides):
            largest = np.bincount(sides).argmax()
            places = np.flatnonzero(sides == largest)
            sides[places[counts[places, 0].argmin()]] = empty
        reached = np.stack([counts[sides == side].sum(axis=0) for side in range(len(shares))]) / totals
        loss = float((((reached - shares[:, None]) / shares[:, None]) ** 2).sum() + _LACKING * (reached == 0).sum())
        if loss < lowest:
            best, lowest = sides, loss
    return best


def _describe_split(rows: Iterable[CodedRow], wanted: Sequence[Side], threshold: float, seed: int) -> str:
    counts = Counter(row.side for row in rows)
    source = "no split" if len(wanted) == len(SIDES) else f"no {' and no '.join(wanted[1:])}"
    return (
        f"{source} in the data: drawn with seed {seed}, documents whole, passages that overlap by {threshold:.0%} "
        f"or more together: {', '.join(f'{side} {counts[side]}' for side in SIDES)} passages"
    )


def _describe_leaks(rows: Iterable[CodedRow]) -> list[str]:
    """Return what a split of the data's own lets through: documents and equal texts on more than one side."""
    documents: defaultdict[str, set[Side | None]] = defaultdict(set)
    texts: defaultdict[str, set[Side | None]] = defaultdict(set)
    for row in rows:
        documents[row.document].add(row.side)
        texts[" ".join(row.text.lower().split())].add(row.side)
    counts = {
        "documents": sum(len(sides) > 1 for sides in documents.values()),
        "equal texts": sum(len(sides) > 1 for sides in texts.values()),
    }
    return [f"{count} {what} on more than one side of the data's own split" for what, count in counts.items() if count]


def _refuse(where: str, found: str, allowed: str) -> TrainingError:
    return TrainingError(where=where, found=found, allowed=allowed, remedy="Add documents, or a column 'split'.")
