"""A toy encoder, fitted once per module."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from policyframes_training.encoder.data import make_rows
from policyframes_training.encoder.encoder import EncoderModel, fit_encoder
from policyframes_training.encoder.settings import EncoderSettings, Workplace
from tests.training.toy_encoder import TRAIN, VALIDATION, make_settings, write_base


@pytest.fixture(autouse=True, scope="module")
def calm(one_thread):
    """Every fit here takes one thread."""


@pytest.fixture(scope="session")
def base(tmp_path_factory) -> Path:
    return write_base(tmp_path_factory.mktemp("base") / "tiny-bert")


@pytest.fixture(scope="session")
def settings(base) -> EncoderSettings:
    return make_settings(str(base))


@pytest.fixture(scope="session")
def quick(settings) -> EncoderSettings:
    return replace(settings, epochs=2)


@pytest.fixture(scope="session")
def lines() -> list[str]:
    return []


@pytest.fixture(scope="session")
def fitted(settings, tmp_path_factory, lines) -> EncoderModel:
    torch.set_num_threads(1)
    place = Workplace(tmp_path_factory.mktemp("fit") / "work", "cpu", lines.append, save_steps=10)
    return fit_encoder(make_rows(TRAIN, settings), VALIDATION, settings, seed=5, place=place)
