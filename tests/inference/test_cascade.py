from __future__ import annotations

import math
from itertools import compress

import numpy as np
import pytest

from policyframes import scorer as scorer_module
from policyframes.backends import open_backend, runtimes
from policyframes.bundle import FramingSettings, load_bundle, save_bundle
from policyframes.errors import BundleNotFoundError, MissingExtraError, UsageError
from policyframes.scorer import load
from tests.inference.builders import make_bundle, make_document
from tests.inference.encoders import make_cascade, save_parts

# By the fast part: securitized near 1; all near 0.27, which the route of the tests sends to the encoder.
SURE, UNSURE = "threat threat", "the"


def test_fast_sends_no_passage_to_the_encoder(cascade_folder):
    scores = load(cascade_folder, "fast").score([SURE, UNSURE])

    assert [score.tier for score in scores] == ["fast", "fast"]
    assert scores == load(cascade_folder.parent / "fast-v3").score([SURE, UNSURE])


def test_balanced_sends_the_unsure_ones(cascade_folder):
    scores = load(cascade_folder, "balanced").score([SURE, UNSURE, SURE])

    assert [score.tier for score in scores] == ["fast", "encoder", "fast"]
    assert scores == load(cascade_folder).score([SURE, UNSURE, SURE])


def test_best_sends_all(cascade_folder):
    scores = load(cascade_folder, "best").score([SURE, UNSURE])

    assert [score.tier for score in scores] == ["encoder", "encoder"]


def test_arrays_say_what_the_scores_say(cascade_folder):
    scorer = load(cascade_folder, "balanced")
    texts = [SURE, UNSURE, "partner", SURE, ""]
    scores, decisions = scorer.score(texts), scorer.decide(texts)

    assert decisions.probabilities.tolist() == [list(score.probabilities.values()) for score in scores]
    for flags, found in ((decisions.present, "framings"), (decisions.uncertain, "uncertain")):
        assert [tuple(compress(scorer.framings, row)) for row in flags] == [getattr(score, found) for score in scores]
    assert decisions.by_encoder.tolist() == [score.tier == "encoder" for score in scores]


def test_arrays_of_no_passages_are_empty(cascade_folder):
    decisions = load(cascade_folder, "balanced").decide([])

    assert decisions.probabilities.shape == decisions.present.shape == decisions.uncertain.shape == (0, 3)
    with pytest.raises(UsageError, match=r"Scorer\.decide"):
        load(cascade_folder, "balanced").decide("one text")


def test_the_logits_of_both_parts_are_weighted_and_added(cascade_folder):
    cascade = load_bundle(cascade_folder)
    texts = ["threat court", "partner"]
    fast, encoder = (open_backend(part).logits(texts) for part in cascade.parts.values())
    blended = open_backend(cascade, "best").logits(texts)

    assert np.allclose(blended, 0.5 * fast + np.array([1.0, 1.0, 2.0]) * encoder, atol=1e-12)


def test_each_tier_decides_with_its_own_settings(tmp_path):
    parts = save_parts(tmp_path)
    shifted = FramingSettings(threshold=0.95, slope=1.0, offset=3.0, uncertain_from=0.0, uncertain_to=1.0)
    cascade = make_cascade(parts, framings=dict.fromkeys(parts["fast"].framings, shifted))
    save_bundle(cascade, tmp_path / "cascade-v4")
    sure, unsure = load(tmp_path / "cascade-v4").score([SURE, UNSURE])

    assert sure.framings == ("securitized",)
    assert sure.uncertain == ()
    # The fast part's logits are -1 with the share 0.5, the encoder's are 0; the offset is 3.
    assert unsure.probabilities["governance"] == pytest.approx(1 / (1 + math.exp(-2.5)))
    assert unsure.framings == ()
    assert unsure.uncertain == cascade.framing_ids


def test_the_end_of_a_range_is_not_in_it(tmp_path):
    parts = save_parts(tmp_path)
    exact = 1 / (1 + math.exp(1.0))
    for bounds, tier in (([exact, 1.0], "encoder"), ([0.0, exact], "fast"), ([exact, exact], "fast")):
        features = make_cascade(parts).features | {"route": {"balanced": dict.fromkeys(parts["fast"].framings, bounds)}}
        save_bundle(make_cascade(parts, features=features), tmp_path / "cascade-v4", overwrite=True)

        assert load(tmp_path / "cascade-v4").score([UNSURE])[0].tier == tier


def test_a_passage_scores_the_same_among_any_neighbours(cascade_folder):
    scorer = load(cascade_folder)
    texts = [SURE, UNSURE, "court the the", "partner " * 40, "", UNSURE]

    assert scorer.score(texts) == [scorer.score([text])[0] for text in texts]
    assert scorer.score([]) == []


def test_a_document_says_with_which_quality_it_was_scored(cascade_folder, scorer):
    document = make_document("The threat. " * 20)

    assert load(cascade_folder, "best").score_document(document).quality == "best"
    assert scorer.score_document(document).quality is None


@pytest.mark.usefixtures("shipped_models")
def test_without_a_bundle_the_quality_chooses_it():
    assert load().bundle.name == load(quality="fast").bundle.name == "fast-v3"
    chosen = {quality: load(quality=quality) for quality in ("balanced", "best")}
    assert {quality: scorer.bundle.name for quality, scorer in chosen.items()} == {
        "balanced": "cascade-v4",
        "best": "cascade-large-v1",
    }
    assert all(scorer.quality == quality for quality, scorer in chosen.items())


def test_a_version_without_a_cascade_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(scorer_module, "models_folder", lambda: tmp_path)
    with pytest.raises(BundleNotFoundError, match=r"ships without cascade-large-v1.*quality fast"):
        load(quality="best")


@pytest.mark.parametrize("quality", ["worst", "", "BEST", 1])
def test_an_unknown_quality_is_refused(quality):
    with pytest.raises(UsageError, match="fast, balanced, best"):
        load(quality=quality)


@pytest.mark.parametrize("quality", ["fast", "best"])
def test_a_quality_with_a_bundle_that_is_no_cascade_is_refused(bundle_folder, quality):
    with pytest.raises(UsageError, match="tiny-v1 is no cascade"):
        load(bundle_folder, quality)


def test_without_the_libraries_only_fast_scores(cascade_folder, monkeypatch):
    monkeypatch.setattr(runtimes, "find_spec", lambda _: None)
    for quality in (None, "balanced", "best"):
        with pytest.raises(MissingExtraError, match=r"onnxruntime and tokenizers: not installed"):
            load(cascade_folder, quality)

    assert load(cascade_folder, "fast").score([SURE])[0].primary == "securitized"


def test_a_bundle_of_one_tier_names_it(scorer):
    assert scorer.score(["threat"])[0].tier == "fast"
    assert scorer.quality is None
    assert make_bundle().parts == {}
