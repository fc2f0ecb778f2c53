"""What changed from one group of documents to the next, and whether it may be chance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """How a share differs between two consecutive groups.

    Attributes:
        aspect: id of the aspect; None for all passages.
        kind: id of a framing, or `none`.
        before: the earlier group.
        after: the later group.
        difference: share after minus share before, -1 to 1; None where either is unknown.
        low: lower end of the 95 % interval of the difference, for this change alone.
        high: upper end.
        p_value: of the test that nothing changed, for this change alone.
        adjusted_p_value: the same, allowing for all changes that the comparison tests.
        is_significant: whether the adjusted p-value is below 0.05.
    """

    aspect: str | None
    kind: str
    before: str
    after: str
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    adjusted_p_value: float | None
    is_significant: bool
