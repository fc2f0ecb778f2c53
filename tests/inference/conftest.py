"""Fixtures of the scoring tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyframes.bundle import save_bundle
from policyframes.scorer import Scorer, load
from tests.inference.builders import make_bundle


@pytest.fixture
def bundle_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny-v1"
    save_bundle(make_bundle(), folder)
    return folder


@pytest.fixture
def scorer(bundle_folder: Path) -> Scorer:
    return load(bundle_folder)
