"""Finds the mentions of aspects in texts by the first words of their terms."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from policyframes.aspects.terms import ANY, expand_term
from policyframes.aspects.words import Words, cut_words
from policyframes.taxonomy import Aspect

# Between the words of a term: spaces and line breaks, or one hyphen, behind which a line may end. A dash between
# spaces parts clauses.
_GAP = re.compile(r"\s+|-\s*")
# Term, by number of the aspect; whether it excludes; the words that follow the first, and the gaps before them.
_Entry = tuple[int, bool, tuple[frozenset[str], ...], tuple[str, ...]]


@dataclass(frozen=True, order=True)
class Mention:
    """A place that speaks of an aspect.

    Attributes:
        start: offset of its first character in the text, in code points.
        end: where it ends, exclusive.
        aspect: id of the aspect.
    """

    start: int
    end: int
    aspect: str


class AspectFinder:
    """Finds what speaks of some aspects.

    Args:
        aspects: with their terms and the terms that exclude.
    """

    def __init__(self, aspects: Sequence[Aspect]) -> None:
        self._ids = tuple(aspect.id for aspect in aspects)
        self._index: dict[str, list[_Entry]] = defaultdict(list)
        for number, aspect in enumerate(aspects):
            for is_excluding, terms in ((False, aspect.terms), (True, aspect.excluded)):
                for term in terms:
                    self._add(number, term, is_excluding=is_excluding)
        self._index = dict(self._index)

    def find(self, text: str) -> tuple[str, ...]:
        """Return the ids of the aspects that the text speaks of, in the order that the finder was given them."""
        found = {number for number, _, _ in self._locate(cut_words(text))}
        return tuple(self._ids[number] for number in sorted(found))

    def locate(self, text: str) -> tuple[Mention, ...]:
        """Return the mentions of every aspect, ordered by start; those of one aspect never overlap.

        Where several terms of an aspect overlap, the longest is the mention.
        """
        cut = cut_words(text)
        places = cut.locate()
        return tuple(
            Mention(places[first][0], places[last][1], self._ids[number])
            for number, first, last in sorted(self._locate(cut), key=lambda place: (place[1], place[0]))
        )

    def _add(self, number: int, term: str, *, is_excluding: bool) -> None:
        for sequence in expand_term(term):
            entry = (number, is_excluding, sequence.words[1:], sequence.gaps)
            for form in sequence.words[0]:
                self._index[form].append(entry)

    def _locate(self, cut: Words) -> list[tuple[int, int, int]]:
        """Return (number of the aspect, first word, last word) of every mention that no exclusion covers."""
        mentions: dict[int, list[tuple[int, int]]] = {}
        exclusions: dict[int, list[tuple[int, int]]] = {}
        for first, last, number, is_excluding in self._match(cut):
            (exclusions if is_excluding else mentions).setdefault(number, []).append((first, last))
        kept: list[tuple[int, int, int]] = []
        for number, spans in mentions.items():
            shown = _drop_covered(spans, exclusions.get(number, []))
            kept += [(number, *span) for span in _keep_longest(shown)]
        return kept

    def _match(self, cut: Words) -> Iterator[tuple[int, int, int, bool]]:
        known = self._index.keys()
        for first, (word, lowered) in enumerate(zip(cut.words, map(str.lower, cut.words), strict=True)):
            if lowered not in known and word not in known:
                continue
            entries = self._index.get(lowered, [])
            if lowered != word:
                entries = entries + self._index.get(word, [])
            for number, is_excluding, rest, gaps in entries:
                last = first + len(rest)
                if not rest or (last < len(cut.words) and _follows(cut, first, rest, gaps)):
                    yield first, last, number, is_excluding


def find_aspects(texts: Sequence[str], aspects: Sequence[Aspect]) -> list[tuple[str, ...]]:
    """Return for each text the ids of the aspects that it speaks of, in the order of `aspects`."""
    finder = AspectFinder(aspects)
    return [finder.find(text) for text in texts]


def _follows(cut: Words, first: int, rest: tuple[frozenset[str], ...], gaps: tuple[str, ...]) -> bool:
    for place, (forms, wanted) in enumerate(zip(rest, gaps, strict=True), first):
        word, gap = cut.words[place + 1], cut.gaps[place]
        if forms is not ANY and word not in forms and word.lower() not in forms:
            return False
        if gap.strip() != wanted if wanted else not _GAP.fullmatch(gap):
            return False
    return True


def _drop_covered(spans: list[tuple[int, int]], covers: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans that no cover holds from end to end."""
    if not covers:
        return spans
    starts, ends = zip(*sorted(covers), strict=True)
    # How far the covers reach that start no later than each.
    reached = (-1, *accumulate(ends, max))
    return [(first, last) for first, last in spans if reached[bisect_right(starts, first)] < last]


def _keep_longest(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans that do not overlap, from the left, the longest of those that do."""
    kept: list[tuple[int, int]] = []
    taken: set[int] = set()
    for first, last in sorted(set(spans), key=lambda span: (span[0] - span[1], span[0])):
        # Those that are kept already are no shorter: one that overlaps holds an end of this.
        if first not in taken and last not in taken:
            kept.append((first, last))
            taken.update(range(first, last + 1))
    return kept
