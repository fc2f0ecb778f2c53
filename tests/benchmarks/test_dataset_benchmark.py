"""The benchmark on another corpus: its figures are what they are called, and its folds go through as given."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from policyframes.errors import UsageError
from tests.training.toy_encoder import write_base

_SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "gvfc.py"
_WORDS = "holster statute ballot therapy corridor heritage rally cinema revenue".split()
_PLACES = ("valley", "harbour", "plain", "mill")


@pytest.fixture(scope="module")
def gvfc():
    spec = importlib.util.spec_from_file_location("gvfc", _SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["gvfc"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["gvfc"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    home = tmp_path_factory.mktemp("gvfc")
    fold = home / "folds" / "0"
    fold.mkdir(parents=True)
    for name, count in (("train", 288), ("dev", 36)):
        lines = []
        for number in range(count):
            marked = {number % 9} | ({(number + 3) % 9} if number % 4 == 0 else set())
            words = [*(_WORDS[frame] for frame in sorted(marked)), _PLACES[number % 4]]
            # The numbers keep the headlines from being nearly equal.
            text = " ".join(f"{word} {number}{name}{place}" for place, word in enumerate(words))
            lines.append(
                "\t".join([f"{name}{number}", text, "a", *(f"{float(frame in marked)}" for frame in range(9))])
            )
        (fold / f"{name}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return home


def test_figures_are_those_of_scikit_learn(gvfc):
    from sklearn.metrics import accuracy_score, f1_score  # noqa: PLC0415  (a part that only this test needs)

    rng = np.random.default_rng(0)
    targets, decided = rng.random((50, 9)) < 0.3, rng.random((50, 9)) < 0.3
    several = targets.sum(axis=1) > 1

    assert gvfc.measure(decided, targets) == pytest.approx(
        (
            f1_score(targets, decided, average="macro"),
            f1_score(targets, decided, average="micro"),
            accuracy_score(targets, decided),
            accuracy_score(targets[~several], decided[~several]),
            accuracy_score(targets[several], decided[several]),
        )
    )


def test_likeliest_frame_is_added_only_where_there_is_none(gvfc):
    decided = np.array([[False, False], [True, False]])

    assert gvfc.add_likeliest(decided, np.array([[0.1, 0.2], [0.6, 0.4]])).tolist() == [[False, True], [True, False]]


def test_one_fold_trains_and_finds_what_the_words_say(gvfc, data, tmp_path):
    choices = gvfc.Choices(base="", epochs=1, crossed=False, seed=0)
    figures = gvfc.run_fold(data, 0, "fast", choices=choices, work=tmp_path)

    assert {name.split(":")[0] for name in figures} == {"fast"}
    assert all(macro > 0.95 for macro, *_ in figures.values())
    assert "EngBERT, focal" in gvfc.render_table({name: [row] for name, row in figures.items()})


@pytest.mark.slow
def test_blend_measures_both_tiers_and_their_mean(gvfc, data, tmp_path):
    base = write_base(tmp_path / "base", layers=1)
    choices = gvfc.Choices(base=str(base), epochs=1, crossed=False, seed=0)
    figures = gvfc.run_fold(data, 0, "blend", choices=choices, work=tmp_path)

    assert {name.split(":")[0] for name in figures} == {"fast", "encoder", "blend"}
    assert len(figures) == 6


def test_missing_fold_is_refused(gvfc, data, tmp_path):
    with pytest.raises(UsageError, match=r"folds/1/train\.tsv"):
        gvfc.convert_fold(data, 1, tmp_path)
