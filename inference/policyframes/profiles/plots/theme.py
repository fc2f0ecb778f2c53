"""How pictures look: one theme for all of them, which a user may replace in part or whole.

Colours (Tol's high-contrast set) tell the framings apart for colour-blind readers, hatches and markers in grey print.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Look:
    """How a kind is drawn.

    Attributes:
        colour: of its bars, lines and markers.
        hatch: matplotlib's pattern on its bars; empty for none.
        marker: matplotlib's marker of its points.
        hatch_colour: of the pattern.
        line: matplotlib's style of its lines.
    """

    colour: str
    hatch: str = ""
    marker: str = "o"
    hatch_colour: str = "#1b1b1b"
    line: str = "-"


_LOOKS = {
    "securitized": Look("#bb5566", "////", "s"),
    "governance": Look("#004488", "", "o", "#ffffff"),
    "partnership": Look("#ddaa33", "....", "^"),
    "none": Look("#c3c9cf", "", "D", line=":"),
    "uncertain": Look("#8b949d", "xxxx", "X", line=":"),
}
# For framings that a model learned beside those of the taxonomy; they are told apart by hatch and marker first.
_SPARE = (
    Look("#44aa99", "\\\\\\\\", "v"),
    Look("#aa4499", "++++", "P"),
    Look("#882255", "oo", "<"),
    Look("#999933", "----", ">"),
    Look("#44aa99", "oo", "D"),
    Look("#aa4499", "----", "X"),
    Look("#882255", "\\\\\\\\", "h"),
    Look("#999933", "++++", "*"),
    Look("#44aa99", "----", "8"),
)
_SETTINGS = {
    "font.size": 10.0,
    "font.family": "sans-serif",
    "axes.edgecolor": "#555555",
    "axes.labelcolor": "#1b1b1b",
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11.0,
    "axes.titleweight": "bold",
    "hatch.linewidth": 0.7,
    "text.color": "#1b1b1b",
    # A dollar sign in a title or a group's name is a dollar sign.
    "text.parse_math": False,
}


@dataclass(frozen=True)
class Theme:
    """How pictures look. Give your own with `dataclasses.replace(DEFAULT_THEME, ...)`.

    Attributes:
        looks: by kind.
        spare: for framings that `looks` does not name, in their order.
        outline: colour of outlines and intervals.
        muted: colour of notes and minor text.
        faint: colour of grids, bands and empty cells.
        background: colour of new figures.
        heat: matplotlib's colour map of shares, little to much.
        note_size: of notes and of text within cells, in points.
        settings: matplotlib's settings while a picture is drawn; those of the session stay as they are.
    """

    looks: Mapping[str, Look] = field(default_factory=lambda: MappingProxyType(_LOOKS))
    spare: tuple[Look, ...] = _SPARE
    outline: str = "#1b1b1b"
    muted: str = "#4d4d4d"
    faint: str = "#e4e6e8"
    background: str = "#ffffff"
    heat: str = "cividis_r"
    note_size: float = 8.0
    settings: Mapping[str, object] = field(default_factory=lambda: MappingProxyType(_SETTINGS))

    def look(self, kind: str, framings: tuple[str, ...] = ()) -> Look:
        """Return how a kind is drawn; `framings` are those of the model, for the ones that the theme does not name."""
        if kind in self.looks:
            return self.looks[kind]
        unnamed = [framing for framing in framings if framing not in self.looks]
        return self.spare[unnamed.index(kind) % len(self.spare)] if kind in unnamed else self.spare[0]


DEFAULT_THEME = Theme()
