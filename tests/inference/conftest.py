"""Fixtures of the scoring tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from policyframes.bundle import load_bundle, save_bundle
from policyframes.cli import main
from policyframes.scorer import Scorer, load
from tests.inference.builders import make_bundle
from tests.inference.encoders import make_cascade, make_encoder, save_parts


@pytest.fixture
def bundle_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny-v1"
    save_bundle(make_bundle(), folder)
    return folder


@pytest.fixture
def scorer(bundle_folder: Path) -> Scorer:
    return load(bundle_folder)


@pytest.fixture
def encoder_folder(tmp_path: Path) -> Path:
    save_bundle(make_encoder(), tmp_path / "encoder-v1")
    return tmp_path / "encoder-v1"


@pytest.fixture
def cascade_folder(tmp_path: Path) -> Path:
    save_bundle(make_cascade(save_parts(tmp_path)), tmp_path / "cascade-v4")
    return tmp_path / "cascade-v4"


@pytest.fixture
def shipped_models(cascade_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of models of an installation that has a cascade for `balanced` and one for `best`."""
    folder = cascade_folder.parent
    larger = make_cascade(dict(load_bundle(cascade_folder).parts), name="cascade-large-v1")
    save_bundle(larger, folder / larger.name)
    for module in ("scorer", "resources"):
        monkeypatch.setattr(f"policyframes.{module}.models_folder", lambda: folder)
    return folder


@pytest.fixture
def run_command(monkeypatch, capsys):
    """Return a call of the command line that gives exit code, standard output and standard error."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["policyframes", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main.run()
        captured = capsys.readouterr()
        return stop.value.code or 0, captured.out, captured.err

    return call
