"""`policyframes train encoder` from labels to a recorded bundle, on a transformer of chance."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from policyframes.bundle import load_bundle
from policyframes.errors import RefusedError, TrainingError, UsageError
from policyframes.resources import models_folder
from policyframes.scorer import Scorer
from policyframes_training.cli.train import app
from policyframes_training.tiers import encoder as tier
from policyframes_training.tiers.encoder import EncoderPlan, train_encoder
from policyframes_training.tiers.lesson import LESSON, Teaching, load_cross_fit, save_cross_fit
from policyframes_training.tracking.tracking import _import_mlflow
from tests.training.toy_encoder import describe_plan


@pytest.fixture(scope="module")
def plan(tiny, tmp_path_factory) -> EncoderPlan:
    home = tmp_path_factory.mktemp("tier")
    return EncoderPlan(**describe_plan(tiny, home, "tiny-encoder-v1", epochs=3, head_learning_rate=1e-2))


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return []


@pytest.fixture(scope="module")
def made(plan, lines):
    return train_encoder(plan, lines.append)


pytestmark = pytest.mark.slow


def test_the_bundle_is_whole_and_scores(made):
    bundle = load_bundle(made.folder)
    score = Scorer(bundle).score(["The gangs endanger every town near the river."])[0]

    assert bundle.kind == "encoder-onnx"
    assert bundle.features == {"max_tokens": 64}
    assert set(score.probabilities) == set(bundle.framings)
    assert score.tier == "encoder"
    assert bundle.provenance["base"] == "tiny-bert"
    assert len(str(bundle.provenance["base_sha256"])) == 64


def test_the_card_speaks_of_the_encoder_and_of_its_folds(made):
    card = made.bundle.card

    assert "tiny-bert fine-tuned on\ncoded passages" in card
    assert "train by 2 models" in card
    assert "TF-IDF" not in card
    assert "n-gram" not in card


def test_the_run_holds_epochs_recipe_and_base(made):
    mlflow = _import_mlflow()
    run = mlflow.MlflowClient(tracking_uri=made.store.uri, registry_uri=made.store.uri).get_run(made.run_id)

    assert run.info.status == "FINISHED"
    assert run.data.params["learning_rate"] == "0.003"
    assert run.data.params["base_sha256"] == made.bundle.provenance["base_sha256"]
    assert {f"epoch_{number}/validation_average_precision" for number in (1, 2, 3)} <= set(run.data.metrics)
    assert "test/both/overall/macro_f1" in run.data.metrics


def test_what_the_folds_said_is_kept_for_the_other_tiers(made, plan):
    lesson = load_cross_fit(plan.find_work_folder(plan.name) / LESSON, made.corpus)
    train, validation = made.corpus.passages("train"), made.corpus.passages("validation")

    assert lesson.bundle == made.bundle.id
    assert lesson.train.shape == train.targets.shape
    assert lesson.validation.shape == validation.targets.shape
    assert lesson.uncoded_by_fold.shape[::2] == (2, 3)
    assert lesson.uncoded_by_fold.shape[1] > 0
    assert set(lesson.fold_of) == set(train.documents)


def test_the_same_command_again_learns_nothing_anew(made, plan):
    lines: list[str] = []
    again = train_encoder(replace(plan, overwrite=True), lines.append)

    assert not any(line.startswith("epoch") for line in lines)
    assert sum(line.startswith("already trained") for line in lines) == 3
    assert again.bundle.files == made.bundle.files
    assert again.bundle.framings == made.bundle.framings


def test_without_a_lesson_the_folds_score_no_uncoded_passages(made, plan):
    lesson = plan.find_work_folder(plan.name) / LESSON
    before = load_cross_fit(lesson, made.corpus)
    scores = sorted(lesson.parent.glob("fold-*/logits.safetensors"))
    stamps = [path.stat().st_mtime_ns for path in scores]
    again = train_encoder(replace(plan, overwrite=True, lesson=False))
    silent = load_cross_fit(lesson, made.corpus)
    save_cross_fit(before, lesson)

    assert silent.uncoded_by_fold.shape == (2, 0, 3)
    assert silent.train == pytest.approx(before.train, abs=1e-5)
    assert silent.bundle == again.bundle.id
    assert again.bundle.files == made.bundle.files
    # What took long to score stays.
    assert [path.stat().st_mtime_ns for path in scores] == stamps
    assert len(stamps) == 2


def test_a_finished_encoder_keeps_its_weights_and_gets_its_folds_later(made, plan, tmp_path):
    early = train_encoder(replace(plan, output=tmp_path / "early-v1", folds=0))
    lines: list[str] = []
    later = replace(plan, output=early.folder, overwrite=True, finished=early.folder, work=tmp_path / "work")
    found = train_encoder(later, lines.append)

    assert "train by" not in early.bundle.card
    assert not (tmp_path / "work" / plan.name / "whole").exists()
    assert sum(line.startswith("fold ") for line in lines) == 2
    assert not any(line.startswith("exported") for line in lines)
    # What the same folds and the same weights gave at once.
    assert found.bundle.files == early.bundle.files == made.bundle.files
    assert found.bundle.framings == made.bundle.framings != early.bundle.framings
    assert found.bundle.errors == made.bundle.errors
    assert found.bundle.provenance["weights_run_id"] == early.run_id != found.run_id
    assert "train by 2 models" in found.bundle.card


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"seed": 5}, "with other seed"),
        ({"documents": None}, "with other coded passages"),
        ({"settings": {"learning_rate": 1e-5, "dropout": 0.5}}, "with other learning_rate, dropout"),
    ],
    ids=["seed", "passages", "recipe"],
)
def test_a_finished_encoder_of_another_training_is_refused(made, plan, tmp_path, changes, found):
    changes = dict(changes)
    settings = replace(plan.settings, **changes.pop("settings", {}))
    other = replace(plan, **changes, settings=settings, finished=made.folder, output=tmp_path / "b-v1", work=tmp_path)
    kept = other.find_work_folder(plan.name) / "kept"
    kept.mkdir(parents=True)
    with pytest.raises(UsageError, match=f"finished bundle.*{found}.*--finished"):
        train_encoder(replace(other, restart=True))
    assert kept.exists()
    assert not other.output.exists()


def test_a_finished_encoder_must_have_had_the_teacher_of_its_folds(made, plan, tmp_path):
    lesson = tmp_path / "teacher.safetensors"
    lesson.write_bytes((plan.find_work_folder(plan.name) / LESSON).read_bytes())
    taught = replace(plan, teacher=Teaching((lesson,)), work=tmp_path / "work")
    early = train_encoder(replace(taught, output=tmp_path / "early-v1", folds=0))
    later = replace(taught, output=tmp_path / "late-v1", finished=early.folder)
    others = (
        replace(later, finished=made.folder),
        replace(later, teacher=None),
        replace(later, teacher=Teaching((lesson,), most=2)),
    )
    for other in others:
        with pytest.raises(UsageError, match=r"finished bundle.*with another teacher"):
            train_encoder(other)
    found = train_encoder(later)

    assert found.bundle.files == early.bundle.files != made.bundle.files
    assert found.bundle.provenance["taught_sha256"] == early.bundle.provenance["taught_sha256"]
    assert "probabilities of an encoder fine-tuned from tiny-bert" in " ".join(found.bundle.card.split())


def test_only_an_encoder_is_taken_as_finished_and_only_for_its_folds(made, plan, tmp_path):
    other = replace(plan, output=tmp_path / "b-v1", work=tmp_path)
    with pytest.raises(UsageError, match="of the kind ngram-linear"):
        train_encoder(replace(other, finished=models_folder() / "fast-v3"))
    with pytest.raises(UsageError, match="nothing to do"):
        train_encoder(replace(other, finished=made.folder, folds=0))


@pytest.mark.usefixtures("made")
def test_other_settings_are_refused_until_a_restart(plan):
    other = replace(plan, overwrite=True, settings=replace(plan.settings, epochs=1), folds=0)
    with pytest.raises(RefusedError, match="--restart"):
        train_encoder(other)
    work = plan.store / "elsewhere"
    first = train_encoder(replace(other, output=plan.store / "b-v1", work=work))
    second = train_encoder(replace(other, output=plan.store / "c-v1", work=work, seed=8, restart=True))

    assert "train by" not in first.bundle.card
    assert json.loads((work / plan.name / "whole" / "model" / "encoder.json").read_text())["seed"] == 8
    assert first.bundle.files["model.onnx"] != second.bundle.files["model.onnx"]


@pytest.mark.usefixtures("made")
def test_an_existing_bundle_is_refused_before_any_work(plan):
    with pytest.raises(RefusedError, match="exists already"):
        train_encoder(plan)


def test_one_fold_is_no_cross_fitting(plan):
    with pytest.raises(UsageError, match="two or more, or 0"):
        train_encoder(replace(plan, folds=1, output=plan.store / "other-v1"))


def test_the_command_tells_its_options():
    told = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}).invoke(app, ["encoder", "--help"])

    assert told.exit_code == 0
    for option in ("--documents", "--base", "--device", "--epochs", "--folds", "--seed", "--name", "--restart"):
        assert option in told.output


@pytest.mark.parametrize(
    ("options", "asked"),
    [((), (None, True)), (("--finished", "b-v1", "--no-lesson"), (Path("b-v1"), False))],
    ids=["plain", "both"],
)
def test_the_command_hands_on_what_is_left_to_fit(monkeypatch, tmp_path, options, asked):
    plans = []
    monkeypatch.setattr(tier, "train_encoder", lambda plan, _: plans.append(plan) or sys.exit(7))
    labels = tmp_path / "labels.csv"
    labels.write_text("")
    result = CliRunner().invoke(app, ["encoder", "--labels", str(labels), *options])

    assert result.exit_code == 7, result.output
    assert [(plan.finished, plan.lesson) for plan in plans] == [asked]


def test_a_base_that_is_not_there_is_named_on_the_command_line(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    arguments = ["encoder", "--labels", str(tiny.labels), "--base", "nobody/no-such-encoder", "--store", str(tmp_path)]
    told = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "x-v1")])

    assert isinstance(told.exception, TrainingError)
    assert "give a local folder with --base" in str(told.exception)
    assert not (tmp_path / "x-v1").exists()


def test_a_device_of_no_known_name_is_named_on_the_command_line(tiny):
    told = CliRunner().invoke(app, ["encoder", "--labels", str(tiny.labels), "--device", "abacus"])

    assert isinstance(told.exception, UsageError)
    assert "auto, cpu, cuda, mps" in str(told.exception)
