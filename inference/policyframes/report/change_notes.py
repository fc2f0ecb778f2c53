"""What changed between groups, in sentences for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policyframes.profiles.change import FEWEST_DOCUMENTS, Change
from policyframes.profiles.comparison import Comparison
from policyframes.profiles.names import name_aspect, shorten

_MOST = 20
_LONGEST_NAME = 100


def describe_changes(comparison: Comparison) -> Iterator[str]:
    """Yield one sentence on how many changes were tested, then one for each that is significant, largest first."""
    if len(comparison.groups) == 1:
        group = shorten(comparison.groups[0], _LONGEST_NAME)
        yield f"There is one group only, {comparison.by} {group}: nothing to compare it with."
        return
    if not comparison.changes:
        yield (
            "As far as is known these groups do not follow each other in time, so no change was tested; "
            "give each document a year, or compare two groups."
        )
        return
    tested = [change for change in comparison.changes if change.p_value is not None]
    found = [change for change in tested if change.is_significant]
    if not tested:
        yield "No change could be tested: the groups have too few passages."
        return
    yield (
        f"Of {len(tested)} differences between one group and the next, {len(found) or 'none'} "
        f"{'is' if len(found) == 1 else 'are'} more than chance explains (Holm's correction, 5 %)"
        f"{':' if found else '.'}"
    )
    found.sort(key=lambda change: -abs(change.difference or 0.0))
    for change in found[:_MOST]:
        yield f"  {_describe(comparison, change)}"
    if len(found) > _MOST:
        yield f"  and {len(found) - _MOST} more in changes.csv (with -o)."
    if small := find_small_groups(comparison, found):
        yield (
            f"Fewer than {FEWEST_DOCUMENTS} documents: {', '.join(small)}. What differs there is between these very "
            "documents, and may come of their kind as well as of their time."
        )


def find_small_groups(comparison: Comparison, changes: Sequence[Change]) -> list[str]:
    """Return the groups of these changes that have too few documents for a word on other documents of their kind."""
    cells = {(change.aspect, group) for change in changes for group in (change.before, change.after)}
    small = {cell[1] for cell in cells if len(comparison.profiles[cell].documents) < FEWEST_DOCUMENTS}
    return [group for group in comparison.groups if group in small]


def _describe(comparison: Comparison, change: Change) -> str:
    ends = [100 * (value or 0.0) for value in (change.difference, change.low, change.high)]
    what = f"{name_aspect(change.aspect, comparison.collection)}, {change.kind}"
    adjusted = change.adjusted_p_value or 0.0
    p_value = "p < 0.001" if adjusted < 0.001 else f"p = {adjusted:.3f}"  # noqa: PLR2004  (what three decimals show)
    return (
        f"{what}: {ends[0]:+.0f} points ({ends[1]:+.0f} to {ends[2]:+.0f}) "
        f"from {shorten(change.before, _LONGEST_NAME)} to {shorten(change.after, _LONGEST_NAME)}, {p_value}"
    )
