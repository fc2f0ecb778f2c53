"""Geometry of the archive's charts: shares over months or years, and the small ones within cells of the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from policyframes.archive.contrasts import ALL
from policyframes.archive.groups import Grouping, GroupShares
from policyframes.archive.periods import UNDATED
from policyframes.profiles.shares import Share
from policyframes.report.page.wording import say_percent, say_share

WIDE, NARROW, PANEL = 920.0, 340.0, 320.0
CELL = 90.0
_LEFT, _RIGHT = 46.0, 14.0
_LANE, _LOW_LANE, _GAP = 110.0, 64.0, 34.0
_FOOT = 26.0
_SCALES = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
_LABEL, _HALF_LABEL = 62.0, 24.0
_FEWEST = 2
_MONTHS = 12


@dataclass(frozen=True)
class Spot:
    """A share and its interval at one period."""

    x: float
    y: float
    low: float
    high: float
    title: str


@dataclass(frozen=True)
class Lane:
    """One kind over time; lines join neighbouring periods."""

    kind: str
    top: float
    bottom: float
    ticks: tuple[tuple[float, str], ...]
    band: tuple[str, ...]
    lines: tuple[str, ...]
    spots: tuple[Spot, ...]


@dataclass(frozen=True)
class Chart:
    """Shares over time.

    Attributes:
        name: the width that it is for, or the group that it is of.
        width: in pixels.
        height: in pixels.
        lanes: one a framing.
        labels: of periods, and where they stand.
        description: for those who cannot see it.
    """

    name: str
    width: float
    height: float
    lanes: tuple[Lane, ...]
    labels: tuple[tuple[float, str], ...]
    description: str


@dataclass(frozen=True)
class Cell:
    """A share in a cell: where its point and the ends of its interval are, and what it says."""

    text: str
    interval: str
    x: float | None
    low: float
    high: float


@dataclass(frozen=True)
class _Frame:
    """What the charts of one grouping have in common."""

    first: int
    last: int
    scale: float
    lane: float


def build_charts(grouping: Grouping, framings: Sequence[str]) -> tuple[Chart, ...]:
    """Return the charts for wide and narrow pages; none where the groups are no periods, or fewer than two."""
    groups = _find_known(grouping, framings, ALL)
    if grouping.is_crossed or not grouping.is_timed or len(groups) < _FEWEST:
        return ()
    frame = _build_frame(groups, framings, _LANE)
    description = f"From {groups[0].name} to {groups[-1].name}; the table below holds every number."
    return tuple(
        _build_chart(groups, framings, Chart(name, width, 0.0, (), (), description), frame)
        for name, width in (("wide", WIDE), ("narrow", NARROW))
    )


def build_panels(grouping: Grouping, framings: Sequence[str]) -> tuple[Chart, ...]:
    """Return a small chart for each of the largest groups of the second column, all on the same scales."""
    known = {within: _find_known(grouping, framings, within) for within in grouping.shown}
    drawn = {within: groups for within, groups in known.items() if len(groups) >= _FEWEST}
    if not grouping.is_timed or not drawn:
        return ()
    everything = [group for groups in drawn.values() for group in groups]
    frame = _build_frame(everything, framings, _LOW_LANE)
    return tuple(
        _build_chart(
            groups,
            framings,
            Chart(
                within, PANEL, 0.0, (), (), f"From {groups[0].name} to {groups[-1].name}; the table has every number."
            ),
            frame,
        )
        for within, groups in drawn.items()
    )


def _find_known(grouping: Grouping, framings: Sequence[str], within: str) -> list[GroupShares]:
    return [
        group
        for group in grouping.groups
        if group.within == within and group.name != UNDATED and group.shares[framings[0]].value is not None
    ]


def _build_frame(groups: Sequence[GroupShares], framings: Sequence[str], lane: float) -> _Frame:
    places = [count_periods(group.name) for group in groups]
    highest = max(group.shares[kind].high or 0.0 for group in groups for kind in framings)
    return _Frame(min(places), max(places), next((step for step in _SCALES if highest <= step), 1.0), lane)


def _build_chart(groups: Sequence[GroupShares], framings: Sequence[str], chart: Chart, frame: _Frame) -> Chart:
    places = [count_periods(group.name) for group in groups]
    unit = (chart.width - _LEFT - _RIGHT) / (frame.last - frame.first + 1)
    xs = [round(_LEFT + (place - frame.first + 0.5) * unit, 1) for place in places]
    lanes = tuple(
        _build_lane(kind, 22 + number * (frame.lane + _GAP), list(zip(groups, places, xs, strict=True)), frame)
        for number, kind in enumerate(framings)
    )
    # The names of the first and the last period stay within the chart.
    ends = [min(x, chart.width - _HALF_LABEL) for x in xs]
    labels = tuple(_choose_labels(list(zip(ends, (group.name for group in groups), strict=True))))
    return replace(chart, height=lanes[-1].bottom + _FOOT, lanes=lanes, labels=labels)


def count_periods(name: str) -> int:
    """Return how many months, or years, a period is after the beginning of our era."""
    year, _, month = name.partition("-")
    return int(year) * _MONTHS + int(month) - 1 if month else int(year)


def _build_lane(kind: str, top: float, placed: Sequence[tuple[GroupShares, int, float]], frame: _Frame) -> Lane:
    bottom, scale = top + frame.lane, frame.scale

    def rise(value: float) -> float:
        return round(bottom - min(value, scale) / scale * frame.lane, 1)

    spots: list[Spot] = []
    runs: list[list[Spot]] = []
    before = None
    for group, place, x in placed:
        share = group.shares[kind]
        value = share.value or 0.0
        low, high = share.low if share.low is not None else value, share.high if share.high is not None else value
        spot = Spot(x, rise(value), rise(low), rise(high), f"{group.name}: {say_share(share)}")
        spots.append(spot)
        if before is not None and place == before + 1:
            runs[-1].append(spot)
        else:
            runs.append([spot])
        before = place
    joined = [run for run in runs if len(run) > 1]
    return Lane(
        kind=kind,
        top=top,
        bottom=bottom,
        ticks=tuple((rise(scale * part), say_percent(scale * part)) for part in (0.0, 0.5, 1.0)),
        band=tuple(_draw_band(run) for run in joined),
        lines=tuple(" ".join(f"{spot.x:g},{spot.y:g}" for spot in run) for run in joined),
        spots=tuple(spots),
    )


def _draw_band(run: Sequence[Spot]) -> str:
    above = [f"{spot.x:g} {spot.high:g}" for spot in run]
    below = [f"{spot.x:g} {spot.low:g}" for spot in reversed(run)]
    return "M" + "L".join([*above, *below]) + "Z"


def _choose_labels(labels: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Return the labels that have room, the first and the last among them."""
    chosen = [labels[0]]
    for x, text in labels[1:-1]:
        if x - chosen[-1][0] >= _LABEL and labels[-1][0] - x >= _LABEL:
            chosen.append((x, text))
    return [*chosen, labels[-1]]


def build_cell(share: Share) -> Cell:
    """Return a share as a cell of the table shows it."""
    if share.value is None:
        return Cell("too few", "", None, 0.0, 0.0)
    low = share.low if share.low is not None else share.value
    high = share.high if share.high is not None else share.value
    interval = f"{low * 100:.0f} to {high * 100:.0f}"
    return Cell(say_percent(share.value), interval, *(round(part * CELL, 1) for part in (share.value, low, high)))
