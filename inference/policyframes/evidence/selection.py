"""Which words of a passage become marks: those that carry, joined to phrases, and never most of the text.

Works on weights that others measured; knows of no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from policyframes.evidence.marks import Mark
from policyframes.evidence.words import Word

# Of the words of a passage, so many at most are marked, in so many places: past that a page is paint, not evidence.
MOST_MARKED = 0.2
MOST_MARKS = 10
# A word below this share of the strongest one is left out; a stop word below the second share, and one that no other
# word stands beside below the third.
_LEAST_SHARE = 0.25
_LEAST_SHARE_OF_STOP_WORDS = 0.4
_LEAST_SHARE_ALONE = 0.7
# So many stop words may stand between two marked words that are shown as one phrase, as in "rule of law".
_LONGEST_BRIDGE = 2
# A phrase does not reach across the end of a sentence or of a clause; the dots of "U.S." end none.
_PARTED = re.compile(r"""[.!?;:…,)\]”"’]\s|\s["“‘('\[•]|[—–]|\n\s*\n""")

Floats = npt.NDArray[np.float64]


def mark_words(text: str, words: Sequence[Word], weights: Floats) -> tuple[Mark, ...]:
    """Return the marks of a passage for one framing, strongest first, ties in reading order.

    Args:
        text: the passage.
        words: all of its words, in reading order.
        weights: of each word, shape (words,), in the unit of a mark; those not above 0 are never marked.
    """
    allowed = max(1, int(len(words) * MOST_MARKED))
    chosen = _bridge(text, words, _choose(words, weights, allowed), allowed)
    least_alone = _LEAST_SHARE_ALONE * float(weights.max(initial=0.0))
    marks = [
        Mark(words[group[0]].start, words[group[-1]].end, float(weights[group].sum()))
        for group in _group(text, words, chosen)
        if weights[group].max() >= least_alone or not all(words[i].is_stop_word for i in group)
    ]
    return _sort(marks)[:MOST_MARKS]


def mark_sentences(sentences: Sequence[tuple[int, int]], weights: Floats) -> tuple[Mark, ...]:
    """Return a mark for each sentence that speaks for the framing, strongest first, ties in reading order.

    Args:
        sentences: start and end of each.
        weights: of each, shape (sentences,).
    """
    return _sort([Mark(*place, float(weight)) for place, weight in zip(sentences, weights, strict=True)])


def _sort(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    return tuple(sorted((mark for mark in marks if mark.weight > 0), key=lambda mark: (-mark.weight, mark.start)))


def _choose(words: Sequence[Word], weights: Floats, allowed: int) -> set[int]:
    strongest = float(weights.max(initial=0.0))
    least = [_LEAST_SHARE_OF_STOP_WORDS if word.is_stop_word else _LEAST_SHARE for word in words]
    order = np.argsort(-weights, kind="stable").tolist()
    return set([i for i in order if weights[i] > 0 and weights[i] >= least[i] * strongest][:allowed])


def _bridge(text: str, words: Sequence[Word], chosen: set[int], allowed: int) -> list[int]:
    """Return the chosen words in reading order, with the stop words that join two of them as far as allowed."""
    joined = sorted(chosen)
    for left, right in pairwise(sorted(chosen)):
        between = range(left + 1, right)
        if (
            0 < len(between) <= min(_LONGEST_BRIDGE, allowed - len(joined))
            and all(words[i].is_stop_word for i in between)
            and not _PARTED.search(text, words[left].end, words[right].start)
        ):
            joined += between
    return sorted(joined)


def _group(text: str, words: Sequence[Word], chosen: Sequence[int]) -> list[list[int]]:
    """Return the chosen words as runs of neighbours that one phrase holds."""
    groups: list[list[int]] = []
    for i in chosen:
        is_next = bool(groups) and groups[-1][-1] == i - 1
        if is_next and not _PARTED.search(text, words[i - 1].end, words[i].start):
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups
