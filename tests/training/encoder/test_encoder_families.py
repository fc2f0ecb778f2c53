"""Bases of other families than BERT: without fused attention, without segments, with positions that begin later."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from policyframes.errors import TrainingError
from policyframes_training.encoder import onnx_rounding
from policyframes_training.encoder.data import make_rows
from policyframes_training.encoder.encoder import EncoderModel, fit_encoder
from policyframes_training.encoder.network import load_base
from policyframes_training.encoder.onnx_export import export_onnx, measure_difference
from policyframes_training.encoder.settings import Workplace
from tests.training.toy_encoder import TRAIN, VALIDATION, write_base


@pytest.mark.parametrize("family", ["mpnet", "roberta", "distilbert", "electra"])
def test_a_base_of_another_family_trains_exports_and_is_read_back(family, quick, tmp_path, monkeypatch):
    settings = replace(quick, base=str(write_base(tmp_path / family, family=family)), epochs=1)
    place = Workplace(tmp_path / "work", "cpu", save_steps=100)
    model = fit_encoder(make_rows(TRAIN, settings), VALIDATION, settings, seed=5, place=place)
    difference = measure_difference(export_onnx(model, VALIDATION.texts), model, VALIDATION.texts)
    read = EncoderModel.load(tmp_path / "work" / "model")
    monkeypatch.setattr(onnx_rounding, "_BLOCK", 8)
    monkeypatch.setattr(onnx_rounding, "_LEAST_TABLE_BYTES", 1)
    in_four_bits = export_onnx(replace(model, settings=replace(settings, bits=4)), VALIDATION.texts)

    assert difference.probability_max < 0.05
    assert measure_difference(in_four_bits, model, VALIDATION.texts).probability_mean < 0.05
    assert np.array_equal(read.logits(VALIDATION.texts, exact=True), model.logits(VALIDATION.texts, exact=True))


@pytest.mark.parametrize(("family", "longest"), [("bert", 64), ("mpnet", 62), ("roberta", 62)])
def test_a_window_longer_than_the_positions_of_a_base_is_refused(family, longest, quick, tmp_path):
    settings = replace(quick, base=str(write_base(tmp_path / family, family=family)))

    load_base(replace(settings, max_tokens=longest))
    with pytest.raises(TrainingError, match=f"Allowed: at most {longest}"):
        load_base(replace(settings, max_tokens=longest + 1))
