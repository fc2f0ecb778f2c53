import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from policyframes.documents.canonical import canonicalise
from policyframes.documents.document import Document
from policyframes.passages import cut_texts, segmentation, split_passages
from policyframes.passages.blocks import mark_blocks
from policyframes.passages.parts import part_document
from policyframes.passages.prose import Glance, find_prose
from policyframes.passages.words import is_noise

_SENTENCE = (
    "The ministers of both countries met again in the harbour town and agreed on rules for the rivers they share"
)
_WORDS = (
    "river Border U.S. 2019 and the of iPhone McBride xq;7 a I — … ‘so’ x,y A. (b) 12. | www.example.org qzx".split()
)
_openings = st.sampled_from(
    ["", "“", "(", "- ", "• ", "1. ", "12 ", "a) ", "Figure 2: ", "Source: ", "[3] See ", "the ", "é"]
)
_fillings = st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join)
_joints = st.sampled_from([" ", "  ", "   ", "\t", "\n", " | ", "...", ". . . 5 ", "\u2003", "\x85"])
_endings = st.sampled_from([".", "!", ":", ";", "", ",", " of", ".”", ".12", " 12", "…", "?)", "-"])
_strange = st.text(alphabet="abIV. ,;:\n\t“”’-–|012éÉ中\u2003", max_size=80)
_gaps = st.sampled_from(["\n\n", "\n", "\n \n", "\n\n\n"])


@st.composite
def _paragraphs(draw):
    if draw(st.integers(0, 5)) == 0:
        return draw(
            st.one_of(_strange, st.sampled_from(["References", "Notes", "Rivers and Harbours", "12", "qzx KfX7 zq;"]))
        )
    body = " ".join([_SENTENCE] * draw(st.integers(1, 9)))
    cut = draw(st.integers(1, len(body)))
    return draw(_openings) + body[:cut] + draw(_joints) + draw(_fillings) + draw(_joints) + body[cut:] + draw(_endings)


@st.composite
def _documents(draw):
    parts = draw(st.lists(st.tuples(_paragraphs(), _gaps), min_size=1, max_size=6))
    return Document("d", canonicalise("".join(paragraph + gap for paragraph, gap in parts)), "txt", "d.txt")


def _of(text):
    return Document("d", text, "txt", "d.txt")


@given(_documents())
@settings(max_examples=400, deadline=None)
@example(_of(f"References\n\n{_SENTENCE} and harbours."))
@example(_of(f"{_SENTENCE} with\n\nThe {_SENTENCE.lower()} and harbours."))
def test_paragraphs_told_at_a_glance_are_what_the_rules_make_of_them(document):
    parts = part_document(document)
    assert mark_blocks(document, parts, find_prose(document.text, parts)) == mark_blocks(document, parts, Glance())


@given(_documents())
@settings(max_examples=400, deadline=None)
def test_words_that_a_glance_counts_are_counted_right_and_what_it_calls_sound_is_no_noise(document):
    glance = find_prose(document.text, part_document(document))
    assert glance.prose <= glance.sound <= glance.words.keys()
    assert glance.items <= glance.prose
    assert all(words == len(document.text[start:end].split()) for (start, end), words in glance.words.items())
    assert not any(is_noise(document.text[start:end]) for start, end in glance.sound)


@given(_documents())
@settings(max_examples=200, deadline=None)
def test_the_cuts_are_the_same_without_a_glance(document):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segmentation, "find_prose", lambda _text, _parts: Glance())
        expected = split_passages(document)
    assert split_passages(document) == expected
    assert cut_texts([document.text]) == [[(p.start, p.end, p.words) for p in expected.passages]]


@given(_documents())
@settings(max_examples=200, deadline=None)
def test_passages_carry_the_number_of_their_words(document):
    assert all(passage.words == len(re.findall(r"\S+", passage.text)) for passage in split_passages(document).passages)


def test_an_ordinary_paragraph_is_told_at_a_glance():
    text = f"{_SENTENCE} and harbours.\n\n{_SENTENCE}, a spokesman said in March 2019."
    assert len(find_prose(text, part_document(_of(text))).prose) == 2


@pytest.mark.parametrize(
    "paragraph",
    [
        f"- {_SENTENCE} and harbours",
        f"{_SENTENCE} and harbours",
        f"{_SENTENCE}\tand harbours.",
        f"{_SENTENCE} ..... and harbours 12.",
        f"Figure 2: {_SENTENCE} and harbours.",
        f"[2] See https://example.org: {_SENTENCE} and harbours.",
        "The ministers met.",
        "Qzx7 kf;d " * 20 + "zq;x.",
    ],
)
def test_what_may_be_something_else_is_left_to_the_rules(paragraph):
    assert not find_prose(paragraph, part_document(_of(paragraph))).prose


@pytest.mark.parametrize(
    ("paragraph", "is_item"),
    [
        (f"- {_SENTENCE} and harbours.", True),
        (f"• {_SENTENCE} and harbours.", True),
        (f"12. {_SENTENCE} and harbours.", True),
        (f"(b) {_SENTENCE} and harbours.", True),
        (f"iv) {_SENTENCE} and harbours.", True),
        (f"(Later {_SENTENCE} and harbours.)", False),
        (f"2019 was the year in which {_SENTENCE} and harbours.", False),
    ],
)
def test_list_items_and_what_looks_like_one_are_told_at_a_glance(paragraph, is_item):
    glance = find_prose(paragraph, part_document(_of(paragraph)))

    assert glance.prose == {(0, len(paragraph))}
    assert bool(glance.items) is is_item


def test_numbers_alone_are_no_prose():
    paragraph = " ".join(str(number) for number in range(100, 130)) + "."

    assert not find_prose(paragraph, part_document(_of(paragraph))).prose


@given(st.lists(_documents(), max_size=5))
@settings(max_examples=100, deadline=None)
def test_many_texts_are_cut_as_each_of_them_alone(documents):
    alone = [[(p.start, p.end, p.words) for p in split_passages(document).passages] for document in documents]

    assert cut_texts([document.text for document in documents]) == alone


def test_texts_beyond_what_is_looked_at_together_are_cut_as_each_alone():
    texts = [f"{_SENTENCE} and harbours.\n\n" * count for count in (3, 1200, 2, 2500, 1)]

    assert cut_texts(texts) == [cut_texts([text])[0] for text in texts]
    assert cut_texts([]) == []


def test_paragraphs_that_are_no_noise_alone_may_be_noise_together():
    numbers = " ".join(str(number) for number in range(100, 124))
    paragraph = f"{_SENTENCE}. " * 3
    text = "\n\n".join([paragraph, f"A {numbers} hmmm.", f"B {numbers} brrr.", paragraph])
    passages = split_passages(_of(text)).passages

    assert len(passages) == 2
    assert cut_texts([text]) == [[(p.start, p.end, p.words) for p in passages]]


@pytest.mark.parametrize(
    "run", ["\t", "\xa0", "\u3000", " \t", ". ", "…", "… ", ". … ", "\n", "\n\xa0", "- ", "1.\n", "(", "“ "]
)
def test_a_long_run_of_anything_is_cut_without_going_over_it_again_and_again(run):
    # Where the time is the square of the length, this takes minutes and not a blink.
    text = f"{_SENTENCE}.\n{run * 100_000}\n{_SENTENCE}."

    assert len(cut_texts([text])) == 1
