from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from policyframes.errors import TrainingError
from policyframes_training.corpus.held_out import FoldedLogits
from policyframes_training.encoder.data import make_rows
from policyframes_training.encoder.encoder import Folding, hold_out_encoder
from policyframes_training.encoder.settings import Workplace
from policyframes_training.linear.linear import assign_folds, mean_average_precision
from tests.training.toy_encoder import TRAIN, VALIDATION


@pytest.fixture(scope="module")
def crossed(settings, tmp_path_factory) -> tuple[FoldedLogits, Path]:
    folder = tmp_path_factory.mktemp("folds") / "work"
    return _hold_out(settings, folder, lambda _: None), folder


def _hold_out(settings, folder, report) -> FoldedLogits:
    folding = Folding(groups=(("d0", "d1", "d2"),), folds=3, texts=VALIDATION.texts)
    place = Workplace(folder, "cpu", report)
    return hold_out_encoder(TRAIN, VALIDATION, replace(settings, epochs=8), folding=folding, seed=1, place=place)


def test_held_out_passages_are_scored_by_models_that_did_not_learn_from_them(crossed):
    crossfit, _ = crossed
    folds_of = {
        document: {int(fold) for fold, name in zip(crossfit.folds, TRAIN.documents, strict=True) if name == document}
        for document in TRAIN.documents
    }

    assert crossfit.texts.shape == (3, 60, 3)
    assert all(len(folds) == 1 for folds in folds_of.values())
    assert folds_of["d0"] == folds_of["d1"] == folds_of["d2"]
    # Chance would be 0.4, the share of the passages that carry a framing.
    assert mean_average_precision(TRAIN.targets, crossfit.held_out.logits) > 0.7
    assert not np.allclose(crossfit.texts[0], crossfit.texts[1])


def test_finished_folds_are_read_and_not_repeated(crossed, settings):
    crossfit, folder = crossed
    lines: list[str] = []
    again = _hold_out(settings, folder, lines.append)

    assert np.array_equal(again.held_out.logits, crossfit.held_out.logits)
    assert np.array_equal(again.texts, crossfit.texts)
    assert not any("step" in line for line in lines)
    assert sum("already trained" in line for line in lines) == 3
    assert json.loads((folder / "fold-1" / "job.json").read_text())["job"]


def test_rows_of_a_teacher_join_each_fold(settings, tmp_path):
    lines: list[str] = []
    rows = make_rows(VALIDATION, settings)
    hold_out_encoder(
        TRAIN,
        VALIDATION,
        replace(settings, epochs=1),
        folding=Folding(folds=2, taught=(rows, rows)),
        seed=1,
        place=Workplace(tmp_path, "cpu", lines.append),
    )

    assert [line for line in lines if line.startswith("fold")] == [
        "fold 1 of 2: learns from 180 passages, scores 120",
        "fold 2 of 2: learns from 180 passages, scores 120",
    ]


def test_documents_that_are_all_linked_cannot_be_held_out():
    with pytest.raises(TrainingError, match="no two that are not linked"):
        assign_folds(("a", "b", "a"), (("a", "b"),), folds=3)
    assert set(assign_folds(("a", "b", "a"), (), folds=9)) == {0, 1}
