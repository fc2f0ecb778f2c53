"""What the passages of an article come to, column by column, against the same reckoned score by score."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from policyframes.archive.aggregation import ScoredArticles, extend_columns, slice_texts
from policyframes.decisions import Decisions

FRAMINGS = ("securitized", "governance", "partnership")
_flags = st.lists(st.booleans(), min_size=3, max_size=3)
_passages = st.tuples(st.lists(st.floats(0, 1), min_size=3, max_size=3), _flags, _flags, st.booleans())


def gather(articles):
    """Return articles, each of them a list of (probabilities, present, uncertain, by encoder), as they are scored."""
    rows = [row for article in articles for row in article]
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    cuts = [[(10 * i, 10 * i + 9, i + 1) for i in range(len(article))] for article in articles]
    texts = ["passages " * len(article) for article in articles]
    names = [f"a{number}" for number in range(len(articles))]
    return ScoredArticles(names, cuts, slice_texts(texts, cuts), Decisions(*columns), FRAMINGS)


def passage(*present, probabilities=(0.5, 0.5, 0.5), uncertain=(), by_encoder=False):
    flags = [[framing in chosen for framing in FRAMINGS] for chosen in (present, uncertain)]
    return (list(probabilities), *flags, by_encoder)


@given(st.lists(st.lists(_passages, min_size=1, max_size=9), min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_columns_are_what_counting_each_article_gives(articles):
    scored = gather(articles)
    columns = scored.list_documents()
    for row, article in enumerate(articles):
        size = len(article)
        counts = Counter(
            kind
            for _, present, uncertain, _ in article
            for kind in (
                *(framing for framing, flag in zip(FRAMINGS, present, strict=True) if flag),
                *(() if any(present) else ("none",)),
                *(("uncertain",) if any(uncertain) else ()),
            )
        )
        kinds = (*FRAMINGS, "none", "uncertain")
        assert scored.counts[row] == {**{kind: counts[kind] for kind in kinds}, "passages": size}
        assert [columns[f"share_{kind}"][row] for kind in kinds] == [round(counts[kind] / size, 4) for kind in kinds]
        assert [columns[f"has_{kind}"][row] for kind in FRAMINGS] == [counts[kind] > 0 for kind in FRAMINGS]
        none = sum(math.prod(1 - p for p in probabilities) for probabilities, *_ in article) / size
        means = [sum(column) / size for column in zip(*(probabilities for probabilities, *_ in article), strict=True)]
        found = [columns[f"p_{kind}"][row] for kind in (*FRAMINGS, "none")]
        assert np.allclose(found, [*means, none], rtol=0, atol=1.01 * 0.00005)
        assert columns["words"][row] == size * (size + 1) // 2


def test_the_primary_framing_is_the_commonest_and_among_equals_the_likeliest():
    scored = gather(
        [
            [passage("governance"), passage("governance", "securitized", probabilities=(0.9, 0.6, 0.1))],
            [passage("securitized", "partnership", probabilities=(0.6, 0.9, 0.7))],
            [passage(probabilities=(0.4, 0.4, 0.4))],
            [passage("securitized", probabilities=(1, 0, 0)), passage("partnership", probabilities=(1, 0, 1))],
        ]
    )

    assert scored.list_documents()["primary"] == ["governance", "partnership", None, "securitized"]


def test_each_passage_has_a_row_with_its_place_and_text():
    scored = gather(
        [
            [passage("governance", "partnership", probabilities=(0.2, 0.6, 0.71239), uncertain=("governance",))],
            [passage(), passage("securitized", by_encoder=True)],
        ]
    )
    columns = scored.list_passages()

    assert columns["document"] == ["a0", "a1", "a1"]
    assert columns["passage"] == [1, 1, 2]
    assert list(zip(columns["start"], columns["end"], columns["words"], strict=True)) == [
        (0, 9, 1),
        (0, 9, 1),
        (10, 19, 2),
    ]
    assert columns["framings"] == [["governance", "partnership"], [], ["securitized"]]
    assert columns["primary"] == ["partnership", None, "securitized"]
    assert columns["uncertain"] == [["governance"], [], []]
    assert columns["tier"] == ["fast", "fast", "encoder"]
    assert columns["none"] == [0, 1, 0]
    assert columns["p_partnership"] == [0.7124, 0.5, 0.5]
    assert columns["text"] == scored.passages == ["passages ", "passages ", "assages "]


def test_batches_follow_each_other():
    columns: dict[str, list[object]] = {}
    for numbers in ([1, 2], [3]):
        extend_columns(columns, {"row": numbers})

    assert columns == {"row": [1, 2, 3]}
