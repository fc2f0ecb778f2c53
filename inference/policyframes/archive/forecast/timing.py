"""Shards of a sample scored by as many workers as the job would have, and what that took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from policyframes.archive.arrow import import_arrow
from policyframes.archive.forecast.sampling import cut_runs
from policyframes.archive.scoring import ShardResult, Task
from policyframes.archive.settings import OutputFormat
from policyframes.archive.shards import Shard
from policyframes.archive.tables import decode_part, encode_table
from policyframes.archive.workers import LocalEngine, ProcessEngine, load_scorer

Clock = Callable[[], float]


@dataclass(frozen=True)
class Timing:
    """What scoring a sample took.

    Attributes:
        rows: that were timed.
        seconds_a_row: of one worker, while all of them work.
        start_seconds: until the first result.
        quarantined: rows of all.
        read: rows of all.
        passages: of all.
        document_bytes: a scored row, on disk.
        passage_bytes: a scored row's passages, on disk; None where they are not written.
        part_bytes: of what a part of the documents and one of the passages hold beside rows.
    """

    rows: int
    seconds_a_row: float
    start_seconds: float
    quarantined: int
    read: int
    passages: int
    document_bytes: float
    passage_bytes: float | None
    part_bytes: tuple[int, int]


def time_shards(task: Task, shards: Sequence[Shard], workers: int, *, budget: float) -> Timing:
    """Score shards until the time is up, and return what each row took.

    Args:
        task: as the job's.
        shards: in the order in which they are taken; numbered from 0.
        workers: processes that score at once.
        budget: seconds, once the models are loaded.

    Raises:
        BundleError: the model cannot run.
        ArchiveInputError: an input cannot be read.
    """
    start = time.perf_counter()
    first = 0.0

    def feed() -> Iterator[Shard]:
        for shard in shards:
            if first and time.perf_counter() - first > budget:
                return
            yield shard

    engine = LocalEngine(task, load_scorer(task)) if workers == 1 else ProcessEngine(task, workers)
    results: list[ShardResult] = []
    try:
        for result in engine.run(feed()):
            first = first or time.perf_counter()
            results.append(result)
    finally:
        engine.close()
    steady = _choose_steady(results, shards, workers)
    rows = sum(result.rows for result in steady)
    scored = max(1, sum(len(result.counts) for result in results))
    formats = task.settings.output_format
    passages = [result.passages for result in results if result.passages is not None]
    return Timing(
        rows=rows,
        seconds_a_row=sum(result.seconds for result in steady) / max(rows, 1),
        start_seconds=(first or time.perf_counter()) - start,
        quarantined=sum(entry.rows for result in results for entry in result.entries),
        read=sum(result.rows for result in results),
        passages=sum(counts["passages"] for result in results for counts in result.counts),
        document_bytes=_measure([result.documents for result in results], formats) / scored,
        passage_bytes=_measure(passages, formats) / scored if passages else None,
        part_bytes=(
            _measure_frame(results[0].documents, formats),
            _measure_frame(passages[0] if passages else b"", formats),
        ),
    )


def _choose_steady(results: Sequence[ShardResult], shards: Sequence[Shard], workers: int) -> Sequence[ShardResult]:
    """Return the results that took what they take in a job, or all where they are few.

    The first of each worker pay for what is made ready once, and those after a jump for the way there.
    """
    jumped: set[int] = set()
    for run in cut_runs(shards):
        if len(run) > 2 * workers:
            jumped.update(shard.number for shard in run[:workers])
    first = {result.number for result in results[:workers]}
    steady = [result for result in results if result.number not in jumped | first]
    return steady if len(steady) > workers else results


def _measure_frame(part: bytes, output_format: OutputFormat) -> int:
    """Return how long a part without rows is."""
    return len(encode_table(decode_part(part).slice(0, 0), output_format)) if part and output_format == "parquet" else 0


def _measure(parts: Sequence[bytes], output_format: OutputFormat) -> int:
    """Return how long parts would be as one; small parts are mostly footer."""
    if output_format == "jsonl" or not parts:
        return sum(len(part) for part in parts)
    return len(encode_table(import_arrow().concat_tables([decode_part(part) for part in parts]), output_format))
