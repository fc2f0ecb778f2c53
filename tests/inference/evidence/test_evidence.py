"""Evidence of every kind of bundle: exact places, the right tier, the same for a passage whatever stands beside it."""

import numpy as np
import pandas as pd
import pytest

from policyframes.errors import UsageError
from policyframes.evidence import explain
from policyframes.evidence.deletions import draw_deletions, fit_weights
from policyframes.evidence.words import find_words
from policyframes.scorer import load
from tests.inference.builders import WORDS

# The tiny models know five words: `threat`, `court` and `partner` carry a framing each.
REST = " The" + " the" * 11
TEXT = "The threat grew." + REST + " partner came. A court sat." + REST

ROUTED = ("threat", "court the the", "threat court partner", "the border", "the", "partner court")


def spell(text, marks):
    return [text[mark.start : mark.end] for mark in marks]


@pytest.fixture(params=["tiny", "encoder", "fast", "balanced", "best"])
def any_scorer(request):
    if request.param in {"tiny", "encoder"}:
        return load(request.getfixturevalue("bundle_folder" if request.param == "tiny" else "encoder_folder"))
    return load(request.getfixturevalue("cascade_folder"), request.param)


def test_the_word_that_carries_each_framing_is_marked_and_so_is_its_sentence(any_scorer):
    found = any_scorer.explain([TEXT], any_scorer.framings)[0]

    assert list(found) == list(any_scorer.framings)
    assert [spell(TEXT, evidence.words)[0] for evidence in found.values()] == ["threat", "court", "partner"]
    sentences = [spell(TEXT, evidence.sentences)[0].split(".")[0] for evidence in found.values()]
    assert sentences[:2] == ["The threat grew", "A court sat"]
    assert sentences[2].endswith("the partner came")


def test_only_decided_framings_are_explained_unless_others_are_asked_for(scorer):
    decided = scorer.score(["threat partner"])[0].framings

    assert tuple(scorer.explain(["threat partner"])[0]) == decided
    assert list(scorer.explain(["threat"], ["governance"])[0]) == ["governance"]
    assert scorer.explain(["the the"]) == [{}]
    assert scorer.explain([]) == []
    assert scorer.explain(["threat"], []) == [{}]


def test_a_passage_is_explained_alike_whatever_is_explained_with_it(any_scorer):
    alone = any_scorer.explain([TEXT])

    assert any_scorer.explain(["threat", TEXT, "the court"])[1] == alone[0]
    assert any_scorer.explain([TEXT]) == alone


def test_the_delegate_gives_what_the_function_gives(scorer):
    assert scorer.explain([TEXT]) == explain(scorer, [TEXT])


def test_weights_are_steps_of_the_calibrated_logit(scorer):
    evidence = scorer.explain(["threat partner"], ["securitized"])[0]["securitized"]
    # Each value is 1 of a length of root 2; without the sentence nothing is left but the intercept.
    assert evidence.words[0].weight == pytest.approx(6 / np.sqrt(2))
    assert evidence.sentences[0].weight == pytest.approx((6 - 2) / np.sqrt(2))


def test_a_passage_that_the_fast_part_read_is_explained_by_it_at_every_quality(cascade_folder):
    balanced, fast = load(cascade_folder, "balanced"), load(cascade_folder, "fast")
    texts = [text for text in ROUTED if balanced.score([text])[0].tier == "fast"]

    assert texts
    assert balanced.explain(texts, balanced.framings) == fast.explain(texts, fast.framings)


def test_a_passage_that_the_encoder_read_is_explained_by_it_at_every_quality(cascade_folder):
    balanced, best = load(cascade_folder, "balanced"), load(cascade_folder, "best")
    texts = [text for text in ROUTED if balanced.score([text])[0].tier == "encoder"]

    assert texts
    assert balanced.explain(texts, balanced.framings) == best.explain(texts, best.framings)


def test_of_a_linear_encoder_the_weights_are_nearly_those_of_its_words(encoder_folder):
    scorer = load(encoder_folder)
    text = "the threat the court the partner the border the the the the"
    weights = scorer.weigher.weigh([text], ["encoder"])[0]

    expected = np.array([WORDS[word.forms[0]] for word in weights.words])
    assert weights.by_word == pytest.approx(expected, abs=2.0)
    assert np.corrcoef(weights.by_word.ravel(), expected.ravel())[0, 1] > 0.98


def test_more_deletions_than_words_recover_a_sum():
    drawn = draw_deletions("text", 20, 40)
    weights = np.random.default_rng(0).normal(size=(20, 3))

    found = fit_weights(drawn, drawn @ weights, np.zeros((20, 3)), 1e-6)
    assert found == pytest.approx(weights, abs=1e-4)


def test_a_surrogate_without_readings_says_what_was_expected():
    expected = np.ones((4, 3))

    assert fit_weights(np.zeros((0, 4), dtype=bool), np.zeros((0, 3)), expected, 1.0) == pytest.approx(expected)


@pytest.mark.parametrize("words", [0, 1, 3, 5, 23])
def test_a_round_of_deletions_leaves_out_each_word_once(words):
    drawn = draw_deletions("some text", words, 3)

    assert drawn.sum(axis=0).tolist() == [3] * words
    assert (draw_deletions("some text", words, 3) == drawn).all()


@pytest.mark.parametrize("framings", [["topic"], "securitized"])
def test_an_unknown_framing_is_refused(scorer, framings):
    with pytest.raises(UsageError, match="Leave it out for those that are decided"):
        scorer.explain(["threat"], framings)


def test_a_single_string_is_refused(scorer):
    with pytest.raises(UsageError, match="a single text"):
        scorer.explain("threat")


def test_a_column_of_a_table_is_explained(scorer):
    texts = ["threat court", "the"]

    assert scorer.explain(pd.Series(texts, index=[5, 7])) == scorer.explain(texts)


@pytest.mark.parametrize("text", ["", " \n", "...", "x", "1", "™", "threat", "a-\nb", "threat-\ncourt"])
def test_texts_with_hardly_a_word_are_explained(any_scorer, text):
    for evidence in any_scorer.explain([text], any_scorer.framings)[0].values():
        assert all(0 <= mark.start < mark.end <= len(text) for mark in (*evidence.words, *evidence.sentences))


def test_a_word_that_a_line_end_parts_is_one_mark():
    scorer = load("fast-v3")
    text = "It was a fine summer, and both cities spoke at length of cooper-\nation. The delegates left by train."

    assert "cooper-\nation" in spell(text, scorer.explain([text], ["partnership"])[0]["partnership"].words)


def test_hundreds_of_passages_take_seconds_at_most():
    import time  # noqa: PLC0415  (only this test looks at the clock)

    scorer = load("fast-v3")
    words = np.array(scorer.bundle.vocabulary)
    chance = np.random.default_rng(1)
    texts = [". ".join(" ".join(chance.choice(words, 20)) for _ in range(4)) for _ in range(500)]
    scorer.score(texts[:1])
    start = time.process_time()
    found = scorer.explain(texts, scorer.framings)

    assert len(found) == 500
    # Well below a second on an idle machine; a crowded one must not fail.
    assert time.process_time() - start < 6


def test_places_are_code_points_of_the_text_as_it_stands(scorer):
    text = "«Ésta» 😀 naïve threat — the end of it" + REST
    evidence = scorer.explain([text], ["securitized"])[0]["securitized"]

    assert spell(text, evidence.words) == ["threat"]
    assert [word.start for word in find_words(text) if word.forms == ("threat",)] == [evidence.words[0].start]
