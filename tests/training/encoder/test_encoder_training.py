from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from policyframes.errors import TrainingError, UsageError
from policyframes_training.encoder.data import TrainingRows, make_rows
from policyframes_training.encoder.encoder import fit_encoder
from policyframes_training.encoder.settings import Workplace, check_device
from policyframes_training.encoder.training import Epoch, has_bfloat16, is_exhausted, read_epochs
from tests.training.toy_encoder import TRAIN, VALIDATION, WORDS, make_passages


def test_it_learns_which_words_tell_a_framing(fitted):
    decided = fitted.logits(VALIDATION.texts) > 0

    assert fitted.epochs[-1].average_precision > 0.95
    assert (decided == VALIDATION.targets).mean() > 0.9


def test_the_progress_tells_step_speed_and_time_left(fitted, lines):
    assert len(fitted.epochs) == 6
    assert any("step 90 of 90" in line and "passages/s" in line and line.endswith("left") for line in lines)
    assert sum("validation AP" in line for line in lines) == 6


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(settings, tmp_path, quick):
    rows = make_rows(TRAIN, settings)
    models = [
        fit_encoder(rows, VALIDATION, quick, seed=seed, place=Workplace(tmp_path / str(number), "cpu"))
        for number, seed in enumerate((3, 3, 4))
    ]
    logits = [model.logits(VALIDATION.texts) for model in models]

    assert np.array_equal(logits[0], logits[1])
    assert not np.allclose(logits[0], logits[2])


def test_early_stopping_keeps_the_best_epoch(settings, tmp_path):
    # So fast that it never gets better than at first.
    wild = replace(settings, learning_rate=3.0, head_learning_rate=3.0, epochs=6, patience=1)
    model = fit_encoder(make_rows(TRAIN, wild), VALIDATION, wild, seed=1, place=Workplace(tmp_path / "w", "cpu"))
    figures = [epoch.average_precision for epoch in model.epochs]

    assert len(figures) < 6
    assert is_exhausted(model.epochs, 1)
    assert not is_exhausted(model.epochs[:-1], 1)


def test_patience_counts_the_epochs_since_the_best_one():
    epochs = [Epoch(number, 0.1, figure) for number, figure in enumerate((0.5, 0.7, 0.6, 0.7), 1)]

    assert is_exhausted(epochs, 2)
    assert not is_exhausted(epochs, 3)
    assert not is_exhausted(epochs, 0)
    assert not is_exhausted([], 1)


def test_epochs_are_read_from_the_log_with_the_loss_before_them():
    log = [
        {"loss": 0.5},
        {"loss": 0.4},
        {"eval_average_precision": 0.8},
        {"loss": 0.3},
        {"eval_average_precision": 0.9},
    ]

    assert read_epochs(log) == (Epoch(1, 0.4, 0.8), Epoch(2, 0.3, 0.9))


def test_a_loss_that_is_no_number_is_named(tmp_path, quick):
    wild = replace(quick, learning_rate=1e30, head_learning_rate=1e30, clip=1e30)
    with pytest.raises(TrainingError, match="the loss is nan"):
        fit_encoder(make_rows(TRAIN, wild), VALIDATION, wild, seed=0, place=Workplace(tmp_path / "w", "cpu"))


def test_it_learns_from_a_teachers_probabilities(fitted, settings, tmp_path):
    texts = make_passages(240, seed=8).texts
    taught = TrainingRows(tuple(WORDS), texts, 1 / (1 + np.exp(-fitted.logits(texts))), np.ones(len(texts)))
    pupil = fit_encoder(taught, VALIDATION, settings, seed=2, place=Workplace(tmp_path / "w", "cpu"))

    assert not np.isin(taught.targets, (0, 1)).any()
    assert pupil.epochs[-1].average_precision > 0.8


def test_rows_weigh_less_with_doubt_and_with_their_origin(settings):
    passages = replace(TRAIN.select(np.arange(240) < 3), is_original=np.array([False, False, True]))
    rows = make_rows(passages, replace(settings, doubt_weight=0.5, original_weight=2.0))

    assert rows.weights.tolist() == [1.0, 0.5, 0.5]
    assert len(rows + rows) == 6
    assert rows.sha256 != replace(rows, weights=np.ones(3)).sha256


def test_a_device_that_is_not_there_is_named(settings, tmp_path):
    with pytest.raises(UsageError, match="auto, cpu, cuda, mps"):
        check_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="'cuda' is not there"):
            fit_encoder(
                make_rows(TRAIN, settings), VALIDATION, settings, seed=0, place=Workplace(tmp_path / "w", "cuda")
            )
        assert not (tmp_path / "w").exists()


def test_a_framing_that_no_passage_carries_is_named(settings, tmp_path):
    bare = replace(TRAIN, targets=TRAIN.targets & np.array([True, False, True]))
    with pytest.raises(TrainingError, match="framing 'governance'"):
        fit_encoder(make_rows(bare, settings), VALIDATION, settings, seed=0, place=Workplace(tmp_path / "w", "cpu"))


@pytest.mark.parametrize(
    ("able", "faster"),
    [
        ({"avx512_bf16": True}, True),
        ({"avx512_bf16": True, "avx512_fp16": True}, False),
        ({"avx512_bf16": True, "avx512_fp16": True, "amx_tile": True}, True),
        ({"arm_bf16": True}, True),
        ({"avx512_fp16": True}, False),
        ({}, False),
    ],
    ids=["amd", "intel-without-amx", "intel", "arm", "fp16-alone", "neither"],
)
def test_bfloat16_is_taken_where_the_processor_is_faster_with_it(monkeypatch, able, faster):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)

    assert has_bfloat16(torch.device("cpu")) is faster
