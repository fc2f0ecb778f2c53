"""What changed from one group to the next: differences with intervals, those that are no chance marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from policyframes.errors import UsageError
from policyframes.profiles.change import Change
from policyframes.profiles.comparison import Comparison
from policyframes.profiles.errors import NONE
from policyframes.profiles.names import name_aspect, name_groups, name_kind
from policyframes.profiles.plots.canvas import open_axes, set_title, write_note
from policyframes.profiles.plots.theme import DEFAULT_THEME, Look, Theme

if TYPE_CHECKING:
    from policyframes.profiles.extras import Axes

_NOTE = (
    "Lines are 95 % intervals of the difference. Filled, with a star: significant at 5 % when all changes that were "
    "tested are allowed for. Hollow: may be chance."
)
# Inches of a line of the picture.
_LINE = 0.21


def plot_changes(
    comparison: Comparison,
    aspect: str | None = None,
    ax: Axes | None = None,
    *,
    title: str | None = None,
    theme: Theme = DEFAULT_THEME,
) -> Axes:
    """Draw how each share differs between consecutive groups, in percentage points.

    Args:
        comparison: with its changes; one with too few passages to say is written, not drawn.
        aspect: id of the aspect; None for all passages.
        ax: axes to draw on; new ones without.
        title: above the picture.
        theme: colours, markers and sizes.

    Raises:
        UsageError: the comparison has no changes of this aspect, as with a single group.
        MissingExtraError: matplotlib is not installed.
    """
    changes = [change for change in comparison.changes if change.aspect == aspect]
    if not changes:
        raise UsageError(
            where="plot_changes",
            found=f"no changes of {aspect or 'all passages'}",
            allowed="a comparison of two groups or more, and one of its aspects",
            remedy="Compare more documents, or choose another aspect.",
        )
    names = dict(zip(comparison.groups, name_groups(comparison, 30), strict=True))
    pairs = list(dict.fromkeys((change.before, change.after) for change in changes))
    known = [change for change in changes if change.difference is not None]
    framings = comparison.collection.framings
    with open_axes(ax, theme, (8.0, 1.4 + _LINE * (len(known) + len(pairs)))) as axes:
        ticks: list[str] = []
        for before, after in pairs:
            members = [change for change in known if (change.before, change.after) == (before, after)]
            heading = f"{names[before]} → {names[after]}" + ("" if members else ": too few passages")
            _write_heading(axes, len(ticks), heading, theme)
            for line, change in enumerate(members, len(ticks) + 1):
                _draw_change(axes, line, change, theme.look(change.kind, framings), theme)
            ticks += ["", *(name_kind(change.kind) for change in members)]
        places = [place for place, name in enumerate(ticks) if name]
        axes.set_yticks(places, [ticks[place] for place in places], parse_math=False)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set(ylim=(len(ticks) - 0.4, -0.8), xlim=_choose_limits(changes))
        axes.axvline(0, color=theme.outline, linewidth=0.9, zorder=1)
        axes.grid(axis="x", color=theme.faint)
        axes.set_axisbelow(True)
        axes.set_xlabel("Difference of the share, in percentage points (right: more than before)")
        set_title(axes, title or f"What changed: {name_aspect(aspect, comparison.collection)}")
        write_note(axes, _NOTE, theme)
    return axes


def _write_heading(ax: Axes, line: int, heading: str, theme: Theme) -> None:
    ax.text(
        0,
        line,
        heading,
        transform=ax.get_yaxis_transform(),
        va="center",
        fontweight="bold",
        fontsize=theme.note_size + 1,
        parse_math=False,
        gid="pair",
        bbox={"facecolor": "#ffffff", "edgecolor": "none", "pad": 1},
    )
    ax.axhline(line - 0.5, color=theme.faint, linewidth=0.8, zorder=0)


def _draw_change(ax: Axes, line: int, change: Change, look: Look, theme: Theme) -> None:
    if change.difference is None or change.low is None or change.high is None:
        return
    is_sure = change.is_significant
    # A pale grey outline on white would not be seen.
    hollow = theme.muted if change.kind == NONE else look.colour
    ends = [100 * change.low, 100 * change.high]
    ax.plot(ends, [line, line], color=theme.outline, linewidth=1.2, zorder=2, gid="interval")
    ax.plot(
        [100 * change.difference],
        [line],
        marker=look.marker,
        markersize=7,
        linestyle="",
        markerfacecolor=look.colour if is_sure else "#ffffff",
        markeredgecolor=theme.outline if is_sure else hollow,
        markeredgewidth=1.0 if is_sure else 1.6,
        zorder=3,
        gid="difference",
    )
    points = round(100 * change.difference)
    text = (f"{points:+d}".replace("-", "−") if points else "0") + (" *" if is_sure else "")
    ax.annotate(
        text, xy=(1, line), xycoords=("axes fraction", "data"), xytext=(6, 0), textcoords="offset points", va="center",
        fontsize=theme.note_size + 1, fontweight="bold" if is_sure else "normal", annotation_clip=False,
    )  # fmt: skip


def _choose_limits(changes: Sequence[Change]) -> tuple[float, float]:
    """Return limits that hold every interval and lie evenly about 0, so that neither direction looks larger."""
    ends = [abs(end) for change in changes for end in (change.low, change.high) if end is not None]
    most = min(1.0, max(ends, default=0.2)) * 105
    return -most, most
