"""Plots hold what they say, and are drawn without a window."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from policyframes.bundle import FramingSettings
from policyframes_training.corpus.corpus import read_corpus
from policyframes_training.evaluation.plots import draw_plots, plot_confusion, plot_precision_recall


@pytest.fixture(scope="module")
def drawn(tiny):
    passages = read_corpus(tiny.labels).passages("test")
    probabilities = np.random.default_rng(0).random((len(passages), 3))
    settings = {name: FramingSettings(0.5, 1.0, 0.0, 0.4, 0.6) for name in passages.framings}
    return probabilities, passages, settings


def test_there_are_three_figures_with_one_panel_per_framing(drawn):
    figures = draw_plots(*drawn)

    assert set(figures) == {"precision-recall.png", "reliability.png", "confusion.png"}
    assert {len(figure.axes) for figure in figures.values()} == {3}


def test_confusion_counts_every_passage_once(drawn):
    for axes in plot_confusion(*drawn).axes:
        counts = [int(text.get_text().split("\n")[0]) for text in axes.texts]
        assert sum(counts) == len(drawn[1])


def test_marker_stands_at_precision_and_recall_of_the_threshold(drawn):
    probabilities, passages, _ = drawn
    present, decided = passages.targets[:, 0], probabilities[:, 0] >= 0.5
    marker = plot_precision_recall(*drawn).axes[0].lines[1]

    hits = (present & decided).sum()
    assert marker.get_xydata()[0] == pytest.approx((hits / present.sum(), hits / decided.sum()))


def test_colours_are_the_framings_own(drawn):
    lines = [axes.lines[0].get_color() for axes in plot_precision_recall(*drawn).axes]

    assert lines == ["#BB5566", "#004488", "#DDAA33"]


def test_drawing_needs_no_window_system():
    code = "import sys, policyframes_training.evaluation.plots; sys.exit('matplotlib.pyplot' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
