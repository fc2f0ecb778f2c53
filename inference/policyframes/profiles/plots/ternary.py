"""Groups or documents between three framings: where each stands in a triangle."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policyframes.errors import UsageError
from policyframes.profiles.comparison import Comparison
from policyframes.profiles.extras import import_extra
from policyframes.profiles.names import name_aspect, name_grouping, name_groups, name_kind
from policyframes.profiles.plots.canvas import PURPOSE, open_axes, set_title, write_note
from policyframes.profiles.plots.placement import place_names
from policyframes.profiles.plots.theme import DEFAULT_THEME, Theme
from policyframes.profiles.profile import Profile

if TYPE_CHECKING:
    from policyframes.profiles.extras import Axes

Parts = tuple[float, float, float]

_CORNERS = 3
# So many points leave room for long names.
_FEW = 10
# A triangle larger than this has figures at every 20 %, a smaller one at every 10 %.
_LARGE = 0.75
_WHOLE: Parts = (0.0, 0.0, 0.0)
# Where a corner's name stands beside it, in points: top, left, right.
_BESIDE = ((0, 16), (-14, -18), (14, -18))
_SIZE = (7.4, 6.6)


@dataclass(frozen=True)
class _Point:
    name: str
    parts: Parts
    spans: tuple[tuple[Parts, Parts], ...]


def plot_ternary(
    comparison: Comparison,
    aspect: str | None = None,
    ax: Axes | None = None,
    *,
    zoom: bool = False,
    title: str | None = None,
    theme: Theme = DEFAULT_THEME,
) -> Axes:
    """Draw each group in a triangle whose corners are the three framings.

    A group's place is how its three shares relate to each other: their sum is set to 100 %. Three thin lines through
    it show the 95 % interval of each share, the other two keeping their relation.

    Args:
        comparison: its groups are drawn; one with too few passages, or without any framing, is named in the note.
        aspect: id of the aspect; None for all passages.
        ax: axes with mpltern's projection `ternary`; new ones without.
        zoom: show only the part of the triangle that holds the groups; the axes say which.
        title: above the picture.
        theme: colours and sizes.

    Raises:
        UsageError: the model has not three framings, the comparison has no such aspect, or the axes are not ternary.
        MissingExtraError: matplotlib or mpltern is not installed.
    """
    _check(comparison, aspect, ax)
    import_extra("mpltern", PURPOSE)
    letters = 34 if len(comparison.groups) <= _FEW else 18
    groups = zip(name_groups(comparison, letters), comparison.groups, strict=True)
    profiles = {name: comparison.profiles[aspect, group] for name, group in groups}
    points = [point for name, profile in profiles.items() if (point := _find_point(name, profile)) is not None]
    left_out = [name for name in profiles if name not in {point.name for point in points}]
    least, size = _find_part(points) if zoom else (_WHOLE, 1.0)
    with open_axes(ax, theme, _SIZE, projection="ternary") as axes:
        # mpltern adds what matplotlib's types do not know.
        triangle: Any = axes
        _draw_triangle(triangle, comparison.collection.framings, least, size, theme)
        for point in points:
            for first, last in point.spans:
                axes.plot(*zip(first, last, strict=True), color=theme.muted, linewidth=0.7, zorder=2, gid="interval")
            place = [[part] for part in point.parts]
            axes.plot(*place, marker="o", markersize=6, linestyle="", color=theme.outline, zorder=3, gid="point")
        subject = f"Between three framings, by {name_grouping(comparison).lower()}"
        set_title(axes, title or f"{subject}: {name_aspect(aspect, comparison.collection)}", pad=32)
        write_note(axes, _explain(left_out, is_part=size < 1), theme, below=-58)
        flat = [triangle.transProjection.transform([point.parts])[0] for point in points]
        place_names(axes, [(point.name, x, y) for point, (x, y) in zip(points, flat, strict=True)], theme)
    return axes


def _check(comparison: Comparison, aspect: str | None, ax: Axes | None) -> None:
    framings = comparison.collection.framings
    if len(framings) != _CORNERS:
        raise UsageError(
            where="plot_ternary",
            found=f"{len(framings)} framings: {', '.join(framings)}",
            allowed="a model with three framings, one for each corner",
            remedy="Draw plot_heatmap or plot_timeline instead.",
        )
    if aspect not in comparison.aspects:
        known = ", ".join(name or "None" for name in comparison.aspects)
        raise UsageError(where="plot_ternary", found=repr(aspect), allowed=known, remedy="Choose one of these.")
    if ax is not None and ax.name != "ternary":
        raise UsageError(
            where="plot_ternary",
            found=f"axes with the projection {ax.name!r}",
            allowed="axes with mpltern's projection 'ternary'",
            remedy="Make them with figure.add_subplot(projection='ternary'), or leave ax out.",
        )


def _find_point(name: str, profile: Profile) -> _Point | None:
    shares = [profile.shares[framing] for framing in profile.framings]
    values = [share.value for share in shares]
    known = [value for value in values if value is not None]
    if profile.is_too_small or len(known) < _CORNERS or not sum(known):
        return None
    ends = [
        (_normalise([*known[:n], share.low, *known[n + 1 :]]), _normalise([*known[:n], share.high, *known[n + 1 :]]))
        for n, share in enumerate(shares)
        if share.low is not None and share.high is not None
    ]
    spans = tuple((first, last) for first, last in ends if first is not None and last is not None)
    place = _normalise(known)
    return None if place is None else _Point(name, place, spans)


def _normalise(values: Sequence[float]) -> Parts | None:
    total = sum(values)
    return (values[0] / total, values[1] / total, values[2] / total) if total else None


def _find_part(points: Sequence[_Point]) -> tuple[Parts, float]:
    """Return the least share of each framing, and the size, of the smallest triangle in tenths that holds all."""
    shown = [place for point in points for place in (point.parts, *itertools.chain(*point.spans))]
    if not shown:
        return _WHOLE, 1.0
    first, second, third = (math.floor(10 * min(place[n] for place in shown)) / 10 for n in range(_CORNERS))
    return (first, second, third), 1 - first - second - third


def _draw_triangle(ax: Any, framings: Sequence[str], least: Parts, size: float, theme: Theme) -> None:  # noqa: ANN401  (mpltern)
    ends = itertools.chain(*((low, low + size) for low in least))
    ax.set_ternary_lim(*ends)
    step = 0.2 if size > _LARGE else 0.1
    axes = ((ax.taxis, ax.set_tlabel), (ax.laxis, ax.set_llabel), (ax.raxis, ax.set_rlabel))
    for corner, (framing, (axis, write)) in enumerate(zip(framings, axes, strict=True)):
        write(f"{name_kind(framing)} (%)", parse_math=False)
        axis.set_label_position("tick1")
        ticks = [least[corner] + step * n for n in range(1, round(size / step))]
        axis.set_ticks(ticks, [f"{100 * tick:.0f}" for tick in ticks])
        look = theme.look(framing, tuple(framings))
        parts = [least[n] + size * (corner == n) for n in range(_CORNERS)]
        ax.plot(
            *[[part] for part in parts],
            marker=look.marker,
            markersize=11,
            color=look.colour,
            linestyle="",
            markeredgecolor=theme.outline,
            clip_on=False,
            zorder=3,
            gid="corner",
        )
        ax.annotate(
            f"More {name_kind(framing).lower()}" if size < 1 else name_kind(framing),
            xy=ax.transProjection.transform([parts])[0],
            xycoords=ax.transData,
            xytext=_BESIDE[corner],
            textcoords="offset points",
            ha="center",
            va="center",
            fontweight="bold",
            annotation_clip=False,
            parse_math=False,
        )
    ax.grid(color=theme.faint, zorder=0)


def _explain(left_out: Sequence[str], *, is_part: bool) -> str:
    part = "Enlarged: a part of the triangle, see the figures at its sides. " if is_part else ""
    note = (
        "A place is how the three shares relate to each other. Thin lines: the 95 % interval of each share, the other "
        "two keeping their relation."
    )
    left = f" Not drawn, too few passages or no framing: {', '.join(left_out)}." if left_out else ""
    return f"{part}{note}{left}"
