"""Geometry of the archive's charts: shares over months or years, and the small ones within cells of the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policyframes.archive.groups import ArchiveShares, GroupShares
from policyframes.archive.periods import UNDATED
from policyframes.profiles.shares import Share
from policyframes.report.page.wording import say_percent, say_share

WIDE, NARROW = 920.0, 340.0
CELL = 90.0
_LEFT, _RIGHT = 46.0, 14.0
_LANE, _GAP = 110.0, 34.0
_FOOT = 26.0
_SCALES = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
_LABEL = 62.0
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
    """Shares over time at one width."""

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


def build_charts(found: ArchiveShares) -> tuple[Chart, ...]:
    """Return the charts for wide and narrow pages; none where the groups are no periods, or fewer than two."""
    groups = [group for group in found.groups if group.name != UNDATED and _is_known(group, found)]
    if not found.is_timed or len(groups) < _FEWEST:
        return ()
    return tuple(_build_chart(found, groups, name, width) for name, width in (("wide", WIDE), ("narrow", NARROW)))


def _is_known(group: GroupShares, found: ArchiveShares) -> bool:
    return group.shares[found.framings[0]].value is not None


def _build_chart(found: ArchiveShares, groups: Sequence[GroupShares], name: str, width: float) -> Chart:
    places = [count_periods(group.name) for group in groups]
    first, last = places[0], places[-1]
    unit = (width - _LEFT - _RIGHT) / (last - first + 1)
    xs = [round(_LEFT + (place - first + 0.5) * unit, 1) for place in places]
    highs = [share.high or 0.0 for group in groups for kind in found.framings for share in [group.shares[kind]]]
    scale = next((step for step in _SCALES if max(highs) <= step), 1.0)
    lanes = tuple(
        _build_lane(kind, 22 + number * (_LANE + _GAP), list(zip(groups, places, xs, strict=True)), scale)
        for number, kind in enumerate(found.framings)
    )
    return Chart(
        name=name,
        width=width,
        height=lanes[-1].bottom + _FOOT,
        lanes=lanes,
        labels=tuple(_choose_labels(list(zip(xs, (group.name for group in groups), strict=True)))),
        description=f"From {groups[0].name} to {groups[-1].name}; the table below holds every number.",
    )


def count_periods(name: str) -> int:
    """Return how many months, or years, a period is after the beginning of our era."""
    year, _, month = name.partition("-")
    return int(year) * _MONTHS + int(month) - 1 if month else int(year)


def _build_lane(kind: str, top: float, placed: Sequence[tuple[GroupShares, int, float]], scale: float) -> Lane:
    bottom = top + _LANE

    def rise(value: float) -> float:
        return round(bottom - min(value, scale) / scale * _LANE, 1)

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
