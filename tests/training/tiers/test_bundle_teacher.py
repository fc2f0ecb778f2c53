"""A bundle as a teacher: what it has read is not held out, it is asked once, and it must know the framings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from policyframes import load
from policyframes.errors import BundleNotFoundError, TrainingError, UsageError
from policyframes_training.cli.train import app
from policyframes_training.corpus.uncoded import collect_uncoded
from policyframes_training.linear.linear import assign_folds
from policyframes_training.tiers.bundle_teacher import settle_teaching
from policyframes_training.tiers.encoder import EncoderPlan, train_encoder
from policyframes_training.tiers.fast import FastPlan, train_fast
from policyframes_training.tiers.lesson import (
    LESSON,
    CrossFit,
    Teaching,
    load_cross_fit,
    number_folds,
    save_cross_fit,
)
from policyframes_training.tracking.tracking import _import_mlflow
from tests.training.toy_encoder import describe_plan

SHIPPED = "fast-v1"

pytestmark = pytest.mark.usefixtures("taught")


@pytest.fixture(scope="module")
def plan(tiny, tmp_path_factory) -> FastPlan:
    home = tmp_path_factory.mktemp("taught")
    return FastPlan(
        labels=tiny.labels,
        documents=tiny.documents,
        output=home / "f-v1",
        name="f-v1",
        seed=7,
        experiment="tests",
        store=home / "store",
        teacher=Teaching((), bundles=(SHIPPED,)),
    )


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return []


@pytest.fixture(scope="module")
def taught(plan, lines):
    return train_fast(plan, lines.append)


def _find_lesson(plan):
    return plan.find_work_folder(f"taught-by-{SHIPPED}-{load(SHIPPED).bundle.id[:12]}") / LESSON


def test_the_lesson_is_what_the_bundle_says_of_the_uncoded_passages(plan):
    corpus = plan.read_corpus()
    uncoded = collect_uncoded(corpus, plan.documents)
    lesson = load_cross_fit(_find_lesson(plan), corpus, uncoded).teach(uncoded)

    said = np.clip(load(SHIPPED).decide(uncoded.texts).probabilities, 1e-4, 1 - 1e-4)
    assert lesson.taught.texts == uncoded.texts
    assert lesson.taught.probabilities == pytest.approx(said, abs=1e-5)
    assert (lesson.by_fold, lesson.fold_of, lesson.has_read_all) == ((), {}, True)


def test_the_card_says_who_taught_and_that_nothing_was_held_out(plan, taught):
    card = " ".join(taught.bundle.card.split())
    validation = plan.read_corpus().passages("validation")

    assert (
        f"from the probabilities of the bundle {SHIPPED} ({load(SHIPPED).bundle.id[:12]}), which has read all" in card
    )
    assert f"set on {len(validation)} passages of {len(set(validation.documents))} documents" in card
    assert "validation by this model." in card
    assert taught.bundle.errors is not None


def test_a_cascade_finds_nothing_held_out(plan):
    assert not (plan.find_work_folder(plan.name) / LESSON).exists()


def test_the_run_names_the_teacher(taught):
    run = _import_mlflow().MlflowClient(tracking_uri=taught.store.uri).get_run(taught.run_id)

    assert run.data.params["teacher"].startswith(f"the bundle {SHIPPED} (")
    assert int(run.data.params["taught_passages"]) > 0


def test_a_bundle_is_asked_once(plan, lines):
    again: list[str] = []
    written = _find_lesson(plan).stat().st_mtime_ns
    settled = settle_teaching(plan.teacher, plan, plan.read_corpus(), again.append)

    uncoded = collect_uncoded(plan.read_corpus(), plan.documents)
    assert settled == replace(plan.teacher, of_bundles=(_find_lesson(plan),), uncoded=uncoded)
    assert _find_lesson(plan).stat().st_mtime_ns == written
    assert any(f"{SHIPPED} scored" in line for line in lines)
    assert not any("scored" in line for line in again)


def test_a_lesson_about_other_passages_is_written_anew(plan, tmp_path):
    changed = replace(plan, work=tmp_path)
    path = _find_lesson(changed)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"cut off")
    settle_teaching(plan.teacher, changed, plan.read_corpus(), lambda _: None)

    assert path.read_bytes() == _find_lesson(plan).read_bytes()


def test_a_bundle_of_another_split_teaches_with_a_warning(lines):
    assert any(f"{SHIPPED} was trained on other data or another split" in line for line in lines)


@pytest.fixture
def both(plan, tmp_path) -> FastPlan:
    """Return a plan in which a bundle teaches the tier, and a lesson that was kept apart the two folds."""
    corpus = plan.read_corpus()
    train, validation, uncoded = (
        corpus.passages("train"),
        corpus.passages("validation"),
        collect_uncoded(corpus, plan.documents),
    )
    folds = assign_folds(train.documents, corpus.groups, folds=2)
    chance = np.random.default_rng(0)
    apart = CrossFit(
        train=chance.normal(size=train.targets.shape),
        validation=chance.normal(size=validation.targets.shape),
        uncoded_by_fold=chance.normal(size=(2, len(uncoded.texts), 3)),
        fold_of=number_folds(corpus, folds),
        corpus_sha256=corpus.sha256,
        uncoded_sha256=uncoded.sha256,
        bundle="",
        model="some-base",
    )
    save_cross_fit(apart, tmp_path / LESSON)
    return replace(
        plan,
        output=tmp_path / "g-v1",
        name="g-v1",
        work=tmp_path / "work",
        teacher=Teaching((tmp_path / LESSON,), bundles=(SHIPPED,)),
    )


def test_beside_a_bundle_lessons_teach_the_folds(both, taught):
    made = train_fast(both)
    card = " ".join(made.bundle.card.split())

    # The model itself is the one that the bundle taught alone.
    assert np.array_equal(made.bundle.tensors["coefficients"], taught.bundle.tensors["coefficients"])
    assert (
        "train by 2 models, each fitted without one part of it and taught by one fine-tuned from some-base that had not"
        " seen it either"
    ) in card
    assert f"the bundle {SHIPPED}" in card
    corpus = both.read_corpus()
    kept = load_cross_fit(both.find_work_folder("g-v1") / LESSON, corpus)
    assert kept.train.shape == corpus.passages("train").targets.shape


def test_other_framings_teach_nothing(plan):
    corpus = replace(plan.read_corpus(), framings=("risk", "chance"))

    with pytest.raises(UsageError, match=r"governance, partnership\..* those of the labels, risk, chance"):
        settle_teaching(plan.teacher, plan, corpus, lambda _: None)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"teacher": Teaching((), bundles=("slow-v9",))}, BundleNotFoundError, "slow-v9"),
        ({"documents": None}, UsageError, "training with a teacher: no documents"),
    ],
)
def test_a_teacher_that_cannot_teach_is_a_named_error(plan, tmp_path, changes, error, message):
    with pytest.raises(error, match=message):
        train_fast(replace(plan, output=tmp_path / "f-v1", **changes))


def test_on_the_command_line_a_file_is_a_lesson_and_all_else_a_bundle(plan, tmp_path):
    options = {"--labels": plan.labels, "--documents": plan.documents, "--store": tmp_path, "--output": tmp_path / "b"}
    arguments = ["fast", *(str(part) for pair in options.items() for part in pair), "--teacher", "./slow-v9"]
    missing = CliRunner().invoke(app, arguments).exception
    unread = CliRunner().invoke(app, [*arguments[:-1], str(tmp_path / "no.safetensors")]).exception

    assert isinstance(missing, BundleNotFoundError)
    assert isinstance(unread, TrainingError)
    assert "no.safetensors" in str(unread)


@pytest.mark.slow
def test_an_encoder_learns_from_a_bundle_and_its_folds_from_the_codes_alone(tiny, tmp_path):
    plan = EncoderPlan(**describe_plan(tiny, tmp_path, "taught-v1"), teacher=Teaching((), bundles=(SHIPPED,)))
    alone = replace(plan, teacher=None, name="alone-v1", output=tmp_path / "alone-v1")
    lines: list[str] = []
    made = train_encoder(plan, lines.append)
    train_encoder(alone)
    corpus = plan.read_corpus()
    folds, wanted = (_read_folds(one, corpus) for one in (plan, alone))

    assert any(line.startswith("the folds learn from the codes alone: the bundle") for line in lines)
    card = " ".join(made.bundle.card.split())
    assert "which has read all of these codes" in card
    assert "taught by nobody, since the teacher has read its codes" in card
    # What the folds say of the passages without codes hangs on nothing but what they learned.
    assert np.array_equal(folds.uncoded_by_fold, wanted.uncoded_by_fold)
    assert folds.train.shape == corpus.passages("train").targets.shape


def _read_folds(plan, corpus):
    return load_cross_fit(plan.find_work_folder(plan.name) / LESSON, corpus)
