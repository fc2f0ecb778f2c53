"""What all pictures share: the axes they are drawn on, their titles and notes. Knows of no profile."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from policyframes.errors import UsageError
from policyframes.profiles.extras import import_extra
from policyframes.profiles.plots.theme import Theme

if TYPE_CHECKING:
    from policyframes.profiles.extras import Axes

PURPOSE = "a picture"
# Letters of a note that fit into an inch at its size, and of a title.
_NOTE_LETTERS = 16
_TITLE_LETTERS = 10
# Inches that names beside the axes take, about, and the part of its place that new axes fill before they are laid out.
_BESIDE, _FILLED = 1.25, 0.775


@contextmanager
def open_axes(
    ax: Axes | None, theme: Theme, size: tuple[float, float], projection: str | None = None
) -> Iterator[Axes]:
    """Yield the axes to draw on, new ones where none are given, with the theme's settings meanwhile.

    Args:
        ax: axes of the caller, whose figure stays as large as it is.
        theme: whose settings hold within the block.
        size: width and height of a new figure, in inches.
        projection: of new axes.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    pyplot = import_extra("matplotlib.pyplot", PURPOSE)
    figure = ax.figure if ax is not None else None
    if figure is None:
        # Outside the settings: the first figure of a session opens matplotlib's backend, whose own settings must last.
        figure = pyplot.figure(figsize=size, layout="constrained", facecolor=theme.background)
        figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    with pyplot.rc_context(dict(theme.settings)):
        yield ax if ax is not None else figure.add_subplot(projection=projection)


def check_groups(groups: Sequence[str], where: str) -> None:
    """Refuse to draw a comparison of nothing.

    Raises:
        UsageError: there are no groups.
    """
    if not groups:
        raise UsageError(
            where=where,
            found="no group of documents",
            allowed="a comparison of at least one document",
            remedy="Collect documents first.",
        )


def set_title(ax: Axes, title: str, pad: float = 6) -> None:
    """Write a title above the axes, flush left, in as many lines as it needs; `pad` is its distance, in points."""
    ax.set_title(_wrap(ax, title, _TITLE_LETTERS), loc="left", pad=pad, parse_math=False)


def write_note(ax: Axes, note: str, theme: Theme, *, below: float | None = None) -> None:
    """Write a note below the axes, flush left.

    Args:
        ax: axes whose label is set.
        note: sentences.
        theme: size and colour.
        below: points below the axes, where their own label does not tell; else just below the label.
    """
    ax.annotate(
        _wrap(ax, note, _NOTE_LETTERS),
        xy=(0, 0),
        # Below the label wherever the tick labels push it.
        xycoords=("axes fraction", ax.xaxis.label) if below is None else "axes fraction",
        xytext=(0, -5 if below is None else below),
        textcoords="offset points",
        ha="left",
        va="top",
        fontsize=theme.note_size,
        color=theme.muted,
        annotation_clip=False,
        gid="note",
    )


def blend(colour: str, strength: float) -> tuple[float, float, float]:
    """Return a colour mixed into white: strength 1 is the colour itself, 0 is white."""
    red, green, blue = import_extra("matplotlib.colors", PURPOSE).to_rgb(colour)
    return (1 - strength * (1 - red), 1 - strength * (1 - green), 1 - strength * (1 - blue))


def is_dark(colour: tuple[float, ...]) -> bool:
    """Return whether white letters stand out from a colour better than black ones (WCAG 2.2's contrast ratio)."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]]  # noqa: PLR2004  (sRGB's own)
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05


def _wrap(ax: Axes, text: str, letters: int) -> str:
    place = ax.get_position().width * ax.figure.get_window_extent().width / ax.figure.dpi / _FILLED
    inches = place - _BESIDE
    return textwrap.fill(" ".join(text.split()), max(30, int(letters * inches)))
