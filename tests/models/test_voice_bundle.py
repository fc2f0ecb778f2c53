"""The bundle of voices that ships: it says the truth about itself, and does not get worse unseen."""

from __future__ import annotations

import pytest

from policyframes.resources import models_folder
from policyframes.voice import DEFAULT_VOICE, load_voice
from policyframes_training.corpus.corpus import hash_corpus, read_corpus
from policyframes_training.corpus.voice_corpus import code_voices
from policyframes_training.evaluation.measurement import measure_bundle
from tests.models.golden import EPSILON, LABELS

TEST_SPLIT = "66b9a32472b004e466a85238c371857284955c305c743058762e70d50c0e0f67"
# On the rewrites of the test split that carry a framing, which anyone can measure.
FLOORS = {"f1": 0.6265, "precision": 0.8125, "average_precision": 0.7181}
_MAX_BYTES = 500_000


@pytest.fixture(scope="module")
def corpus():
    return code_voices(read_corpus(LABELS))


@pytest.fixture(scope="module")
def bundle():
    return load_voice().bundle


@pytest.fixture(scope="module")
def measured(bundle, corpus):
    return measure_bundle(bundle, corpus, seed=int(bundle.provenance["seed"]))


def test_it_is_small_and_was_trained_on_the_split_of_the_checkout(bundle, corpus):
    assert sum(path.stat().st_size for path in (models_folder() / DEFAULT_VOICE).iterdir()) < _MAX_BYTES
    assert bundle.kind == "ngram-linear"
    assert bundle.provenance["split_sha256"] == corpus.split_sha256


def test_floors_are_for_the_test_split_of_the_checkout(corpus):
    assert hash_corpus({"test": corpus.splits["test"]}) == TEST_SPLIT


@pytest.mark.parametrize("figure", FLOORS)
def test_no_figure_is_below_its_floor(measured, figure):
    assert measured.test["rewrites"].framings["reported"][figure].value >= FLOORS[figure] - EPSILON


def test_its_figures_are_those_that_anyone_measures_from_labels_alone(bundle, measured):
    recorded = bundle.metrics["test"]["rewrites"]
    found = measured.test["rewrites"]

    assert (recorded["passages"], recorded["documents"]) == (found.passages, found.documents)
    for figure in FLOORS:
        estimate = found.framings["reported"][figure]
        stated = tuple(recorded["framings"]["reported"][figure].values())
        assert stated == pytest.approx((estimate.value, estimate.low, estimate.high), abs=1e-6)


@pytest.mark.shared
def test_its_figures_on_the_documents_own_wording_are_as_stated(bundle, shared_folder):
    whole = code_voices(read_corpus(LABELS, shared_folder / "documents"))
    found = measure_bundle(bundle, whole, seed=int(bundle.provenance["seed"]), resamples=1).test

    for part in ("originals", "both"):
        stated = bundle.metrics["test"][part]["framings"]["reported"]
        assert stated["f1"]["value"] == pytest.approx(found[part].framings["reported"]["f1"].value, abs=1e-6)


def test_the_card_shows_the_figures_of_the_manifest_and_the_ceiling(bundle, measured):
    shown = [part["framings"]["reported"]["f1"] for part in bundle.metrics["test"].values()]
    shown += [bundle.metrics["second_coder"][name] for name in ("reported", "precision", "recall")]
    for figure in shown:
        assert f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]" in bundle.card
    assert bundle.metrics["second_coder"]["reported"]["value"] == pytest.approx(
        measured.second_coder["reported"].value, abs=1e-6
    )


def test_strategies_orders_and_other_states_lose_no_passage(bundle):
    kept = {group["group"]: group["found"] for group in bundle.metrics["use"]}

    assert {kept[kind] for kind in ("nss", "eo", "foreign")} == {0}


def test_the_page_on_voice_states_the_figures_of_the_bundle(bundle, checkout):
    page = (checkout / "docs" / "voice.md").read_text(encoding="utf-8")
    for part in bundle.metrics["test"].values():
        for figure in ("f1", "precision", "recall", "average_precision"):
            stated = part["framings"]["reported"][figure]
            assert f"{stated['value']:.2f} [{stated['low']:.2f}, {stated['high']:.2f}]" in page
