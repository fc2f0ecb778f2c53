"""Geometry of the profile bars: shares with their intervals, as plain numbers that the template draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policyframes.profiles import Share
from policyframes.report.page.hatches import draw_hatch
from policyframes.report.page.outline import Group, Kind, Outline, find_share
from policyframes.report.page.wording import say_count, say_percent, say_share

WIDTH = 340.0
BAR = 16.0
_VALUES = 104.0
_CHARACTER = 6.3
# Up to so many groups each has a panel with all its kinds; beyond, each kind has a panel with all groups.
_FEW_GROUPS = 3
_LONGEST_GUTTER_LABEL = 13
_SCALES = (0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class Bar:
    """One bar. Lengths are in the units of the panel; a bar without a share says so in `value`."""

    label: str
    look: str
    label_y: float
    y: float
    is_known: bool
    width: float
    hatch: str
    low: float
    high: float
    value: str
    interval: str


@dataclass(frozen=True)
class Panel:
    """Bars on one scale.

    Attributes:
        anchor: id of the panel.
        title: what all bars have in common.
        note: how many passages, where that is common to all bars.
        description: the values in words, for those who do not see the bars.
        gutter: where bars start.
        height: of the whole panel.
        axis: y of the axis.
        ticks: place and text of the marks of the scale.
        bars: from the top.
    """

    anchor: str
    title: str
    note: str
    description: str
    gutter: float
    height: float
    axis: float
    ticks: tuple[tuple[float, str], ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class _Entry:
    label: str
    look: str
    share: Share | None


def build_panels(outline: Outline) -> tuple[Panel, ...]:
    """Return the panels of all groups' profiles, all on one scale."""
    shares = [find_share(group.profile, kind.id) for group in outline.groups for kind in outline.kinds]
    top = max((share.high or share.value or 0.0 for share in shares if share), default=1.0)
    scale = next((step for step in _SCALES if top <= step), 1.0)
    if len(outline.groups) <= _FEW_GROUPS:
        return tuple(
            _build_panel(
                f"b{number}",
                (group.label, say_count(len(group.profile.passages), "passage")),
                [_Entry(kind.label, kind.look, find_share(group.profile, kind.id)) for kind in outline.kinds],
                scale,
            )
            for number, group in enumerate(outline.groups, 1)
        )
    return tuple(
        _build_panel(f"b{number}", (kind.label, ""), _list_groups(outline.groups, kind), scale)
        for number, kind in enumerate(outline.kinds, 1)
    )


def _list_groups(groups: Sequence[Group], kind: Kind) -> list[_Entry]:
    return [_Entry(group.short, kind.look, find_share(group.profile, kind.id)) for group in groups]


def _build_panel(anchor: str, heading: tuple[str, str], entries: Sequence[_Entry], scale: float) -> Panel:
    title, note = heading
    longest = max((len(entry.label) for entry in entries), default=0)
    # Short names stand beside their bars, long ones above.
    is_beside = longest <= _LONGEST_GUTTER_LABEL
    gutter = longest * _CHARACTER + 12 if is_beside else 0.0
    step = 24.0 if is_beside else 42.0
    length = WIDTH - gutter - _VALUES
    axis = step * len(entries) + 4
    return Panel(
        anchor=anchor,
        title=title,
        note=note,
        description="; ".join(
            f"{entry.label} {say_share(entry.share) if entry.share else 'too few passages'}" for entry in entries
        ),
        gutter=gutter,
        height=axis + 18,
        axis=axis,
        ticks=tuple((gutter + length * part, say_percent(scale * part)) for part in (0.0, 0.5, 1.0)),
        bars=tuple(
            _build_bar(entry, row * step + (4 if is_beside else 20), length / scale, is_beside=is_beside)
            for row, entry in enumerate(entries)
        ),
    )


def _build_bar(entry: _Entry, y: float, unit: float, *, is_beside: bool) -> Bar:
    share = entry.share
    value = (share.value if share else None) or 0.0
    low = share.low if share and share.low is not None else value
    high = share.high if share and share.high is not None else value
    return Bar(
        label=entry.label,
        look=entry.look,
        label_y=y + 12 if is_beside else y - 4,
        y=y,
        is_known=share is not None,
        width=round(value * unit, 1),
        hatch=draw_hatch(entry.look, round(value * unit, 1), BAR),
        low=round(low * unit, 1),
        high=round(high * unit, 1),
        value=say_percent(value) if share else "too few passages",
        interval=f"{low * 100:.0f}–{high * 100:.0f}" if share else "",
    )
