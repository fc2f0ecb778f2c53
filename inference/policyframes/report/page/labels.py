"""Places for the names of points on a plot, so that no name covers another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_LINE = 12.0
_GAP = 7.0
# Names of a crowd stand in columns this far to its left and right.
_ASIDE = 26.0
_STEP = 13.5
_NEAR = 34.0
_FEW = 3

Place = tuple[float, float]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Label:
    """Where a name stands: its left end and base line, and the end of a line from its point where it stands apart."""

    x: float
    y: float
    leader: Place | None = None


def place_labels(points: Sequence[Place], widths: Sequence[float], width: float) -> tuple[Label, ...]:
    """Return a place for the name of each point.

    Args:
        points: their places.
        widths: lengths of their names.
        width: of the plot; no name goes beyond it.

    Returns:
        Names beside their points where there is room; those of points in a crowd in columns beside it.
    """
    boxes: list[Box] = [(x - 5, y - 5, x + 5, y + 5) for x, y in points]
    crowd = _find_crowd(points)
    labels = _place_columns({number: points[number] for number in crowd}, widths, width)
    taken = [*boxes, *((label.x, label.y - 9, label.x + widths[n], label.y + 3) for n, label in labels.items())]
    for number, point in enumerate(points):
        if number not in labels:
            # A name may touch its own point.
            others = [box for box in taken if box != boxes[number]]
            box = _find_room(_list_boxes(point, widths[number], width), others)
            taken.append(box)
            labels[number] = Label(box[0], box[3] - 2.5)
    return tuple(labels[number] for number in range(len(points)))


def _find_room(boxes: Sequence[Box], taken: Sequence[Box]) -> Box:
    """Return the box that covers least of what is taken, the first of equals."""
    return min(boxes, key=lambda box: sum(_overlap(box, other) for other in taken))


def _find_crowd(points: Sequence[Place]) -> list[int]:
    """Return the points that have more than two others so near that their names would cover each other."""
    return [
        number for number, point in enumerate(points) if sum(math.dist(point, other) < _NEAR for other in points) > _FEW
    ]


def _place_columns(crowd: dict[int, Place], widths: Sequence[float], width: float) -> dict[int, Label]:
    """Return places in a column on either side of a crowd, in the order of the points from the top."""
    by_side = sorted(crowd, key=lambda number: crowd[number][0])
    labels = {}
    for is_left, side in ((True, by_side[: len(by_side) // 2]), (False, by_side[len(by_side) // 2 :])):
        ordered = sorted(side, key=lambda number: crowd[number][1])
        if not ordered:
            continue
        middle = sum(crowd[number][1] for number in ordered) / len(ordered)
        top = middle - _STEP * (len(ordered) - 1) / 2
        for row, number in enumerate(ordered):
            y = top + row * _STEP
            if is_left:
                edge = max(min(x for x, _ in crowd.values()) - _ASIDE, widths[number] + 2)
                labels[number] = Label(edge - widths[number], y + 4, (round(edge + 2, 1), round(y, 1)))
            else:
                edge = min(max(x for x, _ in crowd.values()) + _ASIDE, width - widths[number] - 2)
                labels[number] = Label(edge, y + 4, (round(edge - 3, 1), round(y, 1)))
    return labels


def _list_boxes(point: Place, width: float, limit: float) -> list[Box]:
    """Return eight places around a point, the best first."""
    (x, y), half = point, _LINE / 2
    corners = (
        (x + _GAP, y),
        (x - _GAP - width, y),
        (x - width / 2, y - _GAP - half),
        (x - width / 2, y + _GAP + half),
        (x + _GAP * 0.8, y - _GAP - half / 2),
        (x + _GAP * 0.8, y + _GAP + half / 2),
        (x - _GAP * 0.8 - width, y - _GAP - half / 2),
        (x - _GAP * 0.8 - width, y + _GAP + half / 2),
    )
    lefts = [(min(max(left, 2.0), limit - width - 2.0), middle) for left, middle in corners]
    return [(left, middle - half, left + width, middle + half) for left, middle in lefts]


def _overlap(one: Box, other: Box) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across * down if across > 0 and down > 0 else 0.0
