"""What the tables have in common: a row, a document that could not be scored, numbers for people."""

from __future__ import annotations

from dataclasses import dataclass

from policyframes.errors import PolicyFramesError
from policyframes.scorer import ScoredDocument
from policyframes.spreadsheet import Value

Row = dict[str, Value]


def format_probability(value: float) -> str:
    """Return a probability in two decimals for people, which never says that something is certain."""
    if value > 0.99:  # noqa: PLR2004  (what two decimals can tell apart from 1)
        return ">0.99"
    return "<0.01" if value < 0.01 else f"{value:.2f}"  # noqa: PLR2004


def format_count(count: int, noun: str) -> str:
    """Return a count with its noun, in the plural unless there is one."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@dataclass(frozen=True)
class Failure:
    """A document that could not be scored, and why."""

    source: str
    document: str
    error: PolicyFramesError


Result = ScoredDocument | Failure
