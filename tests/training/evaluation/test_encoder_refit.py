"""Fits anew of an encoder: the card's recipe, kept for a call that was cut off, and refused with another base."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from policyframes.bundle import load_bundle
from policyframes.errors import TrainingError, UsageError
from policyframes.resources import models_folder
from policyframes_training.encoder.network import load_base
from policyframes_training.encoder.settings import Workplace
from policyframes_training.evaluation.encoder_refit import FEWEST_STEPS, EncoderRefit, stretch_epochs
from policyframes_training.evaluation.refits import Bench, recover_refit
from tests.training.toy_encoder import TRAIN, VALIDATION, make_passages, make_settings, write_base

pytestmark = pytest.mark.usefixtures("one_thread")

SCORED = make_passages(80, seed=3)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return write_base(tmp_path_factory.mktemp("base") / "tiny-bert")


@pytest.fixture(scope="module")
def shipped():
    return load_bundle(models_folder() / "encoder-v1")


@pytest.fixture(scope="module")
def made(base, tmp_path_factory):
    """Return a recipe, its decisions about the toy, and what it said on the way."""
    lines: list[str] = []
    settings = make_settings(str(base))
    place = Workplace(tmp_path_factory.mktemp("fits") / "refits", "cpu", lines.append)
    refit = EncoderRefit(settings, load_base(settings).sha256, seed=4, place=place)
    return refit, refit(TRAIN, VALIDATION, SCORED), lines


def test_a_fit_learns_from_the_passages_that_it_is_given(made):
    _, decisions, _ = made

    assert (decisions.present == SCORED.targets).mean() > 0.9
    assert decisions.sure.all()


def test_the_same_fit_is_made_once_and_keeps_no_model(made):
    refit, decisions, lines = made
    before = len(lines)
    again = refit(TRAIN, VALIDATION, SCORED)

    assert np.array_equal(again.probabilities, decisions.probabilities)
    assert len(lines) == before
    assert [path.name for path in refit.place.folder.rglob("*.safetensors")] == ["logits.safetensors"]


@pytest.mark.parametrize("changed", ["seed", "settings", "passages", "scored"])
def test_another_fit_has_a_folder_of_its_own(made, changed):
    refit, _, lines = made
    other = {
        "seed": replace(refit, seed=5),
        "settings": replace(refit, settings=replace(refit.settings, learning_rate=2e-3)),
    }.get(changed, refit)
    train = TRAIN.select(np.arange(len(TRAIN)) < 120) if changed == "passages" else TRAIN
    before, folders = len(lines), len(list(refit.place.folder.iterdir()))
    other(train, VALIDATION, SCORED.select(np.arange(80) < 40) if changed == "scored" else SCORED)

    assert len(lines) > before
    assert len(list(refit.place.folder.iterdir())) == folders + 1


def test_few_passages_are_read_more_often():
    settings = make_settings("any")

    assert stretch_epochs(settings, 16 * FEWEST_STEPS) == settings
    assert stretch_epochs(settings, 32).epochs == FEWEST_STEPS / 2


def test_a_framing_that_is_missing_is_a_named_error(made):
    refit, _, _ = made
    without = TRAIN.select(~TRAIN.targets[:, 0])

    with pytest.raises(TrainingError, match="the training passages"):
        refit(without, VALIDATION, SCORED)


def test_the_recipe_is_that_of_the_card_but_for_what_is_said_otherwise(shipped, base, tmp_path):
    bundle = replace(shipped, provenance={})
    bench = Bench(Workplace(tmp_path), str(base), ("epochs=3", "max_tokens=32"))
    refit = recover_refit(bundle, seed=2, bench=bench)

    assert (refit.seed, refit.settings.base, refit.settings.epochs) == (2, str(base), 3)
    assert f"| learning_rate | {refit.settings.learning_rate} |" in bundle.card
    assert f"| batch_size | {refit.settings.batch_size} |" in bundle.card
    assert refit.settings.layers is None


def test_another_base_than_the_bundles_is_refused(shipped, base, tmp_path):
    with pytest.raises(UsageError, match=r"those that encoder-v1 was fine-tuned from, 53aa51172d14 \(sentence"):
        recover_refit(shipped, seed=0, bench=Bench(Workplace(tmp_path), str(base), ("max_tokens=32",)))


def test_a_cascade_has_no_recipe_of_its_own():
    bundle = load_bundle(models_folder() / "cascade-v1")

    with pytest.raises(UsageError, match="the kind cascade"):
        recover_refit(bundle, seed=0, bench=Bench())
