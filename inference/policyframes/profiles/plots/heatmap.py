"""Aspects by groups: in each cell the dominant framing, its share and the number of passages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyframes.errors import UsageError
from policyframes.profiles.comparison import Comparison
from policyframes.profiles.extras import import_extra
from policyframes.profiles.names import (
    describe_method,
    format_share,
    name_aspect,
    name_grouping,
    name_groups,
    name_kind,
    wrap,
)
from policyframes.profiles.plots.canvas import PURPOSE, blend, check_groups, is_dark, open_axes, set_title, write_note
from policyframes.profiles.plots.theme import DEFAULT_THEME, Theme
from policyframes.profiles.profile import Profile
from policyframes.profiles.shares import UNCERTAIN

if TYPE_CHECKING:
    from policyframes.profiles.extras import Axes

# Inches of a cell, and of the names beside them.
_WIDTH, _HEIGHT, _MARGIN = 0.98, 0.56, 1.9
# A table of few columns is at least so wide, so that its title and note have room.
_LEAST = 4.2
# Letters of a group's name that fit into an inch.
_LETTERS = 13
# How much of a framing's colour a cell takes at a share of 100 %: dark letters stay readable on it.
_STRENGTH = 0.6
_BAND = 0.09


def plot_heatmap(
    comparison: Comparison,
    framing: str | None = None,
    ax: Axes | None = None,
    *,
    title: str | None = None,
    theme: Theme = DEFAULT_THEME,
) -> Axes:
    """Draw a table of aspects by groups; a deeper colour is a larger share.

    Args:
        comparison: what to draw; a cell with too few passages says so and has no colour.
        framing: its share in each cell, or that of `none` or `uncertain`; without, the cell's dominant framing.
        ax: axes to draw on; new ones without.
        title: above the picture.
        theme: colours, hatches and sizes.

    Raises:
        UsageError: there is no such framing, or no group.
        MissingExtraError: matplotlib is not installed.
    """
    kinds = (*comparison.collection.framings, "none", "uncertain")
    if framing is not None and framing not in kinds:
        raise UsageError(
            where="plot_heatmap", found=repr(framing), allowed=", ".join(kinds), remedy="Leave it out for the dominant."
        )
    rows, columns = comparison.aspects, comparison.groups
    check_groups(columns, "plot_heatmap")
    width = max(_LEAST / len(columns), _WIDTH)
    with open_axes(ax, theme, (_MARGIN + width * len(columns), 1.7 + _HEIGHT * len(rows))) as axes:
        for y, aspect in enumerate(rows):
            for x, group in enumerate(columns):
                _draw_cell(axes, (x, y), comparison.profiles[aspect, group], framing, theme)
        names = [wrap(name, int(_LETTERS * width)) for name in name_groups(comparison, 36)]
        axes.set_xticks(range(len(columns)), names, parse_math=False)
        labels = [wrap(name_aspect(aspect, comparison.collection), 20) for aspect in rows]
        axes.set_yticks(range(len(rows)), labels, parse_math=False)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
        axes.set_xlabel(name_grouping(comparison), parse_math=False)
        subject = "Dominant framing" if framing is None else f"{name_kind(framing)}: share of passages"
        set_title(axes, title or f"{subject}, by aspect and {name_grouping(comparison).lower()}")
        write_note(axes, _explain(comparison, framing), theme)
    return axes


def _draw_cell(ax: Axes, place: tuple[int, int], profile: Profile, framing: str | None, theme: Theme) -> None:
    shown = framing or profile.dominant
    share = None if shown is None else profile.shares[shown]
    count = len(profile.passages)
    if profile.is_too_small or share is None or share.value is None:
        reason = "too few\npassages" if profile.is_too_small else "no framing"
        _fill_cell(ax, place, "#ffffff", theme)
        _write_cell(ax, place, f"{reason if count else 'no passages'}\nn {count}", theme.muted, theme)
        return
    if framing is not None:
        colour = import_extra("matplotlib", PURPOSE).colormaps[theme.heat](share.value)
        _fill_cell(ax, place, colour, theme)
        ink = "#ffffff" if is_dark(colour) else theme.outline
        _write_cell(ax, place, f"{format_share(share.value)}\nn {count}", ink, theme)
        return
    look = theme.look(share.kind, profile.framings)
    _fill_cell(ax, place, blend(look.colour, _STRENGTH * share.value), theme)
    ax.add_patch(
        import_extra("matplotlib.patches", PURPOSE).Rectangle(
            (place[0] - 0.5, place[1] - 0.5), _BAND, 1, facecolor=look.colour, edgecolor=theme.outline,
            hatch=look.hatch, hatchcolor=look.hatch_colour, linewidth=0.8, gid="band",
        )
    )  # fmt: skip
    name = name_kind(share.kind) + ("" if profile.is_clear else "?")
    _write_cell(
        ax, place, f"{name}\n{format_share(share.value)}\nn {count}", theme.outline, theme, bold=profile.is_clear
    )


def _fill_cell(ax: Axes, place: tuple[int, int], colour: str | tuple[float, ...], theme: Theme) -> None:
    rectangle = import_extra("matplotlib.patches", PURPOSE).Rectangle
    corner = (place[0] - 0.5, place[1] - 0.5)
    ax.add_patch(rectangle(corner, 1, 1, facecolor=colour, edgecolor=theme.faint, linewidth=1.5, gid="cell"))


def _write_cell(ax: Axes, place: tuple[int, int], text: str, colour: str, theme: Theme, *, bold: bool = False) -> None:
    weight = "bold" if bold else "normal"
    ax.text(
        place[0] + _BAND / 2, place[1], text, ha="center", va="center", color=colour, fontsize=theme.note_size,
        fontweight=weight, linespacing=1.15, parse_math=False,
    )  # fmt: skip


def _explain(comparison: Comparison, framing: str | None) -> str:
    shares = [share for profile in comparison.profiles.values() for share in profile.shares.values()]
    shown = [share for share in shares if (share.kind == framing if framing else share.kind != UNCERTAIN)]
    method = describe_method(shown).replace("Lines are 95 % intervals; shares", "Shares")
    if framing is not None:
        return f"n: passages. {method}"
    doubt = "A question mark: its 95 % interval overlaps that of another framing."
    return f"n: passages. Deeper colour: larger share. {doubt} {method}"
