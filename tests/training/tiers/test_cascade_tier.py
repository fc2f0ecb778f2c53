"""`policyframes train cascade` from nothing: the parts that are missing, what joins them, what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from policyframes.bundle import load_bundle
from policyframes.errors import RefusedError, TrainingError
from policyframes.scorer import Scorer
from policyframes_training.tiers.cascade import CascadePlan, train_cascade
from policyframes_training.tiers.lesson import LESSON, load_cross_fit, save_cross_fit
from policyframes_training.tracking.tracking import _import_mlflow
from tests.training.toy_encoder import describe_plan

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def plan(tiny, tmp_path_factory) -> CascadePlan:
    home = tmp_path_factory.mktemp("cascade")
    parts = {"fast": "tiny-fast-v1", "encoder": "tiny-encoder-v1"}
    return CascadePlan(**describe_plan(tiny, home, "tiny-cascade-v1"), **parts, share=0.3)


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return []


@pytest.fixture(scope="module")
def made(plan, lines):
    return train_cascade(plan, lines.append)


def test_it_trains_the_encoder_first_and_the_fast_tier_from_its_lesson(made, plan, lines):
    assert [line for line in lines if line.startswith("trains ")] == ["trains tiny-encoder-v1", "trains tiny-fast-v1"]
    assert any("learns from a teacher's probabilities" in line for line in lines)
    for part, name in (("fast", plan.fast), ("encoder", plan.encoder)):
        assert made.bundle.parts[part].id == load_bundle(plan.output.parent / name).id


def test_each_quality_scores_and_the_encoder_reads_no_more_than_its_share(made, plan):
    texts = [f"The gangs endanger every town near the river, item {n}." for n in range(40)]
    tiers = {
        quality: [s.tier for s in Scorer(made.bundle, quality=quality).score(texts)] for quality in ("fast", "best")
    }

    assert set(tiers["fast"]) == {"fast"}
    assert "fast" not in tiers["best"]
    assert made.bundle.metrics["quality"] == "balanced"
    assert set(made.bundle.metrics["test_by_quality"]) == {"fast", "balanced", "best"}
    assert f"reads at most {plan.share:.0%}" in " ".join(made.bundle.card.split())


def test_the_model_of_its_run_scores_without_the_folders_that_it_was_made_of(made, plan):
    mlflow = _import_mlflow()
    mlflow.set_tracking_uri(made.store.uri)
    texts = ["The gangs endanger every town near the river."]
    folders = [plan.output.parent / name for name in (plan.name, plan.fast, plan.encoder)]
    away = [folder.rename(folder.with_name(f"{folder.name}.away")) for folder in folders]
    try:
        found = mlflow.pyfunc.load_model(made.model_uri).predict(texts)
    finally:
        for folder, kept in zip(folders, away, strict=True):
            kept.rename(folder)

    assert found[0] == pytest.approx(Scorer(made.bundle).score(texts)[0].probabilities, abs=1e-6)


def test_parts_that_are_there_are_used_as_they_are(made, plan):
    lines: list[str] = []
    again = train_cascade(replace(plan, overwrite=True), lines.append)

    assert not any(line.startswith("trains ") for line in lines)
    assert again.bundle.features == made.bundle.features
    assert again.bundle.framings == made.bundle.framings


def test_a_fast_part_without_a_lesson_is_held_out_again(made, plan):
    lesson, corpus, lines = plan.find_work_folder(plan.fast) / LESSON, plan.read_corpus(), []
    before = load_cross_fit(lesson, corpus)
    lesson.unlink()
    again = train_cascade(replace(plan, overwrite=True), lines.append)

    assert f"{plan.fast} left no lesson here: fits its folds again, by the settings in its card" in lines
    # The same settings, seed and teacher: what its own training had left.
    found = load_cross_fit(lesson, corpus)
    assert found.bundle == before.bundle
    assert np.array_equal(found.train, before.train)
    assert found.validation == pytest.approx(before.validation, abs=1e-5)
    assert again.bundle.features["route"] == made.bundle.features["route"]


def test_a_fast_part_learns_from_codes_alone_where_the_encoder_left_nothing_to_learn(made, plan):
    of_fast, of_encoder = (plan.find_work_folder(name) / LESSON for name in (plan.fast, plan.encoder))
    kept = {path: path.read_bytes() for path in (of_fast, of_encoder)}
    corpus, lines = plan.read_corpus(), []
    taught = load_cross_fit(of_fast, corpus)
    silent = load_cross_fit(of_encoder, corpus)
    save_cross_fit(replace(silent, uncoded_by_fold=silent.uncoded_by_fold[:, :0]), of_encoder)
    of_fast.unlink()
    try:
        again = train_cascade(replace(plan, overwrite=True), lines.append)
        alone = load_cross_fit(of_fast, corpus)
    finally:
        for path, content in kept.items():
            path.write_bytes(content)

    told = f"{plan.fast} learns from the codes alone: the folds of {plan.encoder} have scored no uncoded passages"
    assert told in lines
    assert not any("learns from a teacher" in line for line in lines)
    assert alone.train.shape == taught.train.shape
    assert not np.array_equal(alone.train, taught.train)
    assert again.bundle.features["blend"] != made.bundle.features["blend"]


@pytest.mark.usefixtures("made")
def test_what_it_cannot_build_on_is_refused(plan, tmp_path):
    with pytest.raises(RefusedError, match="exists already"):
        train_cascade(plan)
    other = replace(plan, output=plan.output.with_name("other-v1"), work=tmp_path)
    with pytest.raises(TrainingError, match=LESSON):
        train_cascade(other)
    assert not other.output.exists()
