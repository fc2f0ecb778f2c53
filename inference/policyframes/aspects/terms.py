"""Turns a term as a person writes it into the sequences of words that it stands for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policyframes.aspects.inflection import (
    POSTPOSED,
    PREPOSITIONS,
    list_abbreviation_forms,
    list_forms,
    list_spellings,
)
from policyframes.aspects.words import Words, cut_words

# Stands for `*` while a term is cut into words; no text of a person holds it.
_STAR = "anyword\u02ae"
ANY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Sequence:
    """Words that follow each other.

    Attributes:
        words: the forms that each may take; in capitals where capitals are asked for, else in lower case; none (`ANY`)
            where any word may stand.
        gaps: what must stand between a word and the next, stripped of spaces; empty for a space or a hyphen.
    """

    words: tuple[frozenset[str], ...]
    gaps: tuple[str, ...]


def expand_term(term: str) -> tuple[Sequence, ...]:
    """Return the sequences that a term stands for; none where it does not begin with a word.

    A `*` among its words stands for any one word: `within * borders`.
    """
    cut = cut_words(term.replace("*", f" {_STAR} "))
    if not cut.words or cut.words[0] == _STAR:
        return ()
    return tuple(_make_sequence(words, gaps) for words, gaps in _join_hyphens(cut))


def is_abbreviation(word: str) -> bool:
    """Return whether a word is written in capitals throughout and is therefore found in capitals only."""
    return len(word) > 1 and word.isupper()


def _join_hyphens(cut: Words) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the term as it is, and in one word where it has a hyphen: narco-trafficking, narcotrafficking."""
    yield cut.words, cut.gaps
    if "-" not in cut.gaps:
        return
    words, gaps = [cut.words[0]], []
    for gap, word in zip(cut.gaps, cut.words[1:], strict=True):
        if gap == "-":
            words[-1] += word
        else:
            gaps.append(gap)
            words.append(word)
    yield words, gaps


def _make_sequence(words: list[str], gaps: list[str]) -> Sequence:
    last = len(words) - 1
    forms = [_list_forms_at(words, place, last) for place in range(last + 1)]
    # A dot or a comma of the term is wanted in the text; a space or a hyphen stand for each other.
    return Sequence(tuple(forms), tuple(gap.strip(" -\t\n") for gap in gaps))


def _list_forms_at(words: list[str], place: int, last: int) -> frozenset[str]:
    word = words[place]
    if word == _STAR:
        return ANY
    if is_abbreviation(word):
        return list_abbreviation_forms(word) if place == last else frozenset({word})
    word = word.lower()
    following = words[place + 1].lower() if place < last else ""
    is_head = place == 0 and (following in PREPOSITIONS or (last == 1 and _stays_behind(following)))
    # A verb's particle and an adjective after its noun do not change.
    if place == last and (last == 0 or word not in PREPOSITIONS):
        return list_forms(word)
    return list_forms(word) if is_head else list_spellings(word)


def _stays_behind(word: str) -> bool:
    """Return whether a word follows the one that changes: attorneys general, crossed illegally."""
    return word in POSTPOSED or (word.endswith("ly") and len(word) > len("only"))
