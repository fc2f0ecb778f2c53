"""Geometry of the timeline: shares with their intervals by year, with administrations as bands."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from policyframes.report.page.hatches import draw_hatch
from policyframes.report.page.outline import Group, Kind, Outline, find_share, find_year
from policyframes.report.page.wording import say_percent, say_share

_WIDE, _NARROW = 920.0, 340.0
_LEFT, _RIGHT = 46.0, 14.0
_LANE = 124.0
_LANE_GAP = 30.0
_BANDS = 22.0
_SCALES = (0.2, 0.4, 0.6, 0.8, 1.0)
_CHARACTER = 6.2
_MIN_GROUPS = 2
_LONGEST_GAP = 5


@dataclass(frozen=True)
class Band:
    """An administration, from the first to the last of its documents; `text` is a letter where its name has no room."""

    x: float
    width: float
    name: str
    text: str
    text_x: float
    is_shaded: bool


@dataclass(frozen=True)
class Mark:
    """The share of a group: a point with its interval, and a line over its years."""

    x: float
    y: float
    low: float
    high: float
    first: float
    last: float
    title: str


@dataclass(frozen=True)
class TimeLane:
    """The marks of one framing; `lines` join those of years that are near each other."""

    kind: Kind
    hatch: str
    top: float
    bottom: float
    ticks: tuple[tuple[float, str], ...]
    marks: tuple[Mark, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class TimeChart:
    """The timeline of all passages, or of those that speak of an aspect, at one width."""

    anchor: str
    title: str
    description: str
    width: float
    height: float
    bands: tuple[Band, ...]
    legend: tuple[tuple[str, str], ...]
    years: tuple[tuple[float, str], ...]
    lanes: tuple[TimeLane, ...]


@dataclass(frozen=True)
class Timeline:
    """The timeline for wide and narrow pages; where there is nothing to draw, `reason` says why.

    Attributes:
        reason: why there is none; empty where there is one.
        charts: that of all passages, for wide and for narrow pages.
        aspects: those of single aspects.
        has_bands: whether administrations are known.
        left_out: groups that are not drawn.
    """

    reason: str
    charts: tuple[TimeChart, ...] = ()
    aspects: tuple[TimeChart, ...] = ()
    has_bands: bool = False
    left_out: tuple[str, ...] = ()


def build_timeline(outline: Outline) -> Timeline:
    """Return the timeline of the groups whose years are known, or the reason why there is none."""
    dated = _find_dated(outline, None)
    if not dated:
        return Timeline(
            f"The timeline is left out: it needs two or more {outline.noun}s of different years with enough passages; "
            "years come from the column “year” of the metadata."
        )
    known = {group.name for group in dated}
    spans = _find_administrations(outline)
    aspects = [(aspect, _find_dated(outline, aspect)) for aspect in outline.comparison.aspects[1:]]
    return Timeline(
        reason="",
        charts=tuple(
            _build_chart(outline, (f"t{width:.0f}", "All passages"), width, dated, spans) for width in (_WIDE, _NARROW)
        ),
        aspects=tuple(
            _build_chart(outline, (f"t{number}a", outline.name_aspect(aspect)), _NARROW, groups, spans)
            for number, (aspect, groups) in enumerate(aspects)
            if groups
        ),
        has_bands=bool(spans),
        left_out=tuple(group.short for group in outline.groups if group.name not in known),
    )


def _find_dated(outline: Outline, aspect: str | None) -> list[Group]:
    """Return the groups with a year and enough passages of an aspect; none where they are fewer than two years."""
    profiles = outline.comparison.profiles
    groups = [replace(group, profile=profiles[aspect, group.name]) for group in outline.groups]
    dated = [group for group in groups if group.years and find_share(group.profile, outline.framings[0].id)]
    years = {year for group in dated for year in group.years}
    return dated if len(dated) >= _MIN_GROUPS and len(years) >= _MIN_GROUPS else []


def _describe(outline: Outline, groups: Sequence[Group]) -> str:
    return "; ".join(
        f"{group.short}: "
        + ", ".join(f"{kind.name} {say_share(group.profile.shares[kind.id])}" for kind in outline.framings)
        for group in groups
    )


def _find_administrations(outline: Outline) -> list[tuple[str, int, int]]:
    """Return each run of documents of one administration, with its first and last year."""
    known = sorted(
        (year, document.metadata["administration"])
        for document in outline.comparison.collection.documents
        if document.metadata.get("administration") and (year := find_year(document)) is not None
    )
    runs: list[tuple[str, int, int]] = []
    for year, name in known:
        if runs and runs[-1][0] == name:
            runs[-1] = (name, runs[-1][1], year)
        else:
            runs.append((name, year, year))
    return runs


def _build_chart(
    outline: Outline,
    names: tuple[str, str],
    width: float,
    groups: Sequence[Group],
    spans: Sequence[tuple[str, int, int]],
) -> TimeChart:
    years = [year for group in groups for year in group.years] + [year for span in spans for year in span[1:]]
    first, last = min(years), max(years)
    unit = (width - _LEFT - _RIGHT) / (last - first + 1)

    def place(year: float) -> float:
        return round(_LEFT + (year - first + 0.5) * unit, 1)

    highs = [
        share.high or share.value or 0.0
        for group in groups
        for kind in outline.framings
        if (share := find_share(group.profile, kind.id))
    ]
    scale = next((step for step in _SCALES if max(highs) <= step), 1.0)
    bands = _build_bands([(name, place(start - 0.5), place(end + 0.5)) for name, start, end in spans], width)
    head = _BANDS if spans else 0.0
    placed = _place_groups(groups, place, unit)
    lanes = tuple(
        _build_lane(
            kind, head + 20 + number * (_LANE + _LANE_GAP), placed, scale=scale, gap=(_LONGEST_GAP + 0.5) * unit
        )
        for number, kind in enumerate(outline.framings)
    )
    return TimeChart(
        anchor=names[0],
        title=names[1],
        description=_describe(outline, groups),
        width=width,
        height=lanes[-1].bottom + 26,
        bands=bands,
        legend=tuple(dict.fromkeys((band.text, band.name) for band in bands if band.text != band.name)),
        years=tuple((place(year), str(year)) for year in _choose_years(sorted(set(years)), unit)),
        lanes=lanes,
    )


def _build_bands(spans: Sequence[tuple[str, float, float]], width: float) -> tuple[Band, ...]:
    """Return the bands, each with its name where that covers no other name, else with a letter."""
    keys = {name: chr(ord("A") + number % 26) for number, name in enumerate(dict.fromkeys(span[0] for span in spans))}
    middles = [(start + end) / 2 for _, start, end in spans]
    bands: list[Band] = []
    taken = 0.0
    for number, (name, start, end) in enumerate(spans):
        half = len(name) * _CHARACTER / 2
        middle = min(max(middles[number], half + 2), width - half - 2)
        following = middles[number + 1] if number + 1 < len(spans) else math.inf
        has_room = middle - half >= taken and middle + half + _CHARACTER * 2 <= following
        text, half = (name, half) if has_room else (keys[name], _CHARACTER)
        text_x = middle if has_room else middles[number]
        taken = text_x + half + 4
        bands.append(Band(start, round(end - start, 1), name, text, round(text_x, 1), is_shaded=number % 2 == 0))
    return tuple(bands)


def _place_groups(
    groups: Sequence[Group], place: Callable[[float], float], unit: float
) -> list[tuple[Group, float, float, float]]:
    """Return each group with the x of its middle, first and last year; groups of one place stand side by side."""
    middles = [place((group.years[0] + group.years[-1]) / 2) for group in groups]
    placed = []
    for number, (group, middle) in enumerate(zip(groups, middles, strict=True)):
        same = [other for other, x in enumerate(middles) if x == middle]
        shift = (same.index(number) - (len(same) - 1) / 2) * min(9.0, unit / max(2, len(same)))
        x = round(middle + shift, 1)
        placed.append((group, x, min(x, place(group.years[0])), max(x, place(group.years[-1]))))
    return placed


def _build_lane(
    kind: Kind, top: float, placed: Sequence[tuple[Group, float, float, float]], *, scale: float, gap: float
) -> TimeLane:
    bottom = top + _LANE

    def rise(value: float) -> float:
        return round(bottom - value / scale * _LANE, 1)

    marks = []
    for group, x, first, last in placed:
        share = find_share(group.profile, kind.id)
        if share is None or share.value is None:
            continue
        low = share.low if share.low is not None else share.value
        high = share.high if share.high is not None else share.value
        title = f"{group.short}: {kind.name} {say_share(share)}"
        marks.append(Mark(x, rise(share.value), rise(low), rise(high), first, last, title))
    is_joined = all(mark.first == mark.last for mark in marks) and len({mark.x for mark in marks}) == len(marks)
    ordered = sorted(marks, key=lambda mark: mark.x)
    return TimeLane(
        kind=kind,
        hatch=draw_hatch(kind.look, 14.0, 10.0),
        top=top,
        bottom=bottom,
        ticks=tuple((rise(scale * part), say_percent(scale * part)) for part in (0.0, 0.5, 1.0)),
        marks=tuple(marks),
        lines=tuple(_join_marks(ordered, gap)) if is_joined else (),
    )


def _join_marks(marks: Sequence[Mark], gap: float) -> Iterator[str]:
    """Yield a line through each run of marks; over many years without a document there is none."""
    runs: list[list[Mark]] = []
    for mark in marks:
        if runs and mark.x - runs[-1][-1].x <= gap:
            runs[-1].append(mark)
        else:
            runs.append([mark])
    for run in runs:
        if len(run) > 1:
            yield " ".join(f"{mark.x:g},{mark.y:g}" for mark in run)


def _choose_years(years: Sequence[int], unit: float) -> list[int]:
    """Return the years that have room for their number, the first and last among them."""
    chosen = [years[0]]
    for year in years[1:-1]:
        if (year - chosen[-1]) * unit >= 34 and (years[-1] - year) * unit >= 34:  # noqa: PLR2004  (width of a year)
            chosen.append(year)
    return [*chosen, years[-1]]
