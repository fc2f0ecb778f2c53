from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from policyframes.bundle import FramingSettings, save_bundle
from policyframes.errors import BundleNotFoundError, UsageError
from policyframes.language import is_foreign
from policyframes.scorer import Scorer, load
from tests.inference.builders import make_bundle, make_document

LONG = "{0} {0} " + "the " * 40


def test_framings_are_decided_in_the_taxonomys_order(scorer):
    score = scorer.score(["partner threat threat"])[0]

    assert score.framings == ("securitized", "partnership")
    assert score.primary == "securitized"
    assert list(score.probabilities) == ["securitized", "governance", "partnership"]


def test_none_is_the_absence_of_every_framing(scorer):
    score = scorer.score(["the the"])[0]

    assert score.none
    assert score.primary is None
    assert score.framings == ()


def test_two_framings_may_be_present_and_the_likelier_is_primary():
    bundle = make_bundle()
    bundle.tensors["coefficients"][0] = (6, 5, -2)
    score = Scorer(bundle).score(["threat"])[0]

    assert score.framings == ("securitized", "governance")
    assert score.primary == "securitized"


def test_a_probability_in_the_band_is_uncertain_whatever_was_decided():
    settings = FramingSettings(threshold=0.5, slope=1.0, offset=1.0, uncertain_from=0.5, uncertain_to=0.6)
    score = Scorer(make_bundle(framings=dict.fromkeys(("a", "b", "c"), settings))).score([""])[0]

    assert score.probabilities == {"a": 0.5, "b": 0.5, "c": 0.5}
    assert score.framings == score.uncertain == ("a", "b", "c")


def test_calibration_is_applied_to_the_logit():
    settings = FramingSettings(threshold=0.5, slope=2.0, offset=2.0, uncertain_from=0.5, uncertain_to=0.5)
    framings = dict.fromkeys(("a", "b", "c"), settings)

    assert Scorer(make_bundle(framings=framings)).score([""])[0].probabilities["a"] == 0.5


def test_there_is_one_score_a_text_in_order(scorer):
    scores = scorer.score(["threat", "court", "partner"])

    assert [score.primary for score in scores] == ["securitized", "governance", "partnership"]
    assert scorer.score([]) == []


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ("one text", "a single text.* Put a single text into a list"),
        (b"bytes", "Put a single text into a list"),
        (np.array("one text"), "a single text.* Put a single text into a list"),
        (["text", None], "NoneType None at place 1"),
        (np.array(["text", 2.5], dtype=object), "float 2.5 at place 1"),
        ([1], "int 1 at place 0"),
        (5, "a int.* Make a list of it"),
        (None, "a NoneType"),
        ({"text": 1}, "a dict"),
        ((t for t in ["a"]), "a generator.* Make a list of it"),
    ],
)
def test_what_is_no_list_of_texts_is_refused_by_name_and_place(scorer, texts, found):
    with pytest.raises(UsageError, match=found):
        scorer.score(texts)


def test_a_column_of_a_table_is_a_list_of_texts(scorer):
    texts = ["threat", "court"]

    assert scorer.score(pd.Series(texts)) == scorer.score(np.array(texts)) == scorer.score(texts)


def test_a_document_is_scored_passage_by_passage(scorer):
    text = "\n\n".join(LONG.format(word) + "." for word in ("threat", "court", "court", "the"))
    scored = scorer.score_document(make_document(text))

    assert len(scored.passages) == 4
    assert [scored.count(name) for name in scorer.framings] == [1, 2, 0]
    assert scored.none_count == 1
    assert [item.passage.number for item in scored.rank("governance")] == [2, 3]
    assert scored.rank("partnership") == ()


def test_a_document_without_passages_has_no_scores(scorer):
    assert scorer.score_document(make_document("* * *")).passages == ()


ENGLISH = "The court and the border are what this is about, and there is more of it than we have been told. " * 4
SPANISH = "La frontera es una responsabilidad que compartimos con nuestros vecinos, y la ley vale para todos. " * 4


def test_a_text_in_another_language_carries_a_warning(scorer):
    assert "does not look English" in scorer.score_document(make_document(SPANISH)).warnings[0]
    assert scorer.score_document(make_document(ENGLISH)).warnings == ()
    assert scorer.score_document(make_document("Frontera segura.")).warnings == ()


def test_warnings_of_the_document_are_kept(scorer):
    scored = scorer.score_document(make_document(SPANISH, warnings=("Two pages are pictures.",)))

    assert scored.warnings[0] == "Two pages are pictures."
    assert len(scored.warnings) == 2


@pytest.mark.shared
@pytest.mark.slow
def test_of_the_development_documents_only_four_do_not_look_english(shared_folder):
    foreign = {
        path.stem
        for path in (shared_folder / "documents").glob("*.txt")
        if is_foreign(path.read_text(encoding="utf-8"))
    }

    assert len(foreign) == 4
    assert all(name.startswith("wh-2022-06-10-") for name in foreign)


def test_a_folder_called_like_a_shipped_bundle_is_taken_only_by_its_path(tmp_path, monkeypatch):
    save_bundle(make_bundle(), tmp_path / "fast-v3")
    monkeypatch.chdir(tmp_path)

    assert load().bundle.name == load("fast-v3").bundle.name == "fast-v3"
    assert load("./fast-v3").bundle.name == load(Path("fast-v3")).bundle.name == "tiny-v1"


def test_a_bundle_that_is_no_path_is_refused():
    with pytest.raises(UsageError, match="5"):
        load(5)


def test_a_bundle_is_found_by_its_folder_and_an_unknown_name_is_refused(tmp_path):
    save_bundle(make_bundle(), tmp_path / "mine")

    assert load(tmp_path / "mine").bundle.name == "tiny-v1"
    with pytest.raises(BundleNotFoundError, match="no such folder"):
        load("no-such-bundle")
