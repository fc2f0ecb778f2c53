import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from policyframes.documents.canonical import canonicalise
from policyframes.documents.document import Document
from policyframes.passages import cut_passages, segmentation, split_passages
from policyframes.passages.blocks import mark_blocks
from policyframes.passages.parts import part_document
from policyframes.passages.prose import find_prose
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
    assert mark_blocks(document, parts, find_prose(document.text, parts)) == mark_blocks(document, parts, {})


@given(_documents())
@settings(max_examples=400, deadline=None)
def test_prose_has_the_words_that_are_counted_and_is_no_noise(document):
    for (start, end), words in find_prose(document.text, part_document(document)).items():
        assert words == len(document.text[start:end].split())
        assert not is_noise(document.text[start:end])


@given(_documents())
@settings(max_examples=200, deadline=None)
def test_the_cuts_are_the_same_without_a_glance(document):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segmentation, "find_prose", lambda _text, _parts: {})
        expected = split_passages(document)
    assert split_passages(document) == expected
    assert cut_passages(document) == expected.passages


@given(_documents())
@settings(max_examples=200, deadline=None)
def test_passages_carry_the_number_of_their_words(document):
    assert all(passage.words == len(re.findall(r"\S+", passage.text)) for passage in cut_passages(document))


def test_an_ordinary_paragraph_is_told_at_a_glance():
    text = f"{_SENTENCE} and harbours.\n\n{_SENTENCE}, a spokesman said in March 2019."
    assert len(find_prose(text, part_document(_of(text)))) == 2


@pytest.mark.parametrize(
    "paragraph",
    [
        f"- {_SENTENCE} and harbours.",
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
    assert not find_prose(paragraph, part_document(_of(paragraph)))
