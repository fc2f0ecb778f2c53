"""Precision-recall, reliability and confusion plots. Draws what evaluation measures and writes no file itself."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import average_precision_score, confusion_matrix, precision_recall_curve

from policyframes.bundle import FramingSettings
from policyframes_training.corpus import PassageSet
from policyframes_training.evaluation import split_bins

# Paul Tol's high-contrast scheme: told apart in print and by colour-blind readers; markers and labels tell them too.
_COLOURS = {"securitized": "#BB5566", "governance": "#004488", "partnership": "#DDAA33"}
_OTHER_COLOURS = ("#117733", "#882255", "#44AA99")
_MARKERS = ("o", "s", "D", "^", "v", "P")
_INK = "#222222"
_PANEL_INCHES = 3.4

Floats = npt.NDArray[np.float64]


def plot_precision_recall(
    probabilities: Floats, passages: PassageSet, settings: Mapping[str, FramingSettings]
) -> Figure:
    """Draw precision against recall per framing, with the point of the bundle's threshold.

    Args:
        probabilities: calibrated, shape (n, L).
        passages: n passages coded for L framings.
        settings: thresholds by framing.
    """
    figure, panels = _make_panels(passages.framings, "Precision and recall", passages)
    for column, (framing, axes) in enumerate(zip(passages.framings, panels, strict=True)):
        colour, marker = _style(framing, column)
        present = passages.targets[:, column]
        precision, recall, _ = precision_recall_curve(present, probabilities[:, column])
        decided = probabilities[:, column] >= settings[framing].threshold
        hits = float((decided & present).sum())
        axes.plot(recall, precision, color=colour, linewidth=2, drawstyle="steps-post")
        axes.plot(
            hits / max(1, present.sum()),
            hits / max(1, decided.sum()),
            marker=marker,
            markersize=9,
            color=colour,
            markeredgecolor=_INK,
            linestyle="none",
            label=f"threshold {settings[framing].threshold:.2f}",
        )
        share = float(present.mean())
        axes.axhline(share, color=_INK, linewidth=0.8, linestyle=":", label=f"present in {share:.0%}")
        score = average_precision_score(present, probabilities[:, column])
        _finish(axes, f"{framing}: average precision {score:.2f}", "recall", "precision")
        axes.legend(loc="lower left", fontsize=8, frameon=False)
    return figure


def plot_reliability(probabilities: Floats, passages: PassageSet, settings: Mapping[str, FramingSettings]) -> Figure:
    """Draw the share of passages that carry a framing against the mean probability, in bins of equal mass.

    Args:
        probabilities: calibrated, shape (n, L).
        passages: n passages coded for L framings.
        settings: thresholds and bands by framing; the band of abstention is shaded.
    """
    figure, panels = _make_panels(passages.framings, "Reliability of the probabilities", passages)
    for column, (framing, axes) in enumerate(zip(passages.framings, panels, strict=True)):
        colour, marker = _style(framing, column)
        chosen = settings[framing]
        axes.axvspan(chosen.uncertain_from, chosen.uncertain_to, color="#DDDDDD", label="uncertain")
        axes.axvline(chosen.threshold, color=_INK, linewidth=0.8, linestyle=":", label="threshold")
        axes.plot([0, 1], [0, 1], color=_INK, linewidth=0.8)
        bins = split_bins(probabilities[:, column])
        axes.plot(
            [float(probabilities[rows, column].mean()) for rows in bins],
            [float(passages.targets[rows, column].mean()) for rows in bins],
            marker=marker,
            color=colour,
            markeredgecolor=_INK,
            linewidth=1.5,
        )
        _finish(axes, framing, "mean probability", "share that carries it")
        axes.legend(loc="lower right", fontsize=8, frameon=False)
    return figure


def plot_confusion(probabilities: Floats, passages: PassageSet, settings: Mapping[str, FramingSettings]) -> Figure:
    """Draw the four counts of each framing at its threshold.

    Args:
        probabilities: calibrated, shape (n, L).
        passages: n passages coded for L framings.
        settings: thresholds by framing.
    """
    figure, panels = _make_panels(passages.framings, "Decisions against codes", passages)
    for column, (framing, axes) in enumerate(zip(passages.framings, panels, strict=True)):
        decided = probabilities[:, column] >= settings[framing].threshold
        counts = confusion_matrix(passages.targets[:, column], decided, labels=[False, True])
        shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
        colour, _ = _style(framing, column)
        for row in range(2):
            for side in range(2):
                share = float(shares[row, side])
                axes.fill_between([side, side + 1], row, row + 1, color=colour, alpha=0.1 + 0.5 * share, linewidth=0)
                text = f"{counts[row, side]}\n{share:.0%}"
                axes.text(side + 0.5, row + 0.5, text, ha="center", va="center", color=_INK, fontsize=12)
        axes.set(xlim=(0, 2), ylim=(2, 0), xticks=(0.5, 1.5), yticks=(0.5, 1.5), title=framing)
        axes.set_xticklabels(("absent", "present"))
        axes.set_yticklabels(("absent", "present"), rotation=90, va="center")
        axes.set_xlabel("decided")
        axes.set_ylabel("coded")
        axes.tick_params(length=0)
    return figure


def draw_plots(
    probabilities: Floats, passages: PassageSet, settings: Mapping[str, FramingSettings]
) -> dict[str, Figure]:
    """Return the three figures by file name."""
    return {
        "precision-recall.png": plot_precision_recall(probabilities, passages, settings),
        "reliability.png": plot_reliability(probabilities, passages, settings),
        "confusion.png": plot_confusion(probabilities, passages, settings),
    }


def _make_panels(framings: tuple[str, ...], title: str, passages: PassageSet) -> tuple[Figure, list[Axes]]:
    # Figure without pyplot: no window, no global list of open figures.
    figure = Figure(figsize=(_PANEL_INCHES * len(framings), _PANEL_INCHES + 0.5), layout="constrained")
    figure.suptitle(f"{title} ({len(passages)} passages, {len(set(passages.documents))} documents)", color=_INK)
    panels = [figure.add_subplot(1, len(framings), place + 1) for place in range(len(framings))]
    return figure, panels


def _style(framing: str, place: int) -> tuple[str, str]:
    colour = _COLOURS.get(framing, _OTHER_COLOURS[place % len(_OTHER_COLOURS)])
    return colour, _MARKERS[place % len(_MARKERS)]


def _finish(axes: Axes, title: str, across: str, up: str) -> None:
    axes.set(title=title, xlabel=across, ylabel=up, xlim=(0, 1), ylim=(0, 1.02), aspect="equal")
    axes.title.set_fontsize(10)
    axes.spines[["top", "right"]].set_visible(False)
