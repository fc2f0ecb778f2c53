"""Floors go down only on purpose."""

from __future__ import annotations

import json

import pytest

from tests.models import golden

pytestmark = pytest.mark.usefixtures("own_files")


@pytest.fixture
def own_files(tmp_path, monkeypatch):
    monkeypatch.setattr(golden, "FLOORS", tmp_path / "floors.json")
    monkeypatch.setattr(golden, "GOLDEN", tmp_path / "golden.json")
    monkeypatch.setattr(golden, "hash_test_split", lambda: "0" * 64)
    monkeypatch.setattr(golden, "NAMES", ("fast-v3",))
    floors = {"f1": {"fast-v3": {"macro": 0.8, "governance": 0.7}}}
    golden.FLOORS.write_text(json.dumps(floors), encoding="utf-8")


def _floors():
    return json.loads(golden.FLOORS.read_text(encoding="utf-8"))["f1"]["fast-v3"]


def test_a_lower_figure_is_refused_and_nothing_written(monkeypatch, capsys):
    monkeypatch.setattr(golden, "measure", lambda _: {"macro": 0.81, "governance": 0.69})

    assert golden.main([]) == 1
    assert "governance 0.7 -> 0.69. Pass --allow-lower" in capsys.readouterr().err
    assert _floors() == {"macro": 0.8, "governance": 0.7}
    assert not golden.GOLDEN.exists()


def test_a_floor_that_would_vanish_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(golden, "measure", lambda _: {"macro": 0.9})

    assert golden.main([]) == 1
    assert "governance 0.7 -> none" in capsys.readouterr().err


def test_a_lower_figure_is_written_where_it_is_allowed(monkeypatch):
    monkeypatch.setattr(golden, "measure", lambda _: {"macro": 0.81, "governance": 0.69})

    assert golden.main(["--allow-lower"]) == 0
    assert _floors() == {"macro": 0.81, "governance": 0.69}


def test_equal_and_higher_figures_are_written_unasked(monkeypatch):
    monkeypatch.setattr(golden, "measure", lambda _: {"macro": 0.8, "governance": 0.75})

    assert golden.main([]) == 0
    assert _floors() == {"macro": 0.8, "governance": 0.75}
    assert len(json.loads(golden.GOLDEN.read_text(encoding="utf-8"))["texts"]) == 20
