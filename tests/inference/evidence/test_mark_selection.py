"""Marks are few, hold phrases together and leave out what carries nothing."""

import numpy as np
import pytest

from policyframes.evidence.selection import MOST_MARKED, MOST_MARKS, mark_sentences, mark_words
from policyframes.evidence.words import find_words

FILLER = " and so the story of the river went on for many a long year until it came to rest in a wide green valley"


def mark(text, weights, filler=FILLER):
    whole = text + filler
    words = find_words(whole)
    found = mark_words(whole, words, np.array([weights.get(word.forms[0], 0.0) for word in words]))
    return [(whole[mark.start : mark.end], mark.weight) for mark in found]


def test_the_strongest_comes_first():
    assert mark("Troops face danger", {"troops": 1.0, "danger": 3.0}) == [("danger", 3.0), ("Troops", 1.0)]


def test_ties_come_in_reading_order():
    assert mark("Troops face danger", {"troops": 1.0, "danger": 1.0}) == [("Troops", 1.0), ("danger", 1.0)]


def test_neighbours_are_one_phrase_over_line_ends_and_hyphens():
    weights = {"cross": 1.0, "border": 1.0, "raids": 1.5}
    assert mark("Cross-border\nraids", weights) == [("Cross-border\nraids", 3.5)]


@pytest.mark.parametrize("text", ["law, courts", "law. Courts", "law (courts", "law\n\ncourts", "law — courts"])
def test_a_phrase_ends_where_a_clause_ends(text):
    assert len(mark(text, {"law": 1.0, "courts": 1.0})) == 2


def test_stop_words_join_what_they_stand_between_and_are_weighed_with_it():
    assert mark("The rule of law", {"rule": 1.0, "law": 1.0, "of": -0.25}) == [("rule of law", 1.75)]
    assert len(mark("The rule of his own old law", {"rule": 1.0, "law": 1.0})) == 2


def test_a_stop_word_alone_is_no_evidence_unless_it_carries():
    assert mark("The troops fought under fire", {"troops": 1.0, "under": 0.6}) == [("troops", 1.0)]
    assert ("under", 0.8) in mark("The troops fought under fire", {"troops": 1.0, "under": 0.8})


def test_weak_words_and_those_against_the_framing_are_left_out():
    assert mark("Troops guard rules", {"troops": 1.0, "guard": 0.2, "rules": -3.0}) == [("Troops", 1.0)]
    assert mark("Troops guard rules", {"troops": -1.0}) == []


def test_at_most_a_fifth_of_the_words_and_ten_places_are_marked():
    chance = np.random.default_rng(3)
    text = " ".join(f"word{i}" for i in range(200))
    words = find_words(text)
    marks = mark_words(text, words, chance.uniform(1, 2, 200))
    covered = sum(any(mark.start <= word.start < mark.end for mark in marks) for word in words)

    assert len(marks) == MOST_MARKS
    assert covered <= MOST_MARKED * 200


def test_of_a_short_text_one_word_may_be_marked():
    assert mark("Troops march", {"troops": 1.0, "march": 0.9}, filler="") == [("Troops", 1.0)]
    assert mark("", {}, filler="") == []


def test_sentences_that_speak_against_the_framing_are_left_out():
    marks = mark_sentences([(0, 5), (6, 9), (10, 20)], np.array([0.5, -1.0, 2.0]))

    assert [(mark.start, mark.weight) for mark in marks] == [(10, 2.0), (0, 0.5)]
