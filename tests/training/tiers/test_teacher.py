"""`policyframes train teacher`, and the tiers that learn from its lesson, on a transformer of chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from policyframes.errors import UsageError
from policyframes_training.cli.train import app
from policyframes_training.tiers.encoder import EncoderPlan, train_encoder
from policyframes_training.tiers.fast import FastPlan, train_fast
from policyframes_training.tiers.lesson import LESSON, Teaching, load_cross_fit
from policyframes_training.tiers.teacher import train_teacher
from policyframes_training.tracking.tracking import _import_mlflow
from tests.training.toy_encoder import describe_plan

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def plan(tiny, tmp_path_factory) -> EncoderPlan:
    home = tmp_path_factory.mktemp("teacher")
    return EncoderPlan(**describe_plan(tiny, home, "tiny-teacher-v1"))


@pytest.fixture(scope="module")
def made(plan):
    return train_teacher(plan)


@pytest.fixture
def student(plan, made, tmp_path) -> EncoderPlan:
    return replace(plan, output=tmp_path / "out", name="s-v1", work=tmp_path, teacher=Teaching((made.lesson,)))


def test_it_leaves_a_lesson_and_no_bundle(plan, made):
    corpus = plan.read_corpus()
    train, validation = corpus.passages("train"), corpus.passages("validation")
    found = load_cross_fit(made.lesson, corpus)

    assert made.lesson == plan.find_work_folder(plan.name) / LESSON
    assert not plan.output.exists()
    assert found.train.shape == train.targets.shape
    assert found.validation.shape == validation.targets.shape
    assert found.uncoded_by_fold.shape[::2] == (2, 3)
    assert found.uncoded_by_fold.shape[1] > 0
    assert set(found.fold_of) == set(train.documents)
    assert (found.bundle, found.model) == ("", "tiny-bert")


def test_its_run_holds_recipe_and_figures(made):
    mlflow = _import_mlflow()
    run = mlflow.MlflowClient(tracking_uri=made.store.uri, registry_uri=made.store.uri).get_run(made.run_id)

    assert run.info.status == "FINISHED"
    assert run.data.params["base"] == "tiny-bert"
    assert run.data.params["folds"] == "2"
    assert set(made.metrics) == {"held_out", "validation", "fold_1/validation", "fold_2/validation"}
    for name, value in made.metrics.items():
        assert run.data.metrics[name] == pytest.approx(value)
        assert 0 < value <= 1


def test_the_same_command_again_learns_nothing_anew(plan, made):
    before = made.lesson.read_bytes()
    lines: list[str] = []
    again = train_teacher(plan, lines.append)

    assert not any(line.startswith("epoch") for line in lines)
    assert again.metrics == made.metrics
    assert again.lesson.read_bytes() == before


def test_a_teacher_needs_folds_and_documents(plan):
    with pytest.raises(UsageError, match="training a teacher: no folds"):
        train_teacher(replace(plan, folds=0))
    with pytest.raises(UsageError, match="training a teacher: no documents"):
        train_teacher(replace(plan, documents=None))
    with pytest.raises(UsageError, match="two or more"):
        train_teacher(replace(plan, folds=1))


def test_an_encoder_learns_from_it(made, plan, student):
    lines: list[str] = []
    taught = train_encoder(student, lines.append)
    corpus = plan.read_corpus()
    lesson, own = load_cross_fit(made.lesson, corpus), load_cross_fit(student.work / "s-v1" / LESSON, corpus)

    uncoded = lesson.uncoded_by_fold.shape[1]
    assert any(f"probabilities on {uncoded} uncoded passages, 0 of them with other names" in line for line in lines)
    card = " ".join(taught.bundle.card.split())
    assert (
        f"on {uncoded} uncoded passages of the same documents, from the probabilities of an encoder fine-tuned from"
        " tiny-bert (distillation)"
    ) in card
    # A fold learns from its codes and from those uncoded passages that are of documents outside the fold.
    sizes = [int(line.split("learns from ")[1].split()[0]) for line in lines if line.startswith("fold")]
    coded = len(corpus.passages("train").texts)
    assert all(coded / 4 < size < coded + uncoded for size in sizes)
    assert sum(sizes) > coded
    # Whoever learns from the student hears its teacher, who knows better.
    assert own.fold_of == lesson.fold_of
    assert own.model == "tiny-bert"
    assert np.array_equal(own.uncoded_by_fold, lesson.uncoded_by_fold)
    assert not np.array_equal(own.train, lesson.train)


def test_the_fast_tier_learns_from_it(made, tiny, tmp_path):
    plan = FastPlan(
        labels=tiny.labels,
        documents=tiny.documents,
        output=tmp_path / "f-v1",
        name="f-v1",
        seed=7,
        experiment="tests",
        store=tmp_path / "store",
        teacher=Teaching((made.lesson, made.lesson), most=20),
    )
    lines: list[str] = []
    taught = train_fast(plan, lines.append)

    assert any("probabilities on 20 uncoded passages" in line for line in lines)
    assert "an encoder fine-tuned from tiny-bert and tiny-bert" in " ".join(taught.bundle.card.split())
    run = _import_mlflow().MlflowClient(tracking_uri=taught.store.uri).get_run(taught.run_id)
    assert run.data.params["teacher"] == "tiny-bert and tiny-bert"
    assert run.data.params["taught_passages"] == "20"


def test_a_student_must_be_cut_as_its_teacher_was(student):
    with pytest.raises(UsageError, match="Give --folds 2, or --folds 0"):
        train_encoder(replace(student, folds=3))
    with pytest.raises(UsageError, match="training with a teacher: no documents"):
        train_encoder(replace(student, documents=None))


def test_the_command_makes_the_same_lesson(plan, made):
    before = made.lesson.read_bytes()
    recipe = ["--epochs", "1"]
    for name in ("max_tokens", "learning_rate", "layer_decay"):
        recipe += ["--set", f"{name}={getattr(plan.settings, name)}"]
    arguments = ["teacher", "--labels", plan.labels, "--documents", plan.documents, "--base", plan.settings.base]
    arguments += ["--folds", 2, "--seed", 7, "--name", plan.name, "--store", plan.store, "--device", "cpu", *recipe]
    told = CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(argument) for argument in arguments])

    assert told.exit_code == 0, told.output
    assert f"lesson  {made.lesson}" in told.output
    assert f"average precision, validation: {made.metrics['validation']:.4f}" in told.output
    assert made.lesson.read_bytes() == before


@pytest.mark.parametrize("missing", ["--base", "--documents"])
def test_the_command_asks_for_base_and_documents(missing):
    given = [part for name in ("--base", "--documents") if name != missing for part in (name, ".")]
    told = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}).invoke(app, ["teacher", *given])

    assert told.exit_code == 2
    assert missing in told.output
