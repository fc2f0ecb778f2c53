"""Plots of what evaluation measures: precision and recall, reliability, confusion, coverage, slices, learning curve.

Measures nothing that is not handed in, but for the points of its curves, and writes no file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import average_precision_score, confusion_matrix, precision_recall_curve

from policyframes.bundle import FramingSettings
from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.coverage import COVERAGES, CoverageCurve
from policyframes_training.evaluation.figures import Evaluation, split_bins
from policyframes_training.evaluation.learning_curve import LearningCurve, PowerLaw
from policyframes_training.evaluation.slices import Slice
from policyframes_training.tiers.routing import Tradeoff

# Paul Tol's high-contrast scheme: told apart in print and by colour-blind readers; markers and labels tell them too.
_COLOURS = {"securitized": "#BB5566", "governance": "#004488", "partnership": "#DDAA33"}
_OTHER_COLOURS = ("#117733", "#882255", "#44AA99")
_MARKERS = ("o", "s", "D", "^", "v", "P")
_CURVE_COLOUR = "#004488"
_INK = "#222222"
_PANEL_INCHES = 3.4
_ROW_INCHES = 0.23
_SHADE = 0.18
# How far beyond the labels at hand the law is drawn.
_EXTRAPOLATED = 4.0

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


def plot_risk_coverage(curves: Mapping[str, CoverageCurve], evaluation: Evaluation) -> Figure:
    """Draw the share of wrong decisions among the surest, against how many of them are kept; intervals shaded.

    Args:
        curves: by framing.
        evaluation: of the same passages, for the title.
    """
    heading = f"Risk against coverage ({evaluation.passages} passages, {evaluation.documents} documents)"
    figure, panels = _lay_panels(len(curves), heading)
    for place, ((framing, curve), axes) in enumerate(zip(curves.items(), panels, strict=True)):
        colour, marker = _style(framing, place)
        _draw_band(axes, curve.risk, colour, style="-", label="all decisions")
        wrong = [Estimate(1 - e.value, 1 - e.high, 1 - e.low) for e in curve.precision]
        _draw_band(axes, wrong, _INK, style="--", label='decisions "present"')
        own = 1 - evaluation.framings[framing]["precision"].value
        axes.plot([1], [own], marker=marker, color=_INK, markersize=6, clip_on=False)
        axes.set(title=framing, xlabel="coverage, surest first", ylabel="share wrong", xlim=(0, 1), ylim=(0, 0.5))
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc="upper left", fontsize=8, frameon=False)
    return figure


def plot_slices(slices: Sequence[Slice], evaluation: Evaluation) -> Figure:
    """Draw F1 of each slice with its interval, its mean first; a hollow marker lies clearly below all passages.

    Args:
        slices: from `measure_slices`.
        evaluation: of all passages, whose value is the dotted line.
    """
    framings = tuple(evaluation.framings)
    figure = Figure(
        figsize=(_PANEL_INCHES * 0.8 * (len(framings) + 1) + 2, _ROW_INCHES * len(slices) + 1.2), layout="constrained"
    )
    figure.suptitle(f"F1 by slice ({evaluation.passages} passages, {evaluation.documents} documents)", color=_INK)
    for place, name in enumerate(("macro_f1", *framings)):
        axes = figure.add_subplot(1, len(framings) + 1, place + 1)
        colour, marker = (_INK, "o") if name == "macro_f1" else _style(name, place - 1)
        whole = evaluation.overall["macro_f1"] if name == "macro_f1" else evaluation.framings[name]["f1"]
        axes.axvline(whole.value, color=_INK, linewidth=0.8, linestyle=":")
        for row, entry in enumerate(slices):
            estimate = entry.macro_f1 if name == "macro_f1" else entry.f1[name]
            _draw_estimate(axes, estimate, row, (colour, marker), is_hollow=name in entry.below)
        _rule_dimensions(axes, slices)
        axes.set(title="mean" if name == "macro_f1" else name, xlim=(0, 1), ylim=(len(slices) - 0.5, -0.5), xlabel="F1")
        axes.set_yticks(range(len(slices)))
        axes.set_yticklabels(_name_rows(slices) if place == 0 else [""] * len(slices), fontsize=8)
        axes.tick_params(axis="y", length=0)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def plot_learning_curve(curve: LearningCurve, second_coder: Mapping[str, Estimate]) -> Figure:
    """Draw macro-F1 against the number of labels, the law through the points, and the second coder.

    Args:
        curve: with at least one point.
        second_coder: with `macro`; empty for none.
    """
    figure = Figure(figsize=(_PANEL_INCHES * 2, _PANEL_INCHES * 1.2), layout="constrained")
    axes = figure.add_subplot(1, 1, 1)
    labels = np.array([point.labels for point in curve.points])
    farthest = float(labels[-1] * _EXTRAPOLATED)
    if second_coder:
        ceiling = second_coder["macro"]
        axes.axhspan(ceiling.low, ceiling.high, color="#DDDDDD", linewidth=0)
        axes.axhline(ceiling.value, color=_INK, linewidth=0.8, label=f"second coder {ceiling.value:.3f}")
    if curve.law:
        _draw_law(axes, curve.law, np.geomspace(labels[0], labels[-1]), style="-")
        _draw_law(axes, curve.law, np.geomspace(labels[-1], farthest), style="--")
    runs = [(point.labels, run) for point in curve.points for run in point.runs]
    axes.plot(*zip(*runs, strict=True), marker=".", color="#888888", linestyle="none", label="single runs")
    means = [point.mean for point in curve.points]
    axes.vlines(labels, [mean.low for mean in means], [mean.high for mean in means], color=_CURVE_COLOUR)
    values = [mean.value for mean in means]
    axes.plot(labels, values, marker="o", color=_CURVE_COLOUR, linestyle="none", label="mean of runs")
    ticks = [point.labels for point in curve.points] + [farthest]
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks], fontsize=8, rotation=30)
    axes.minorticks_off()
    axes.set(title="Learning curve, macro-F1 on test", xlabel="labels (coded spans)", ylabel="macro-F1")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", fontsize=8, frameon=False)
    return figure


def plot_tradeoff(tradeoff: Sequence[Tradeoff], share: float) -> Figure:
    """Draw what a cascade gives against the share of the passages that its encoder reads.

    Args:
        tradeoff: from `routing.trace_tradeoff`.
        share: of the quality `balanced`.
    """
    figure, (axes,) = _lay_panels(1, "What the encoder's share buys")
    figure.set_size_inches(2 * _PANEL_INCHES, _PANEL_INCHES)
    shares, figures = [point.share for point in tradeoff], [point.macro_f1 for point in tradeoff]
    axes.plot(shares, figures, color=_CURVE_COLOUR, linewidth=2)
    for name, place in (("fast", 0.0), ("balanced", share), ("best", 1.0)):
        height = float(np.interp(place, shares, figures))
        axes.plot(place, height, marker="o", color=_INK)
        axes.annotate(name, (place, height), xytext=(6, -14), textcoords="offset points", color=_INK)
    _finish(axes, "", "share of passages that the encoder reads", "macro-F1, held out")
    # The differences are small beside the whole scale, and the axis says where it starts.
    axes.set_aspect("auto")
    axes.set_xlim(-0.03, 1.1)
    axes.set_ylim(min(figures) - 0.02, max(figures) + 0.02)
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
    heading = f"{title} ({len(passages)} passages, {len(set(passages.documents))} documents)"
    return _lay_panels(len(framings), heading)


def _lay_panels(count: int, heading: str) -> tuple[Figure, list[Axes]]:
    # Figure without pyplot: no window, no global list of open figures.
    figure = Figure(figsize=(_PANEL_INCHES * count, _PANEL_INCHES + 0.5), layout="constrained")
    figure.suptitle(heading, color=_INK)
    return figure, [figure.add_subplot(1, count, place + 1) for place in range(count)]


def _draw_band(axes: Axes, estimates: Sequence[Estimate], colour: str, *, style: str, label: str) -> None:
    low, high = [e.low for e in estimates], [e.high for e in estimates]
    axes.fill_between(COVERAGES, low, high, color=colour, alpha=_SHADE, linewidth=0)
    axes.plot(COVERAGES, [e.value for e in estimates], color=colour, linestyle=style, linewidth=2, label=label)


def _draw_law(axes: Axes, law: PowerLaw, labels: Floats, *, style: str) -> None:
    label = "power law, extrapolated" if style == "--" else "power law"
    axes.plot(labels, law.predict(labels), color=_CURVE_COLOUR, linewidth=1.5, linestyle=style, label=label)


def _draw_estimate(axes: Axes, estimate: Estimate | None, row: int, look: tuple[str, str], *, is_hollow: bool) -> None:
    colour, marker = look
    if estimate is None:
        axes.text(0.02, row, "too few", va="center", fontsize=7, color="#777777")
        return
    axes.plot([estimate.low, estimate.high], [row, row], color=colour, linewidth=1.2)
    axes.plot(
        [estimate.value],
        [row],
        marker=marker,
        color=colour,
        markerfacecolor="white" if is_hollow else colour,
        markersize=6,
    )


def _rule_dimensions(axes: Axes, slices: Sequence[Slice]) -> None:
    for row in range(1, len(slices)):
        if slices[row].dimension != slices[row - 1].dimension:
            axes.axhline(row - 0.5, color="#CCCCCC", linewidth=0.8)


def _name_rows(slices: Sequence[Slice]) -> list[str]:
    return [f"{entry.dimension}: {entry.value}  ({entry.passages})" for entry in slices]


def _style(framing: str, place: int) -> tuple[str, str]:
    colour = _COLOURS.get(framing, _OTHER_COLOURS[place % len(_OTHER_COLOURS)])
    return colour, _MARKERS[place % len(_MARKERS)]


def _finish(axes: Axes, title: str, across: str, up: str) -> None:
    axes.set(title=title, xlabel=across, ylabel=up, xlim=(0, 1), ylim=(0, 1.02), aspect="equal")
    axes.title.set_fontsize(10)
    axes.spines[["top", "right"]].set_visible(False)
