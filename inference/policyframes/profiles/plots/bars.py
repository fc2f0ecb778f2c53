"""The profile as bars: the share of each kind with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyframes.profiles.names import describe_method, format_interval, name_aspect, name_kind
from policyframes.profiles.plots.canvas import open_axes, set_title, write_note
from policyframes.profiles.plots.theme import DEFAULT_THEME, Look, Theme
from policyframes.profiles.profile import Profile
from policyframes.profiles.shares import Share

if TYPE_CHECKING:
    from policyframes.profiles.extras import Axes

_OVERLAP = "A passage may carry several framings, so shares need not add up to 100 %."


def plot_shares(
    profile: Profile, ax: Axes | None = None, *, title: str | None = None, theme: Theme = DEFAULT_THEME
) -> Axes:
    """Draw the share of each framing, of none and of uncertain as a bar with its 95 % interval.

    Args:
        profile: what to draw; a kind without a value has no bar, and says why.
        ax: axes to draw on; new ones without.
        title: above the picture; without, the group, the aspect and the number of passages.
        theme: colours, hatches and sizes.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    shares = list(profile.shares.values())
    with open_axes(ax, theme, (7.0, 1.5 + 0.42 * len(shares))) as axes:
        for position, share in enumerate(shares):
            _draw_bar(axes, position, share, theme.look(share.kind, profile.framings), theme)
        names = [f"{name_kind(share.kind)} ({share.count} of {share.passages})" for share in shares]
        axes.set_yticks(range(len(shares)), names, parse_math=False)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(shares) - 0.4, -0.6)
        axes.set_xlim(0, 100)
        axes.set_xlabel("Share of passages (%); in brackets, passages as the classifier decided")
        axes.grid(axis="x", color=theme.faint)
        axes.set_axisbelow(True)
        count = len(profile.passages)
        aspect = "" if profile.aspect is None else f", on {name_aspect(profile.aspect)}"
        set_title(axes, title or f"{profile.group}{aspect}: {count} passage{'' if count == 1 else 's'}")
        write_note(axes, f"{describe_method(shares)} {_OVERLAP}", theme)
    return axes


def _draw_bar(ax: Axes, position: int, share: Share, look: Look, theme: Theme) -> None:
    ax.annotate(
        format_interval(share),
        xy=(1, position),
        xycoords=("axes fraction", "data"),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        annotation_clip=False,
    )
    if share.value is None or share.low is None or share.high is None:
        return
    ax.barh(
        position,
        100 * share.value,
        height=0.62,
        color=look.colour,
        hatch=look.hatch,
        hatchcolor=look.hatch_colour,
        edgecolor=theme.outline,
        linewidth=1,
    )
    draw_interval(ax, [(100 * share.low, position), (100 * share.high, position)], theme)


def draw_interval(ax: Axes, ends: list[tuple[float, float]], theme: Theme) -> None:
    """Draw an interval as a line with marked ends, cased in white so that it shows on any colour."""
    (first_x, first_y), (last_x, last_y) = ends
    is_level = first_y == last_y
    for width, colour, size in ((3.6, "#ffffff", 11), (1.4, theme.outline, 9)):
        ax.plot(
            [first_x, last_x],
            [first_y, last_y],
            color=colour,
            linewidth=width,
            marker="|" if is_level else "_",
            markersize=size,
            markeredgewidth=width,
            label="_nolegend_",
            zorder=3,
            gid="interval" if colour == theme.outline else "casing",
        )
