"""What the page says of each grouping: its names in words, its charts, and the rows of what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policyframes.archive.contrasts import ALL, GroupChange
from policyframes.archive.groups import MOST_TESTED, ArchiveShares, Grouping
from policyframes.archive.periods import PERIODS, UNDATED
from policyframes.profiles.shares import MIN_PASSAGES
from policyframes.report.archive.chart import Chart, build_charts, build_panels
from policyframes.report.page.wording import say_difference, say_difference_interval, say_p_value

MOST_ROWS = 200
"""Rows of a table of differences on the page; changes.csv has all."""
_MOST_OPEN = 60
_MOST_NAMED = 5


@dataclass(frozen=True)
class ChangeRow:
    """One difference in words."""

    within: str
    before: str
    after: str
    kind: str
    difference: str
    interval: str
    verdict: str


@dataclass(frozen=True)
class Section:
    """One grouping on the page.

    Attributes:
        anchor: its id.
        grouping: what it shows.
        noun: what a group is, such as month, or month and outlet.
        nouns: of its columns.
        charts: over time.
        panels: over time, for each of the largest groups of the second column.
        significant: differences that are unlikely to be chance.
        others: those that may be.
        left_out: how many of these are in changes.csv alone.
        tested: how many differences were tested here.
        untested: how many could not be.
        undated: articles without a plain date.
        small: groups with too few passages.
        is_partly_tested: whether there are more groups than are tested.
        is_open: whether the table is shown at once.
    """

    anchor: str
    grouping: Grouping
    noun: str
    nouns: tuple[str, ...]
    charts: tuple[Chart, ...]
    panels: tuple[Chart, ...]
    significant: tuple[ChangeRow, ...]
    others: tuple[ChangeRow, ...]
    left_out: int
    tested: int
    untested: int
    undated: int
    small: int
    is_partly_tested: bool
    is_open: bool


def build_sections(found: ArchiveShares) -> tuple[Section, ...]:
    """Return the groupings as the page shows them."""
    return tuple(
        _build_section(found, grouping, f"grouping-{number}") for number, grouping in enumerate(found.groupings, 1)
    )


def _build_section(found: ArchiveShares, grouping: Grouping, anchor: str) -> Section:
    nouns = tuple(
        by if by in (*PERIODS, "outlet") else column
        for by, column in zip(grouping.by.split(","), grouping.columns, strict=True)
    )
    own = [change for change in found.changes if change.by == grouping.by]
    tested = [change for change in own if change.p_value is not None]
    significant = [change for change in tested if change.is_significant]
    others = [change for change in tested if not change.is_significant]
    groups = grouping.groups
    return Section(
        anchor=anchor,
        grouping=grouping,
        noun=" and ".join(nouns),
        nouns=nouns,
        charts=build_charts(grouping, found.framings),
        panels=build_panels(grouping, found.framings),
        significant=_build_rows(significant),
        others=_build_rows(others),
        left_out=sum(max(0, len(rows) - MOST_ROWS) for rows in (significant, others)),
        tested=len(tested),
        untested=len(own) - len(tested),
        undated=sum(group.documents for group in groups if grouping.is_timed and group.name == UNDATED),
        small=sum(1 for group in groups if group.passages < MIN_PASSAGES),
        is_partly_tested=not grouping.is_timed and not grouping.is_crossed and len(groups) > MOST_TESTED,
        is_open=len(groups) <= _MOST_OPEN,
    )


def find_largest(found: ArchiveShares) -> tuple[ChangeRow, ...]:
    """Return the largest of the differences that are unlikely to be chance, for the summary."""
    significant = [change for change in found.changes if change.is_significant]
    significant.sort(key=lambda change: -abs(change.difference or 0.0))
    return _build_rows(significant[:_MOST_NAMED])


def _build_rows(changes: Sequence[GroupChange]) -> tuple[ChangeRow, ...]:
    return tuple(_build_row(change) for change in changes[:MOST_ROWS])


def _build_row(change: GroupChange) -> ChangeRow:
    adjusted = change.adjusted_p_value if change.adjusted_p_value is not None else 1.0
    verdict = "unlikely to be chance" if change.is_significant else "may be chance"
    return ChangeRow(
        within="" if change.within == ALL else change.within,
        before=change.before,
        after=change.after,
        kind=change.kind,
        difference=say_difference(change.difference or 0.0),
        interval=say_difference_interval(change.low or 0.0, change.high or 0.0),
        verdict=f"{verdict} ({say_p_value(adjusted)})",
    )
