"""A sample of an archive: a few small shards from all over it, and how many rows there are in all."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from policyframes.archive.inputs import Input, stamp_input
from policyframes.archive.readers.formats import plan_input
from policyframes.archive.readers.jsonl import is_blank
from policyframes.archive.readers.lines import Line, LineReader
from policyframes.archive.readers.parquet import plan_shards as plan_parquet
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard

Item = TypeVar("Item")

SHARD_ROWS = 20
_MOST_INPUTS = 24
_PLACES = 8
"""Places of a long file at which it is looked into."""
_SHARDS_A_PLACE = 16
_PREFIX = 48 * 1024 * 1024
"""Bytes that are read of a file in which nothing can be reached without reading what is before."""
_AHEAD = 512 * 1024
"""Bytes, on average, that a packed file was read ahead of what was unpacked."""
_SEED = 1


@dataclass(frozen=True)
class Sample:
    """Some shards of an archive.

    Attributes:
        inputs: of the archive, stamped.
        shards: in runs of neighbours, the runs in an order that is spread over the archive.
        rows: of the archive, exact or estimated.
        is_exact: whether they were counted.
        bytes: of the archive, as it lies on disk.
        planning_seconds: that a job would take to read it once, as it does before it scores.
    """

    inputs: tuple[Input, ...]
    shards: tuple[Shard, ...]
    rows: int
    is_exact: bool
    bytes: int
    planning_seconds: float


@dataclass
class _Look:
    """What was seen of one input."""

    shards: list[Shard]
    rows: float
    is_exact: bool


class _Meter:
    """Counts the bytes that a reader takes from disk, in the place of what hashes them."""

    def __init__(self) -> None:
        self.bytes = 0

    def update(self, data: bytes) -> None:
        """Count bytes."""
        self.bytes += len(data)

    def hexdigest(self) -> str:
        """Return nothing; a sample has no hash."""
        return ""


def sample_inputs(inputs: Sequence[Input], settings: Settings) -> Sample:
    """Return a sample of the inputs.

    Raises:
        ArchiveInputError: an input cannot be read.
        ArchiveSourceError: an export is not what it declares.
    """
    stamped = tuple(stamp_input(source) for source in inputs)
    small = replace(settings, shard_rows=SHARD_ROWS)
    chosen = _spread(range(len(stamped)), _MOST_INPUTS)
    looks: dict[int, _Look] = {}
    meter = _Meter()
    start = time.perf_counter()
    for index in chosen:
        looks[index] = _look_into(stamped[index], small, meter)
    seconds = time.perf_counter() - start
    total = sum(source.bytes for source in stamped)
    seen = sum(stamped[index].bytes for index in looks)
    rows = sum(look.rows for look in looks.values()) * (total / seen if seen else 1.0)
    shards = [replace(shard, number=0, input=index) for index, look in looks.items() for shard in look.shards]
    runs = cut_runs(shards)
    random.Random(_SEED).shuffle(runs)  # noqa: S311  (a sample, not a secret)
    shards = [shard for run in runs for shard in run]
    return Sample(
        inputs=stamped,
        shards=tuple(replace(shard, number=number) for number, shard in enumerate(shards)),
        rows=round(rows),
        is_exact=len(chosen) == len(stamped) and all(look.is_exact for look in looks.values()),
        bytes=total,
        planning_seconds=seconds * total / max(meter.bytes, 1) if meter.bytes else seconds,
    )


def _look_into(source: Input, settings: Settings, meter: _Meter) -> _Look:
    if source.format == "parquet":
        return _look_at_all(plan_parquet(source, settings))
    if source.format in {"json", "nexis", "texts"}:
        return _look_at_all(plan_input(source, settings, lambda _: None))
    if source.format == "jsonl" and source.is_plain and source.bytes > _PREFIX:
        return _look_at_places(source, settings)
    return _look_at_beginning(source, settings, meter)


def _look_at_all(shards: Iterator[Shard]) -> _Look:
    found = list(shards)
    return _Look(_choose_places(found), sum(shard.rows for shard in found), is_exact=True)


def _look_at_places(source: Input, settings: Settings) -> _Look:
    """Look into lines at several places of a long file."""
    lines = LineReader(source, settings.max_row_bytes)
    found: list[Shard] = []
    for place in range(_PLACES):
        lines.seek(source.bytes * place // _PLACES)
        reader = lines.read_lines()
        if place:
            next(reader, None)  # The rest of a line, of which the beginning is before.
        found += islice(_cut_shards(reader, settings.shard_rows), _SHARDS_A_PLACE)
    lines.close()
    rows, size = sum(shard.rows for shard in found), sum(shard.end - shard.start for shard in found)
    return _Look(found, source.bytes * rows / size if size else 0, is_exact=False)


def _cut_shards(lines: Iterator[Line], rows: int) -> Iterator[Shard]:
    shard: Shard | None = None
    for line in lines:
        shard = shard or Shard(0, 0, 0, 1, line.start, line.start)
        shard = replace(shard, rows=shard.rows + (not is_blank(line)), end=line.end)
        if shard.rows >= rows:
            yield shard
            shard = None
    if shard is not None and shard.rows:
        yield shard


def _look_at_beginning(source: Input, settings: Settings, meter: _Meter) -> _Look:
    """Look into the beginning of a file, or into all of it where it is short."""
    found: list[Shard] = []
    own = _Meter()
    is_whole = True
    for shard in plan_input(source, settings, lambda _: None, own):
        found.append(shard)
        if shard.end > _PREFIX:
            is_whole = False
            break
    meter.bytes += own.bytes
    rows = sum(shard.rows for shard in found)
    if is_whole:
        return _Look(_choose_places(found), max(rows, 0), is_exact=not settings.records)
    read = found[-1].end if source.is_plain else max(own.bytes - _AHEAD, 1)
    return _Look(_choose_places(found), source.bytes * rows / read, is_exact=False)


def _choose_places(shards: Sequence[Shard]) -> list[Shard]:
    """Return runs of neighbours from all over, as many shards as are looked at in one file.

    A job reads forward. Where a sample jumps, packed files and Parquet must be read up to there.
    """
    if len(shards) <= _PLACES * _SHARDS_A_PLACE:
        return list(shards)
    step = (len(shards) - _SHARDS_A_PLACE) / (_PLACES - 1)
    starts = [round(place * step) for place in range(_PLACES)]
    return [shard for start in starts for shard in shards[start : start + _SHARDS_A_PLACE]]


def cut_runs(shards: Sequence[Shard]) -> list[list[Shard]]:
    """Return shards in runs, of which each begins where the one before it ends."""
    runs: list[list[Shard]] = []
    for shard in shards:
        if runs and _follows(shard, runs[-1][-1]) and len(runs[-1]) < _SHARDS_A_PLACE:
            runs[-1].append(shard)
        else:
            runs.append([shard])
    return runs


def _follows(shard: Shard, before: Shard) -> bool:
    if (shard.input, shard.group) != (before.input, before.group):
        return False
    return shard.start == before.end if before.end else shard.first == before.first + before.rows


def _spread(items: Iterable[Item], most: int) -> list[Item]:
    """Return at most so many items, from all over."""
    found = list(items)
    if len(found) <= most:
        return found
    return [found[round(place * (len(found) - 1) / (most - 1))] for place in range(most)]
