"""What evidence is: marks on a passage's text, and how they divide it for showing. Knows of no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from policyframes.errors import UsageError


@dataclass(frozen=True)
class Mark:
    """A stretch of a passage that speaks for a framing.

    Attributes:
        start: offset of its first character in the passage's text, in code points.
        end: offset behind its last character.
        weight: what it gives to the calibrated logit of the framing, in natural log odds; 0.7 doubles the odds.
    """

    start: int
    end: int
    weight: float


@dataclass(frozen=True)
class Evidence:
    """What in a passage speaks for one framing.

    Attributes:
        framing: its id.
        words: marks of words and phrases, strongest first; none overlaps another. Empty where nothing speaks for it.
        sentences: marks of whole sentences, strongest first.
    """

    framing: str
    words: tuple[Mark, ...]
    sentences: tuple[Mark, ...]


@dataclass(frozen=True)
class Run:
    """A stretch of text that is marked alike from end to end.

    Attributes:
        text: as it stands in the passage.
        strength: 1 for the strongest mark, less for weaker ones, 0 for text without a mark; below 0 for a mark that
            speaks against the framing.
    """

    text: str
    strength: float


def mark_text(text: str, marks: Sequence[Mark]) -> tuple[Run, ...]:
    """Divide a text at the marks, for a page or a terminal to show.

    Args:
        text: the passage that the marks were made for.
        marks: in any order; where several cover a character, the heaviest counts.

    Returns:
        Runs whose texts, put together, are the text; a text without marks is one run.

    Raises:
        UsageError: a mark lies outside the text.
    """
    for mark in marks:
        if not 0 <= mark.start < mark.end <= len(text):
            raise UsageError(
                where="mark_text",
                found=f"a mark from {mark.start} to {mark.end} in a text of {len(text)} characters",
                allowed="marks that lie within the text",
                remedy="Give the text that was explained, unchanged.",
            )
    heaviest = max((abs(mark.weight) for mark in marks), default=0.0) or 1.0
    bounds = sorted({0, len(text), *(mark.start for mark in marks), *(mark.end for mark in marks)})
    runs: list[Run] = []
    for start, end in pairwise(bounds):
        covering = [mark.weight for mark in marks if mark.start <= start and end <= mark.end]
        strength = max(covering, key=abs, default=0.0) / heaviest
        if runs and runs[-1].strength == strength == 0:
            runs[-1] = Run(runs[-1].text + text[start:end], 0.0)
        else:
            runs.append(Run(text[start:end], strength))
    return tuple(runs)
