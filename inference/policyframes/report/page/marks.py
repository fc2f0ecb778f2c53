"""Evidence in a passage: its text cut into stretches, each with the framing that it speaks for and how strongly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from policyframes.evidence import Evidence, Mark
from policyframes.report.page.outline import Kind
from policyframes.report.page.wording import shorten

_STEPS = 3
_MOST_WORDS = 6


@dataclass(frozen=True)
class Stretch:
    """A run of text that is marked alike.

    Attributes:
        text: the run.
        look: the look of the framing that its words speak for; empty for no mark.
        step: how strongly, 1 to 3, against the strongest word of the passage for that framing.
        is_in_sentence: whether it lies in the sentence that carries a framing most.
    """

    text: str
    look: str
    step: int
    is_in_sentence: bool


def cut_stretches(text: str, kinds: Sequence[Kind], evidence: Mapping[str, Evidence]) -> tuple[Stretch, ...]:
    """Return the text as stretches. Where two framings mark the same words, the stronger mark is shown."""
    words = [
        (mark.start, mark.end, (mark.weight, share, kind.look))
        for kind in kinds
        if kind.id in evidence
        for mark, share in _weigh(evidence[kind.id].words)
    ]
    sentences = [
        (found.sentences[0].start, found.sentences[0].end)
        for found in evidence.values()
        if len(found.sentences) > 1 and found.sentences[0].weight > 0
    ]
    ends = {0, len(text), *(end for word in words for end in word[:2]), *(end for pair in sentences for end in pair)}
    edges = sorted(edge for edge in ends if 0 <= edge <= len(text))
    stretches = []
    for start, end in pairwise(edges):
        over = [mark for first, last, mark in words if first <= start and end <= last]
        _, share, look = max(over, default=(0.0, 0.0, ""))
        step = min(_STEPS, 1 + int(share * _STEPS)) if look else 0
        is_inside = any(first <= start and end <= last for first, last in sentences)
        stretches.append(Stretch(text[start:end], look, step, is_inside))
    return tuple(stretches) or (Stretch(text, "", 0, is_in_sentence=False),)


def list_words(text: str, evidence: Evidence) -> tuple[str, ...]:
    """Return the words that weigh most for a framing, strongest first, each once."""
    words = [shorten(text[mark.start : mark.end], 40) for mark, _ in _weigh(evidence.words)]
    # The same word in capitals is no other word.
    first = {word.casefold(): word for word in reversed(words) if word}
    return tuple(word for word in words if first.get(word.casefold()) is word)[:_MOST_WORDS]


def _weigh(marks: Sequence[Mark]) -> list[tuple[Mark, float]]:
    """Return the marks that speak for the framing, with their weight as a share of the strongest."""
    speaking = [mark for mark in marks if mark.weight > 0 and mark.start < mark.end]
    top = max((mark.weight for mark in speaking), default=1.0)
    return [(mark, mark.weight / top) for mark in speaking]
