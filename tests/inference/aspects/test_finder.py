"""What speaks of an aspect: whole words, forms, several words, abbreviations, exclusions, and where."""

from __future__ import annotations

import sys
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyframes.aspects import AspectFinder, Mention, find_aspects, read_aspects
from policyframes.taxonomy import Aspect


def finder_of(*terms, excluded=()):
    return AspectFinder([Aspect("x", "X", "d", terms, tuple(excluded))])


def mentions(text, *terms, excluded=()):
    return [text[m.start : m.end] for m in finder_of(*terms, excluded=excluded).locate(text)]


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("deport", "They deported him, deport her and are DEPORTING us.", ["deported", "deport", "DEPORTING"]),
        ("import", "An important import is imported.", ["import", "imported"]),
        ("alien", "Aliens who alienate an alien’s friends", ["Aliens", "alien’s"]),
        ("trade", "A trader trades in traditions.", ["trades"]),
        ("duty", "Duties of the dutiful", ["Duties"]),
        (
            "port of entry",
            "ports of\nentry, port-of-entry, Port  of Entry's",
            ["ports of\nentry", "port-of-entry", "Port  of Entry's"],
        ),
        ("port of entry", "a port, of entry; the port of the entry", []),
        (
            "Attorney General",
            "attorneys general met the Attorney General's clerk",
            ["attorneys general", "Attorney General's"],
        ),
        ("supply chain", "supply-chain supply–chains supply — chain", ["supply-chain", "supply–chains"]),
        ("trade agreement", "the trade – agreement came", []),
        ("narco-trafficking", "narcotrafficking, narco trafficking", ["narcotrafficking", "narco trafficking"]),
        ("crack down on", "cracking down on it, cracked down on", ["cracking down on", "cracked down on"]),
        ("cross illegally", "who crosses illegally, crossed illegally", ["crosses illegally", "crossed illegally"]),
        ("MS-13", "MS-13, MS13 and ms-13", ["MS-13", "MS13"]),
        ("ICE", "ICE's raids, I.C.E. raids, ice melts, Ice too", ["ICE's", "I.C.E."]),
        ("DTO", "DTOs and DTO's and dtos", ["DTOs", "DTO's"]),
        ("U.S.", "the US and the U.S. tell us", ["US", "U.S."]),
        ("DoD", "DOD and DoD", ["DOD", "DoD"]),
        (
            "López Obrador",
            "Lopez Obrador, LÓPEZ OBRADOR’S, López Obrador",
            ["Lopez Obrador", "LÓPEZ OBRADOR’S", "López Obrador"],
        ),
        ("People's Republic", "the People’s Republic", ["People’s Republic"]),
        ("border", "cross-border, _border_, borderline, border.12, (border)", ["border", "border", "border", "border"]),
        ("within * borders", "within our borders, within borders, within our own borders", ["within our borders"]),
        ("9/11", "since 9/11, 9 11", ["9/11"]),
        ("organization", "organisations", ["organisations"]),
        ("ICE raid", "ICE raids and ice raids", ["ICE raids"]),
    ],
)
def test_a_term_is_found_in_its_forms(term, text, found):
    assert mentions(text, term) == found


def test_a_word_broken_by_a_soft_hyphen_is_found():
    assert mentions("the mi\u00adgrants came", "migrant") == ["mi\u00adgrants"]


def test_an_exclusion_hides_what_it_covers_and_nothing_else():
    text = "Drug prices rise; a drug is smuggled. Prices for drugs."

    assert mentions(text, "drug", excluded=["drug price"]) == ["drug", "drugs"]


def test_an_exclusion_hides_forms():
    text = "It bordered on the absurd and borders on madness at the border on Monday."

    assert mentions(text, "border", excluded=["border on the", "border on madness"]) == ["border"]


def test_an_exclusion_does_not_hide_a_longer_mention():
    assert mentions("the drug price cartel", "drug", "drug price cartel", excluded=["drug price"]) == [
        "drug price cartel"
    ]


def test_an_exclusion_is_of_its_aspect_alone():
    aspects = [Aspect("a", "A", "d", ("trade",), ("slave trade",)), Aspect("b", "B", "d", ("trade",))]

    assert AspectFinder(aspects).find("the slave trade") == ("b",)


def test_the_longest_of_overlapping_terms_is_the_mention():
    assert mentions("the border wall there", "border", "wall", "border wall") == ["border wall"]


def test_mentions_of_several_aspects_are_ordered_by_place_then_aspect():
    aspects = [Aspect("late", "L", "d", ("wall",)), Aspect("both", "B", "d", ("border wall",))]

    assert AspectFinder(aspects).locate("a border wall") == (Mention(2, 13, "both"), Mention(9, 13, "late"))


def test_ids_come_in_the_order_of_the_aspects():
    aspects = read_aspects()
    found = find_aspects(["Tariffs on China, drugs from Mexico.", "Nothing.", ""], aspects)

    assert found == [("mexico", "drugs", "trade", "china"), (), ()]


def test_no_aspects_find_nothing():
    assert find_aspects(["the border"], []) == [()]


_WORDS = st.sampled_from(
    ["border", "Borders", "border's", "ICE", "I.C.E.", "ice", "port", "ports", "of", "entry", "Juárez", "Jua\u0301rez"]
)
_GAPS = st.sampled_from([" ", "\n", "-", "–", " — ", ". ", "’", "", "\u00ad", "_", "2", "²", "\u0301", "ﬁ"])
_TEXTS = st.lists(st.tuples(_WORDS, _GAPS), max_size=12).map(lambda pairs: "".join(word + gap for word, gap in pairs))
_FINDER = finder_of("border", "ICE", "port of entry", "Juárez", "entry", excluded=["border of entry"])


def is_letter(character):
    return character.isalnum() and unicodedata.category(character) != "No"


@given(_TEXTS | st.text(max_size=60))
def test_a_mention_lies_on_the_text_and_never_begins_or_ends_inside_a_word(text):
    for mention in _FINDER.locate(text):
        assert 0 <= mention.start < mention.end <= len(text)
        assert not (mention.start and is_letter(text[mention.start - 1]) and is_letter(text[mention.start]))
        assert not (mention.end < len(text) and is_letter(text[mention.end - 1]) and is_letter(text[mention.end]))
        assert not (mention.end < len(text) and unicodedata.combining(text[mention.end]))


@given(_TEXTS)
def test_what_is_found_is_what_has_a_mention(text):
    assert _FINDER.find(text) == tuple(dict.fromkeys(mention.aspect for mention in _FINDER.locate(text)))


@given(_TEXTS)
def test_mentions_of_an_aspect_never_overlap(text):
    found = _FINDER.locate(text)

    assert all(before.end <= after.start for before, after in pairwise(found))


@given(st.text(max_size=20), st.text(max_size=40))
def test_no_term_and_no_text_raises(term, text):
    mentions(text, term)


def test_every_term_of_the_taxonomy_finds_itself():
    for aspect in read_aspects():
        finder = AspectFinder([Aspect(aspect.id, aspect.label, aspect.definition, aspect.terms)])
        for term in aspect.terms:
            text = term.replace("*", "some")
            assert finder.find(f"So the {text}, then.") == (aspect.id,), term
            assert finder.find(unicodedata.normalize("NFD", text)) == (aspect.id,), term


def test_every_exclusion_of_the_taxonomy_covers_a_term():
    # One that covers nothing is a slip of the pen.
    for aspect in read_aspects():
        finder = AspectFinder([Aspect(aspect.id, aspect.label, aspect.definition, aspect.terms)])
        for term in aspect.excluded:
            text = term.replace("*", "some")
            assert finder.find(text) == (aspect.id,), term
            assert AspectFinder([aspect]).find(text) == (), term


def test_mentions_that_an_exclusion_covers_in_part_stay():
    aspect = Aspect("water", "Water", "Water.", ("river bank", "bank"), ("bank account",))

    text = "river bank account, bank account, bank"

    assert [text[m.start : m.end] for m in AspectFinder([aspect]).locate(text)] == ["river bank", "bank"]


@pytest.mark.parametrize("unit", ["border ", "border wall and borderline ", "drug war ", "Department of State "])
def test_work_grows_with_the_text_and_not_with_its_square(unit):
    finder = AspectFinder(read_aspects())

    def count_lines(times: int) -> int:
        ran = 0

        def watch(_frame, event, _argument):
            nonlocal ran
            ran += event == "line"
            return watch

        before = sys.gettrace()
        sys.settrace(watch)
        try:
            finder.locate(unit * times)
        finally:
            sys.settrace(before)
        return ran

    count_lines(10)
    # Ten times the text runs ten times as many lines; a hundred times where each mention is set against each other.
    assert 0 < count_lines(1_000) < 15 * count_lines(100)
