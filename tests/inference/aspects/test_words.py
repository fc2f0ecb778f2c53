"""What a word is, where it stands, and that neither accents nor kinds of dashes matter."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyframes.aspects.words import cut_words

# Letters with and without marks, marks alone, ligatures, dashes, apostrophes, what is not drawn, notes, emoji.
_TEXTS = st.text(st.sampled_from("abAB.'’-–—\u00ad\u200b \n_1²éÉ\u0301ñøßﬁﬄŁİſ中🙂‍"), max_size=40) | st.text(
    max_size=40
)


def test_an_abbreviation_loses_its_dots_and_keeps_its_place():
    cut = cut_words("The U.S. and D.E.A.'s men.")

    assert cut.words == ["The", "US", "and", "DEA's", "men"]
    assert cut.locate()[1] == (4, 8)


def test_a_full_stop_between_sentences_makes_no_abbreviation():
    assert cut_words("It was plan A.The rest").words == ["It", "was", "plan", "A", "The", "rest"]


@pytest.mark.parametrize("dash", "-‐‑‒–−")
def test_every_hyphen_is_a_hyphen(dash):
    assert cut_words(f"cross{dash}border").gaps == ["-"]


@pytest.mark.parametrize("apostrophe", "'’‘ʼ′´")
def test_every_apostrophe_is_part_of_the_word(apostrophe):
    assert cut_words(f"people{apostrophe}s army").words == ["people's", "army"]


def test_a_mark_of_its_own_belongs_to_the_word_that_it_stands_over():
    text = "in Juárez now"

    assert cut_words(text).words == ["in", "Juarez", "now"]
    assert [text[start:end] for start, end in cut_words(text).locate()] == ["in", "Juárez", "now"]


def test_offsets_hold_behind_what_is_not_drawn():
    text = "ter\u00adri\u00adto\u00adry of ﬁsh\u200b!"

    assert cut_words(text).words == ["territory", "of", "fish"]
    assert next(text[start:end] for start, end in cut_words(text).locate()) == "ter\u00adri\u00adto\u00adry"


def test_the_mark_of_a_note_is_no_part_of_a_word():
    assert cut_words("the border² and").words == ["the", "border", "and"]


def test_an_underscore_is_no_letter():
    assert cut_words("_border_").words == ["border"]


@given(_TEXTS)
def test_words_lie_on_the_text_in_order_and_apart(text):
    cut = cut_words(text)
    places = cut.locate()

    assert len(places) == len(cut.words)
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert all(before[1] <= after[0] for before, after in pairwise(places))
    assert len(cut.gaps) == max(0, len(cut.words) - 1)


@given(_TEXTS)
def test_cutting_a_word_again_gives_that_word(text):
    cut = cut_words(text)
    for word, (start, end) in zip(cut.words, cut.locate(), strict=True):
        assert cut_words(text[start:end]).words == [word]
