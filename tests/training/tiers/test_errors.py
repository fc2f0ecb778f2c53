"""How far a tier's scores are from the codes: what is fitted, and how it gets into bundles."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from policyframes.backends import QUALITIES
from policyframes.bundle import FramingSettings, load_bundle, save_bundle
from policyframes.errors import TrainingError, UsageError
from policyframes.profiles.errors import find_errors
from policyframes.scorer import Scorer
from policyframes_training.cli.train import app
from policyframes_training.corpus.corpus import read_corpus
from policyframes_training.tiers.amending import amend_errors
from policyframes_training.tiers.errors import (
    FEWEST_PASSAGES,
    SLOPE_PLACE,
    SLOPE_SPREAD,
    ReadPassages,
    fit_errors,
)
from policyframes_training.tiers.lesson import LESSON, CrossFit, load_cross_fit, save_cross_fit
from policyframes_training.tiers.recording import Plan
from tests.inference.builders import make_bundle
from tests.inference.encoders import make_cascade, save_parts

NOBODY = ReadPassages(np.empty((0, 1)), np.empty((0, 1), dtype=np.bool_), (), ())


def draw(seed: int, *, documents: int = 300, each: int = 4, bias: float = 0.0, share: float = 0.4) -> ReadPassages:
    """Return passages of one framing; each document's scores are moved by a bias of its own."""
    generator = np.random.default_rng(seed)
    coded = generator.random((documents, each)) < share
    moved = generator.normal(0, bias, documents)[:, None]
    scores = np.clip(np.where(coded, 0.7, 0.2) + moved + generator.normal(0, 0.1, coded.shape), 0, 1)
    names = np.repeat([f"d{number}" for number in range(documents)], each)
    return ReadPassages(
        scores.reshape(-1, 1),
        coded.reshape(-1, 1),
        tuple(names),
        tuple(f"{name}-{row}" for row, name in enumerate(names)),
    )


def fit(validation: ReadPassages, train: ReadPassages = NOBODY):
    return fit_errors(validation, train, ("cost",))


def test_the_numbers_are_those_of_the_passages():
    numbers = fit(draw(1))["cost"]

    assert numbers.share == pytest.approx(0.4, abs=0.03)
    assert numbers.score == pytest.approx(0.2 + 0.5 * numbers.share, abs=0.01)
    assert numbers.separation == pytest.approx(0.5, abs=0.02)
    assert numbers.variance_present == pytest.approx(0.01, rel=0.15)
    assert numbers.slope == pytest.approx(numbers.separation + SLOPE_PLACE * (1 - numbers.separation))
    assert numbers.slope_variance == pytest.approx((SLOPE_SPREAD * (1 - numbers.separation)) ** 2)


def test_without_other_framings_none_mirrors_the_framing():
    found = fit(draw(1))

    assert found["none"].share == pytest.approx(1 - found["cost"].share)
    assert found["none"].separation == pytest.approx(found["cost"].separation)


def test_the_level_is_that_of_validation_and_its_variance_falls_with_its_documents():
    validation, train = draw(1, documents=100), draw(2, documents=900, share=0.8)
    numbers = fit(validation, train)["cost"]

    assert numbers.share == pytest.approx(validation.targets.mean())
    assert numbers.score == pytest.approx(validation.probabilities.mean())
    assert fit(draw(1, documents=1_000))["cost"].score_variance < 0.3 * numbers.score_variance


def test_documents_on_which_the_model_errs_alike_are_found():
    assert fit(draw(3, bias=0.0))["cost"].document_variance == pytest.approx(0.0, abs=0.0007)
    assert fit(draw(3, bias=0.1))["cost"].document_variance == pytest.approx(0.01, rel=0.35)


def test_what_a_rewrite_shares_with_its_original_is_no_bias_of_a_document():
    once = draw(4, each=1)
    twice = ReadPassages(
        np.repeat(once.probabilities, 2, axis=0),
        np.repeat(once.targets, 2, axis=0),
        tuple(np.repeat(once.documents, 2)),
        tuple(np.repeat(once.ids, 2)),
    )

    assert fit(twice)["cost"].document_variance == 0.0


def test_a_kind_that_few_passages_of_validation_carry_is_left_out():
    few = draw(5, documents=40, share=0.0)
    few.targets[: FEWEST_PASSAGES - 1] = True

    assert fit(few, draw(6)) == {}


def test_scores_against_the_codes_are_left_out():
    read = draw(7)

    assert fit(replace(read, probabilities=1 - read.probabilities)) == {}


def test_the_fast_tier_states_its_errors(trained):
    bundle = trained.bundle
    table = find_errors(bundle)

    assert table is not None
    assert set(table.kinds) <= {*bundle.framing_ids, "none"}
    passages = len(trained.corpus.passages("validation")) + len(trained.corpus.passages("train"))
    assert table.passages == passages
    assert bundle.errors == json.loads(json.dumps(bundle.errors))


@pytest.fixture(scope="module")
def corpus(tiny):
    return read_corpus(tiny.labels)


@pytest.fixture
def home(tmp_path, corpus):
    """Return a folder with a cascade, its parts, and the lessons that their training would have left."""
    parts = save_parts(tmp_path)
    save_bundle(make_cascade(parts), tmp_path / "cascade-v4")
    for number, part in enumerate(parts.values()):
        generator = np.random.default_rng(number)
        logits = {
            side: 3.0 * corpus.passages(side).targets - 1.5 + generator.normal(size=corpus.passages(side).targets.shape)
            for side in ("train", "validation")
        }
        empty = np.empty((0, 0, len(corpus.framings)))
        lesson = CrossFit(
            **logits,
            uncoded_by_fold=empty,
            fold_of={},
            corpus_sha256=corpus.sha256,
            uncoded_sha256="",
            bundle=part.id,
        )
        save_cross_fit(lesson, tmp_path / "work" / part.name / LESSON)
    return tmp_path


@pytest.fixture
def plan(home, tiny):
    return Plan(
        labels=tiny.labels,
        documents=None,
        output=home / "cascade-v4",
        name="cascade-v4",
        seed=0,
        experiment="",
        work=home / "work",
    )


def test_a_cascade_and_its_parts_are_amended_and_still_fit(plan, home, corpus):
    amended = amend_errors(plan)
    loaded = load_bundle(home / "cascade-v4")

    assert [bundle.id for bundle in amended] == [*(part.id for part in loaded.parts.values()), loaded.id]
    assert set(loaded.errors) == {"balanced", "best"}
    for quality in QUALITIES:
        table = find_errors(loaded, quality)
        assert table is not None
        assert set(table.kinds) == {*corpus.framings, "none"}


def test_amending_changes_no_score_and_is_the_same_twice(plan, home):
    texts = ["the threat at the border", "a court", "partner"]
    before = [Scorer(load_bundle(home / "cascade-v4"), quality).score(texts) for quality in QUALITIES]
    first = amend_errors(plan)

    assert [Scorer(load_bundle(home / "cascade-v4"), quality).score(texts) for quality in QUALITIES] == before
    assert [bundle.id for bundle in amend_errors(plan)] == [bundle.id for bundle in first]


def test_the_lessons_learn_the_new_ids(plan, home, corpus):
    fast = amend_errors(plan)[0]

    assert load_cross_fit(home / "work" / fast.name / LESSON, corpus).bundle == fast.id


def test_the_errors_of_balanced_are_of_both_tiers(plan):
    cascade = amend_errors(plan)[-1]
    separation = {
        quality: table.kinds["securitized"].separation
        for quality in QUALITIES
        if (table := find_errors(cascade, quality))
    }

    assert separation["fast"] < separation["balanced"] <= separation["best"]


def test_without_a_lesson_nothing_is_written(plan, home):
    shutil.rmtree(home / "work")
    before = (home / "fast-v3" / "bundle.json").read_bytes()

    with pytest.raises(TrainingError, match="cannot be read"):
        amend_errors(plan)
    assert (home / "fast-v3" / "bundle.json").read_bytes() == before


def test_a_bundle_of_other_framings_is_refused(plan, home):
    setting = FramingSettings(0.5, 1.0, 0.0, 0.4, 0.6)
    save_bundle(make_bundle(name="other-v1", framings=dict.fromkeys(("a", "b", "c"), setting)), home / "other-v1")

    with pytest.raises(UsageError, match="those of the labels"):
        amend_errors(replace(plan, output=home / "other-v1"))


def test_the_command_says_the_new_ids(home, tiny):
    options = ["--labels", str(tiny.labels), "--work", str(home / "work")]
    result = CliRunner().invoke(app, ["errors", str(home / "cascade-v4"), *options])

    assert result.exit_code == 0, result.output
    assert f"cascade-v4  {load_bundle(home / 'cascade-v4').id}" in result.output
