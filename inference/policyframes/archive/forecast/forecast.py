"""The forecast of a job: rows, passages, time and cost by quality, output."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from policyframes.archive.forecast.sampling import Sample, sample_inputs
from policyframes.archive.forecast.timing import Timing, time_shards
from policyframes.archive.inputs import Input, find_inputs
from policyframes.archive.plan import choose_columns, look_at
from policyframes.archive.scoring import Task
from policyframes.archive.settings import Settings
from policyframes.archive.sources.presets import apply_source, require_textless
from policyframes.archive.sources.texts import Join, fill_index, lead_to_texts, plan_join
from policyframes.archive.tables import reserve_names
from policyframes.cores import count_cores
from policyframes.errors import MissingExtraError, UsageError
from policyframes.scorer import load

QUALITIES = ("fast", "balanced", "best")
SECONDS = 20.0
_MILLION = 1_000_000
_HOUR = 3600.0
_BUSY = 0.5


@dataclass(frozen=True)
class Cost:
    """What a job costs at one quality.

    Attributes:
        quality: `fast`, `balanced` or `best`; empty for a bundle that has one way to score.
        sampled: rows that were timed.
        rows_a_second: of all workers together.
        seconds: of the whole job, with reading the inputs once and loading the models.
        core_hours_a_million: of the machine's cores, all of them, for a million rows.
        price_a_million: the same at the price of a core-hour; None where none was given.
        price: of this archive.
    """

    quality: str
    sampled: int
    rows_a_second: float
    seconds: float
    core_hours_a_million: float
    price_a_million: float | None
    price: float | None


@dataclass(frozen=True)
class Forecast:
    """What a job will be.

    Attributes:
        files: inputs.
        bytes: of the inputs.
        rows: of the archive.
        is_exact: whether rows were counted; else they are estimated from the sample.
        sampled: rows that were scored for the forecast at the first quality.
        passages: expected.
        quarantined: rows expected in quarantine.
        output_bytes: of the documents, and of the passages where they are written.
        passage_bytes: of the passages, if they are written.
        workers: processes.
        cores: of this machine, that the job may use.
        costs: by quality.
    """

    files: int
    bytes: int
    rows: int
    is_exact: bool
    sampled: int
    passages: int
    quarantined: int
    output_bytes: int
    passage_bytes: int
    workers: int
    cores: int
    costs: tuple[Cost, ...]

    def describe(self) -> dict[str, object]:
        """Return the forecast as JSON holds it."""
        return asdict(self)


def forecast_job(
    paths: Sequence[str],
    settings: Settings,
    *,
    workers: int,
    price: float | None = None,
    seconds: float = SECONDS,
    say: Callable[[str], None] = lambda _: None,
) -> Forecast:
    """Return what scoring an archive will take on this machine; no results are written.

    A table of texts is copied to the system's folder for temporary files, and removed.

    Args:
        paths: files, or folders of them.
        settings: of the job; its quality, or all qualities where it names none.
        workers: processes that are to score.
        price: of a core-hour.
        seconds: to spend on each quality.
        say: is told how it gets on.

    Raises:
        UsageError: an input or a column makes no sense, or there is nothing to score.
        ArchiveError: an input cannot be read.
        BundleError: the model cannot be loaded.
    """
    settings = apply_source(settings)
    require_textless(settings)
    inputs, _ = find_inputs(paths, settings.source)
    start = time.perf_counter()
    with _join_texts(inputs, settings, say) as join:
        seconds_to_join = time.perf_counter() - start
        sample = sample_inputs(inputs, settings)
        if not sample.shards:
            raise UsageError(
                where=", ".join(paths)[:200], found="no rows", allowed="inputs with rows", remedy="Check the inputs."
            )
        timings = _time_qualities(sample, settings, join, workers=workers, seconds=seconds, say=say)
    sample = replace(sample, planning_seconds=sample.planning_seconds + seconds_to_join)
    return _sum_up(sample, timings, settings, workers=workers, price=price)


@contextmanager
def _join_texts(inputs: Sequence[Input], settings: Settings, say: Callable[[str], None]) -> Iterator[Join | None]:
    """Copy the table of texts to where a job would, but for as long as it is needed alone."""
    if not settings.texts:
        yield None
        return
    with TemporaryDirectory(prefix="policyframes-") as folder:
        join = plan_join(settings.texts, inputs, settings, Path(folder))
        fill_index(join, settings, say)
        yield join


def _time_qualities(
    sample: Sample,
    settings: Settings,
    join: Join | None,
    *,
    workers: int,
    seconds: float,
    say: Callable[[str], None],
) -> dict[str, Timing]:
    bundle = load(settings.bundle or None, settings.quality or None)
    planned = lead_to_texts(settings, join)
    columns = choose_columns(sample.inputs, look_at(sample.inputs, planned), planned, reserve_names(bundle.framings))
    is_single = settings.quality or (settings.bundle and bundle.bundle.kind != "cascade")
    chosen = (settings.quality,) if is_single else QUALITIES
    timings: dict[str, Timing] = {}
    if (load_now := measure_load()) > _BUSY * count_cores():
        say(
            f"The machine is busy (load {load_now:.1f} on {count_cores()} cores): the times are those of a busy machine"
        )
    for quality in chosen:
        say(f"Scoring a sample at {quality or 'the one quality there is'}, up to {seconds:.0f} s")
        task = Task(sample.inputs, columns, replace(settings, quality=quality, passages=True), settings.bundle, join)
        try:
            timings[quality] = time_shards(task, sample.shards, workers, budget=seconds)
        except MissingExtraError as error:
            if not timings:
                raise
            say(f"Left out: {error}")
    return timings


def _sum_up(
    sample: Sample, timings: dict[str, Timing], settings: Settings, *, workers: int, price: float | None
) -> Forecast:
    # The fastest quality scored most rows, so its sample says most of what does not depend on quality.
    widest = max(timings.values(), key=lambda timing: timing.read)
    share = 1 - widest.quarantined / max(widest.read, 1)
    parts = max(len(sample.inputs), math.ceil(sample.rows / settings.shard_rows)) - 1
    passage_bytes = round((widest.passage_bytes or 0) * sample.rows * share) + parts * widest.part_bytes[1]
    documents = round(widest.document_bytes * sample.rows * share) + parts * widest.part_bytes[0]
    cores = count_cores()
    return Forecast(
        files=len(sample.inputs),
        bytes=sample.bytes,
        rows=sample.rows,
        is_exact=sample.is_exact,
        sampled=widest.read,
        passages=round(widest.passages / max(widest.read, 1) * sample.rows),
        quarantined=round((1 - share) * sample.rows),
        output_bytes=documents + (passage_bytes if settings.passages else 0),
        passage_bytes=passage_bytes,
        workers=workers,
        cores=cores,
        costs=tuple(
            _price(quality, timing, sample, workers=workers, cores=cores, price=price)
            for quality, timing in timings.items()
        ),
    )


def _price(quality: str, timing: Timing, sample: Sample, *, workers: int, cores: int, price: float | None) -> Cost:
    rate = workers / timing.seconds_a_row if timing.seconds_a_row else 0.0
    seconds = sample.rows / rate if rate else 0.0
    hours = cores * _MILLION / rate / _HOUR if rate else 0.0
    return Cost(
        quality=quality,
        sampled=timing.rows,
        rows_a_second=rate,
        seconds=seconds + sample.planning_seconds + timing.start_seconds,
        core_hours_a_million=hours,
        price_a_million=None if price is None else hours * price,
        price=None if price is None else hours * price * sample.rows / _MILLION,
    )


def measure_load() -> float:
    """Return how many processes wanted to run in the last minute; 0 where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
