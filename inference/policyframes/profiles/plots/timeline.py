"""Shares over time: a line for each kind, an interval at each point, the administrations behind them."""

from __future__ import annotations

import itertools
import math
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from policyframes.errors import UsageError
from policyframes.profiles.comparison import Comparison
from policyframes.profiles.errors import NONE
from policyframes.profiles.names import (
    describe_method,
    name_aspect,
    name_grouping,
    name_groups,
    name_kind,
    shorten,
    wrap,
)
from policyframes.profiles.plots.canvas import check_groups, open_axes, set_title, write_note
from policyframes.profiles.plots.theme import DEFAULT_THEME, Look, Theme
from policyframes.profiles.shares import UNCERTAIN, Share

if TYPE_CHECKING:
    from policyframes.profiles.extras import Axes

_SIZE = (9.5, 5.2)
# More names than these do not fit side by side.
_MOST_NAMES = 9
_YEAR_LETTERS = 4
_YEAR = re.compile(r"\d{4}")
# Width of a letter of a band's name as a share of a new picture's width.
_LETTER = 0.0102
# Points that a row of their names is high; the least room of a year and of a line's name, as shares of the picture.
# A line is broken at gaps so many times as long as the usual one.
_LONG = 4
_ROW, _TICK, _NAME = 12, 0.055, 0.055


@dataclass(frozen=True)
class _Point:
    """A group on the axis of time."""

    group: str
    name: str
    x: float
    administration: str


def plot_timeline(
    comparison: Comparison,
    aspect: str | None = None,
    ax: Axes | None = None,
    *,
    kinds: Sequence[str] | None = None,
    title: str | None = None,
    theme: Theme = DEFAULT_THEME,
) -> Axes:
    """Draw how shares change over time, with 95 % intervals.

    Groups by year stand at their year; others, such as administrations or documents, in the comparison's order, one
    step apart. Behind them the administrations that the metadata names. A group with too few passages has no point:
    a cross at its foot says so.

    Args:
        comparison: by year, or by anything whose documents have a year.
        aspect: id of the aspect; None for all passages.
        ax: axes to draw on; new ones without.
        kinds: framings, `none`, `uncertain`; all of them without.
        title: above the picture.
        theme: colours, markers and sizes.

    Raises:
        UsageError: a group has no year, or the comparison has no such aspect.
        MissingExtraError: matplotlib is not installed.
    """
    if aspect not in comparison.aspects:
        known = ", ".join(name or "None" for name in comparison.aspects)
        raise UsageError(where="plot_timeline", found=repr(aspect), allowed=known, remedy="Choose one of these.")
    points = _place_groups(comparison)
    framings = comparison.collection.framings
    chosen = tuple(kinds) if kinds is not None else (*framings, NONE, UNCERTAIN)
    size = (max(_SIZE[0], 2 + 0.42 * len(points)), _SIZE[1])
    with open_axes(ax, theme, size) as axes:
        rows = _draw_bands(axes, points, theme)
        series = {kind: [comparison.profiles[aspect, point.group].shares[kind] for point in points] for kind in chosen}
        shifts = _shift_kinds(chosen, points)
        for kind, shares in series.items():
            places = [point.x + shifts[kind] for point in points]
            _draw_line(axes, places, shares, theme.look(kind, framings), theme)
        _mark_small(axes, points, [comparison.profiles[aspect, point.group].is_too_small for point in points], theme)
        _set_scales(axes, points, series)
        _label_lines(axes, series, [theme.look(kind, framings) for kind in chosen], theme)
        axes.set_xlabel(name_grouping(comparison), parse_math=False)
        axes.set_ylabel("Share of passages (%)")
        axes.grid(axis="y", color=theme.faint)
        axes.set_axisbelow(True)
        name = title or f"Framing over time: {name_aspect(aspect, comparison.collection)}"
        set_title(axes, name, pad=6 + rows * _ROW)
        write_note(axes, _explain(series, points, has_bands=rows > 0), theme)
    return axes


def _place_groups(comparison: Comparison) -> list[_Point]:
    check_groups(comparison.groups, "plot_timeline")
    known = {document.id: document.metadata for document in comparison.collection.documents}
    names = name_groups(comparison, 36)
    is_calendar = all(_YEAR.fullmatch(group) for group in comparison.groups)
    is_crowded = len(names) > _MOST_NAMES
    points = []
    for position, (group, name) in enumerate(zip(comparison.groups, names, strict=True)):
        members = [known[document] for document in comparison.profiles[None, group].documents]
        years = sorted({values["year"] for values in members if "year" in values})
        if not years and not is_calendar:
            raise UsageError(
                where="plot_timeline",
                found=f"the group {group!r} has no document with a year",
                allowed="a comparison by year, or groups whose documents have a year",
                remedy="Add a column 'year' to the metadata.",
            )
        ruling = dict.fromkeys(values["administration"] for values in members if values.get("administration"))
        span = ""
        if not is_calendar:
            span = (" " if is_crowded else "\n") + f"({'–'.join(dict.fromkeys((years[0], years[-1])))})"
        x = float(group) if is_calendar else float(position)
        shown = shorten(name, 24) if is_crowded else wrap(name, 15)
        points.append(_Point(group, shown + span, x, " / ".join(ruling)))
    return points


def _draw_bands(ax: Axes, points: Sequence[_Point], theme: Theme) -> int:
    """Draw a band for each administration, and return how many rows their names take above the axes."""
    if all(point.administration in {"", point.group} for point in points):
        return 0
    # No band reaches into years of which there is no document.
    bands = [
        (name, [point.x for point in members])
        for name, members in groupby(points, key=lambda point: point.administration)
        if name
    ]
    letter = _LETTER * (points[-1].x - points[0].x + 1)
    ends: list[float] = []
    for number, (name, places) in enumerate(bands):
        left, right = places[0] - 0.5, places[-1] + 0.5
        ax.axvspan(left, right, color=theme.faint, alpha=0.8 if number % 2 == 0 else 0.35, linewidth=0, zorder=0)
        centre, half = (left + right) / 2, letter * len(name) / 2
        row = next((row for row, end in enumerate(ends) if end < centre - half), len(ends))
        ends[row : row + 1] = [centre + half + letter]
        ax.annotate(
            name,
            xy=(centre, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4 + row * _ROW),
            textcoords="offset points",
            ha="center",
            fontsize=theme.note_size,
            color=theme.muted,
            annotation_clip=False,
            parse_math=False,
            gid="administration",
        )
    return len(ends)


def _shift_kinds(kinds: Sequence[str], points: Sequence[_Point]) -> dict[str, float]:
    """Return how far each kind's points stand beside their group's place: never as far as half the way to the next."""
    places = [point.x for point in points]
    step = min(0.13 * min(_measure_gaps(places), default=1.0), 0.016 * (places[-1] - places[0] + 1))
    return {kind: step * (position - (len(kinds) - 1) / 2) for position, kind in enumerate(kinds)}


def _draw_line(ax: Axes, places: Sequence[float], shares: Sequence[Share], look: Look, theme: Theme) -> None:
    is_grey = shares[0].kind in {NONE, UNCERTAIN}
    colour = theme.muted if is_grey else look.colour
    for x, share in zip(places, shares, strict=True):
        if share.low is not None and share.high is not None:
            ax.plot(
                [x, x], [100 * share.low, 100 * share.high], color=colour, linewidth=0.9 if is_grey else 1.8,
                solid_capstyle="butt", zorder=2, gid="interval",
            )  # fmt: skip
    values = [math.nan if share.value is None else 100 * share.value for share in shares]
    ax.plot(
        *_break_line(places, values),
        color=colour,
        linestyle=look.line,
        linewidth=0.9 if is_grey else 1.8,
        marker=look.marker,
        markerfacecolor=look.colour,
        clip_on=False,
        markersize=5 if is_grey else 7,
        markeredgecolor=theme.outline,
        markeredgewidth=0.8,
        zorder=2.5 if is_grey else 3,
        label=name_kind(shares[0].kind),
    )


def _break_line(places: Sequence[float], values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return a line's points with a hole at each long gap: across it a line would claim to know the years."""
    longest = _LONG * statistics.median(_measure_gaps(places)) if len(places) > 1 else math.inf
    x, y = [places[0]], [values[0]]
    for before, after, value in zip(places, places[1:], values[1:], strict=False):
        if after - before > longest:
            x, y = [*x, math.nan], [*y, math.nan]
        x, y = [*x, after], [*y, value]
    return x, y


def _measure_gaps(places: Sequence[float]) -> list[float]:
    return [after - before for before, after in itertools.pairwise(places)]


def _mark_small(ax: Axes, points: Sequence[_Point], flags: Sequence[bool], theme: Theme) -> None:
    for point, is_small in zip(points, flags, strict=True):
        if is_small:
            ax.annotate(
                "too few", xy=(point.x, 0), xytext=(0, 3), textcoords="offset points", ha="center",
                fontsize=theme.note_size, color=theme.muted, rotation=90, gid="too few",
            )  # fmt: skip


def _set_scales(ax: Axes, points: Sequence[_Point], series: Mapping[str, Sequence[Share]]) -> None:
    highest = max((share.high or 0.0 for shares in series.values() for share in shares), default=0.0)
    ax.set_ylim(0, min(100, 10 * math.ceil(10 * highest + 0.3)) if highest else 100)
    ax.set_xlim(points[0].x - 0.6, points[-1].x + 0.6)
    ax.set_xticks([point.x for point in points], [point.name for point in points], parse_math=False)
    is_crowded = len(points) > _MOST_NAMES and len(max((point.name for point in points), key=len)) > _YEAR_LETTERS
    places = [point.x for point in points]
    if is_crowded or min(_measure_gaps(places), default=1.0) < _TICK * (places[-1] - places[0] + 1):
        ax.tick_params(axis="x", labelrotation=90)


def _label_lines(ax: Axes, series: Mapping[str, Sequence[Share]], looks: Sequence[Look], theme: Theme) -> None:
    """Name each line at its right end; names that would touch are moved apart."""
    top = ax.get_ylim()[1]
    known = {kind: [share.value for share in shares if share.value is not None] for kind, shares in series.items()}
    wanted = sorted((100 * values[-1], kind) for kind, values in known.items() if values)
    heights = spread([height for height, _ in wanted], _NAME * top, top)
    by_kind = dict(zip(series, looks, strict=True))
    for height, (_, kind) in zip(heights, wanted, strict=True):
        look = by_kind[kind]
        transform = ax.get_yaxis_transform()
        ax.plot(
            [1.02], [height], transform=transform, clip_on=False, color=look.colour, marker=look.marker, markersize=7,
            markeredgecolor=theme.outline, markeredgewidth=0.8, gid="key", label="_nolegend_",
        )  # fmt: skip
        ax.text(1.04, height, name_kind(kind), transform=transform, va="center", parse_math=False, gid="name")


def spread(heights: Sequence[float], gap: float, top: float) -> list[float]:
    """Return ascending heights moved apart to at least `gap`, none above `top`, each as near as that allows."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + gap) if placed else height)
    ceiling = top
    for position in reversed(range(len(placed))):
        placed[position] = min(placed[position], ceiling)
        ceiling = placed[position] - gap
    return placed


def _explain(series: Mapping[str, Sequence[Share]], points: Sequence[_Point], *, has_bands: bool) -> str:
    method = describe_method(share for shares in series.values() for share in shares)
    gaps = _measure_gaps([point.x for point in points])
    is_broken = bool(gaps) and max(gaps) > _LONG * statistics.median(gaps)
    broken = " A line stops where many years have no document." if is_broken else ""
    bands = " Bands: administrations, in the years of their documents." if has_bands else ""
    return f"{method.replace('Lines', 'Upright lines')}{broken}{bands}"
