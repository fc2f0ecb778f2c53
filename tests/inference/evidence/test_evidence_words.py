"""Words stand where the passage has them, and are the words that the models read."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyframes.backends.ngram import extract_ngrams
from policyframes.evidence.words import delete_words, find_words

ALONE = {"word_ngrams": [1, 1], "char_ngrams": None}
PIECES = st.sampled_from(
    "rules|Rules|co-|oper\u00ad\nate|cross-border|-\n|\n| |. |U.S.|’s|naïve|ﬁscal|Brand™|½|İ|«|…|n̈|1,200"
    "|neighbours'|_x_|\u3000|ǅ|—".split("|")
)


def spell(text):
    return [(text[word.start : word.end], word.forms) for word in find_words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The rule, then.", [("The", ("the",)), ("rule", ("rule",)), ("then", ("then",))]),
        ("a cooper-\nation pact", [("a", ("a",)), ("cooper-\nation", ("cooperation",)), ("pact", ("pact",))]),
        ("cross-border", [("cross", ("cross",)), ("border", ("border",))]),
        ("US-\nMexico", [("US", ("us",)), ("Mexico", ("mexico",))]),
        ("the neighbour’s land", [("the", ("the",)), ("neighbour’s", ("neighbour's",)), ("land", ("land",))]),
        ("ﬁscal aid", [("ﬁscal", ("fiscal",)), ("aid", ("aid",))]),
        ("\t\n", []),
        ("", []),
    ],
)
def test_a_word_is_found_where_it_stands(text, expected):
    assert spell(text) == expected


def test_a_chunk_that_normalising_changes_stands_for_its_words_as_a_whole():
    assert spell("of Brand™ seeds") == [("of", ("of",)), ("Brand™", ("brandtm",)), ("seeds", ("seeds",))]


@given(st.one_of(st.lists(PIECES).map("".join), st.text(max_size=60)))
def test_the_words_are_those_that_the_model_reads_in_their_order_and_apart(text):
    words = find_words(unicodedata.normalize("NFC", text))
    text = unicodedata.normalize("NFC", text)

    assert [form for word in words for form in word.forms] == extract_ngrams(text, ALONE)
    ends = [0, *(word.end for word in words)]
    assert all(end <= word.start < word.end <= len(text) for end, word in zip(ends, words, strict=False))


def test_deleting_words_leaves_what_stood_between_them():
    text = "Courts, not cannons; law-\nyers."
    words = find_words(text)

    assert delete_words(text, [words[0], words[3]]) == ", not cannons; ."
    assert delete_words(text, []) == text


def test_single_letters_and_function_words_are_stop_words():
    stopped = {
        text for text, word in zip("our U 9 law".split(), find_words("our U 9 law"), strict=True) if word.is_stop_word
    }

    assert stopped == {"our", "U", "9"}
