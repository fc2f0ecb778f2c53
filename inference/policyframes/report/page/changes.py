"""Rows of the change table: what differs between consecutive groups, and whether it may be chance, in words."""

from __future__ import annotations

from dataclasses import dataclass

from policyframes.profiles import Change
from policyframes.report.page.outline import Kind, Outline
from policyframes.report.page.wording import say_difference, say_difference_interval, say_p_value


@dataclass(frozen=True)
class ChangeRow:
    """One change in words."""

    aspect: str
    kind: Kind
    before: str
    after: str
    difference: str
    interval: str
    verdict: str
    p_value: str
    is_significant: bool


@dataclass(frozen=True)
class Changes:
    """All changes, parted by what they say.

    Attributes:
        significant: those unlikely to be chance.
        others: those that may be chance.
        untested: how many could not be tested, since a group has too few passages.
    """

    significant: tuple[ChangeRow, ...]
    others: tuple[ChangeRow, ...]
    untested: int

    @property
    def tested(self) -> int:
        """Return how many were tested."""
        return len(self.significant) + len(self.others)


def build_changes(outline: Outline) -> Changes:
    """Return the rows of the change table."""
    changes = outline.comparison.changes
    tested = [change for change in changes if is_tested(change)]
    rows = [_build_row(outline, change) for change in tested]
    return Changes(
        significant=tuple(row for row in rows if row.is_significant),
        others=tuple(row for row in rows if not row.is_significant),
        untested=len(changes) - len(tested),
    )


def is_tested(change: Change) -> bool:
    """Return whether there were enough passages to test a change."""
    return change.difference is not None and change.adjusted_p_value is not None


def _build_row(outline: Outline, change: Change) -> ChangeRow:
    has_interval = change.low is not None and change.high is not None
    return ChangeRow(
        aspect=outline.name_aspect(change.aspect),
        kind=outline.kind(change.kind),
        before=outline.group(change.before).short,
        after=outline.group(change.after).short,
        difference=say_difference(change.difference or 0.0),
        interval=say_difference_interval(change.low or 0.0, change.high or 0.0) if has_interval else "",
        verdict="unlikely to be chance" if change.is_significant else "may be chance",
        p_value=say_p_value(change.adjusted_p_value if change.adjusted_p_value is not None else 1.0),
        is_significant=change.is_significant,
    )
