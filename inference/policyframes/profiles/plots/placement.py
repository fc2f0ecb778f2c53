"""Names beside points, each where it covers no other name and no point."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from policyframes.profiles.extras import import_extra
from policyframes.profiles.plots.canvas import PURPOSE
from policyframes.profiles.plots.theme import Theme

if TYPE_CHECKING:
    from policyframes.profiles.extras import Axes

# Where a name may stand: directions in degrees, the usual ones first, and distances in points, the near ones first.
_DIRECTIONS = (0, 180, 45, 315, 135, 225, 90, 270)
_DISTANCES = (7, 14, 24, 36, 50, 66, 84)
# Half the width of a point; a name further off than this has a line to its point.
_POINT, _NEAR = 5, 7

# Left, bottom, right, top, in pixels.
_Box = tuple[float, float, float, float]


def place_names(ax: Axes, places: Sequence[tuple[str, float, float]], theme: Theme) -> None:
    """Write names beside points in the order given, with a line to those that had to move away.

    Args:
        ax: axes with their limits set.
        places: name and data coordinates of each point.
        theme: size and colours.
    """
    effects = import_extra("matplotlib.patheffects", PURPOSE)
    figure = ax.get_figure(root=True)
    if figure is None:
        return
    # Only now does the layout settle where the points are.
    figure.draw_without_rendering()
    scale = figure.dpi / 72
    centres = [(float(x), float(y)) for x, y in (ax.transData.transform((x, y)) for _, x, y in places)]
    taken: list[_Box] = [
        (x - _POINT * scale, y - _POINT * scale, x + _POINT * scale, y + _POINT * scale) for x, y in centres
    ]
    for (name, x, y), centre in zip(places, centres, strict=True):
        note = ax.annotate(
            name, xy=(x, y), xycoords=ax.transData, xytext=(0, 0), textcoords="offset points", ha="center", va="center",
            fontsize=theme.note_size + 1, parse_math=False, annotation_clip=False, zorder=4, gid="name",
        )  # fmt: skip
        # Intervals may run behind a name.
        note.set_path_effects([effects.withStroke(linewidth=2.4, foreground=theme.background)])
        extent = note.get_window_extent()
        box, distance = _find_room((extent.width, extent.height), centre, taken, scale)
        taken.append(box)
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        shift = ((middle[0] - centre[0]) / scale, (middle[1] - centre[1]) / scale)
        note.set_position(shift)
        if distance > _NEAR:
            near = (min(max(centre[0], box[0]), box[2]), min(max(centre[1], box[1]), box[3]))
            ax.annotate(
                "", xy=(x, y), xycoords=ax.transData, annotation_clip=False, zorder=1.5, textcoords="offset points",
                xytext=((near[0] - centre[0]) / scale, (near[1] - centre[1]) / scale),
                arrowprops={"arrowstyle": "-", "color": theme.muted, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0},
            )  # fmt: skip


def _find_room(
    size: tuple[float, float], centre: tuple[float, float], taken: Sequence[_Box], scale: float
) -> tuple[_Box, float]:
    """Return the nearest box of a size that covers least of what is taken, and its distance in points."""
    best: tuple[float, _Box, float] = (math.inf, (0, 0, 0, 0), 0)
    for distance, direction in itertools.product(_DISTANCES, _DIRECTIONS):
        cosine, sine = math.cos(math.radians(direction)), math.sin(math.radians(direction))
        x = centre[0] + cosine * distance * scale + round(cosine) * size[0] / 2
        y = centre[1] + sine * distance * scale + round(sine) * size[1] / 2
        box = (x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2)
        covered = sum(_measure_overlap(box, other) for other in taken)
        if covered < best[0]:
            best = (covered, box, distance)
        if not covered:
            break
    return best[1], best[2]


def _measure_overlap(one: _Box, other: _Box) -> float:
    """Return the area that two boxes share."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)
