"""Geometry of the ternary plot: each group as a mixture of the three framings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from policyframes.report.page.labels import place_labels
from policyframes.report.page.outline import Group, Kind, Outline, find_share
from policyframes.report.page.wording import say_percent

_CORNERS = 3
_MIN_POINTS = 2
_SIDE = 330.0
_LEFT = 45.0
_TOP = 26.0
_RISE = _SIDE * math.sqrt(3) / 2
_CHARACTER = 6.4
_LONGEST_LABEL = 14
_MOST_LABELS = 16
WIDTH = _SIDE + 2 * _LEFT
HEIGHT = _RISE + 56.0

Place = tuple[float, float]


@dataclass(frozen=True)
class Corner:
    """A corner, where a group carries no other framing."""

    kind: Kind
    x: float
    y: float
    anchor: str


@dataclass(frozen=True)
class Point:
    """A group.

    Attributes:
        key: what stands beside the point: its name, or a number that the table explains.
        label: its name.
        mixture: shares of the three framings of their sum, in words.
        x: place of the point.
        y: place of the point.
        label_x: left end of the key.
        label_y: base line of the key.
        leader: where a line from the point to its key ends; None where the key stands beside the point.
    """

    key: str
    label: str
    mixture: tuple[str, ...]
    x: float
    y: float
    label_x: float
    label_y: float
    leader: Place | None


@dataclass(frozen=True)
class Ternary:
    """The plot; where there is nothing to draw, `reason` says why."""

    reason: str
    edge: tuple[Place, ...] = ()
    corners: tuple[Corner, ...] = ()
    grid: tuple[tuple[Place, Place], ...] = ()
    points: tuple[Point, ...] = ()
    left_out: tuple[str, ...] = ()


def build_ternary(outline: Outline) -> Ternary:
    """Return the plot of the groups, or the reason why there is none."""
    if len(outline.framings) != _CORNERS:
        return Ternary("A triangle shows three framings, and this bundle has another number of them.")
    mixtures = [(group, mixture) for group in outline.groups if (mixture := _mix(group, outline.framings))]
    known = {group.name for group, _ in mixtures}
    left_out = tuple(group.short for group in outline.groups if group.name not in known)
    if len(mixtures) < _MIN_POINTS:
        return Ternary(
            f"The triangle of mixtures is left out: it compares {outline.noun}s, and fewer than two have enough "
            "passages.",
            left_out=left_out,
        )
    top, left, right = (_place(values) for values in ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    places = zip(outline.framings, (top, left, right), ("middle", "start", "end"), (-10, 22, 22), strict=True)
    return Ternary(
        reason="",
        edge=(top, left, right),
        corners=tuple(Corner(kind, x, y + shift, anchor) for kind, (x, y), anchor, shift in places),
        grid=tuple(line for step in (0.25, 0.5, 0.75) for line in _draw_grid(step)),
        points=_build_points(mixtures),
        left_out=left_out,
    )


def _mix(group: Group, framings: Sequence[Kind]) -> tuple[float, ...]:
    """Return the shares of the framings of their sum; empty where they are unknown or all 0."""
    shares = [find_share(group.profile, kind.id) for kind in framings]
    values = [share.value or 0.0 for share in shares if share is not None]
    total = sum(values)
    return tuple(value / total for value in values) if len(values) == _CORNERS and total > 0 else ()


def _place(mixture: Sequence[float]) -> Place:
    top, _, right = mixture
    return round(_LEFT + _SIDE * (right + top / 2), 1), round(_TOP + _RISE * (1 - top), 1)


def _draw_grid(step: float) -> tuple[tuple[Place, Place], ...]:
    rest = 1 - step
    return (
        (_place((step, rest, 0)), _place((step, 0, rest))),
        (_place((rest, step, 0)), _place((0, step, rest))),
        (_place((rest, 0, step)), _place((0, rest, step))),
    )


def _build_points(mixtures: Sequence[tuple[Group, tuple[float, ...]]]) -> tuple[Point, ...]:
    is_named = len(mixtures) <= _MOST_LABELS and all(len(group.short) <= _LONGEST_LABEL for group, _ in mixtures)
    keys = [group.short if is_named else str(number) for number, (group, _) in enumerate(mixtures, 1)]
    places = [_place(mixture) for _, mixture in mixtures]
    return tuple(
        Point(
            key=key,
            label=group.label,
            mixture=tuple(say_percent(value) for value in mixture),
            x=x,
            y=y,
            label_x=round(spot.x, 1),
            label_y=round(spot.y, 1),
            leader=spot.leader,
        )
        for (group, mixture), key, (x, y), spot in zip(
            mixtures, keys, places, place_labels(places, [len(key) * _CHARACTER for key in keys], WIDTH), strict=True
        )
    )
