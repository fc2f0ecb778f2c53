"""Scaling of `policyframes archive score` over workers: measured on this machine, simulated beyond its cores.

`python benchmarks/archive_scaling.py [--articles 40000] [--measured 1 2] [--simulated 1 2 4 8 16 32 64]`. The
simulation plays the rules by which `ProcessEngine` hands out shards and takes results back, with the seconds that each
shard took here: in a worker, on its way to the first process, and in the first process, which alone writes. It assumes
a core for every worker, and memory and disk that do not get slower; it leaves out reading the inputs once to plan, and
loading the model. Where it stands beside a measured run, the difference says how far to trust it.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

from archive import Watched, name_machine, write_articles

from policyframes.archive.job import Means, score_archive
from policyframes.archive.scoring import ShardResult
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard
from policyframes.archive.workers import AHEAD, LocalEngine

_MILLION = 1_000_000


@dataclass(frozen=True)
class ShardTime:
    """Seconds that one shard takes.

    Attributes:
        work: in a worker, which other workers do not wait for.
        carry: from the worker to the first process.
        write: in the first process, until the ledger has it.
    """

    work: float
    carry: float
    write: float


def simulate(times: Sequence[ShardTime], workers: int) -> float:
    """Return the seconds from the first shard's start to the last one's line in the ledger.

    A single worker is the first process itself; more are processes of their own.
    """
    if workers == 1:
        return sum(shard.work + shard.write for shard in times)
    coming = deque(range(len(times)))
    order: deque[int] = deque()
    ends: dict[int, float] = {}
    done: set[int] = set()
    now = 0.0
    while coming or order:
        while coming and len(ends) < workers and len(order) < AHEAD * workers:
            shard = coming.popleft()
            order.append(shard)
            ends[shard] = now + times[shard].work
        if order[0] in done:
            now += times[order.popleft()].write
            continue
        now = max(now, min(ends.values()))
        for shard in [shard for shard, end in ends.items() if end <= now]:
            now += times[shard].carry
            del ends[shard]
            done.add(shard)
    return now


def measure_times(source: Path, output: Path, settings: Settings) -> list[ShardTime]:
    """Score an archive in this process and return what each shard took."""
    works: list[float] = []
    writes: list[float] = []
    carries: list[float] = []

    class Timed(LocalEngine):
        def run(self, shards: Iterable[Shard]) -> Iterator[ShardResult]:
            results = super().run(shards)
            while True:
                start = time.perf_counter()
                result = next(results, None)
                if result is None:
                    return
                works.append(time.perf_counter() - start)
                start = time.perf_counter()
                ForkingPickler.loads(ForkingPickler.dumps(result))
                carries.append(time.perf_counter() - start)
                start = time.perf_counter()
                yield result
                writes.append(time.perf_counter() - start)

    score_archive([str(source)], output, settings, Means(make_engine=Timed))
    return [ShardTime(*parts) for parts in zip(works, carries, writes, strict=True)]


def main() -> None:
    """Measure, simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=40_000)
    parser.add_argument("--quality", choices=("fast", "balanced", "best"), default="fast")
    parser.add_argument("--measured", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--simulated", type=int, nargs="*", default=[1, 2, 4, 8, 16, 32, 64])
    options = parser.parse_args()
    print(name_machine())
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        source = folder / "articles.jsonl"
        write_articles(source, options.articles)
        measured: dict[int, float] = {}
        for workers in options.measured:
            flags = ("--workers", str(workers), "--quality", options.quality)
            measured[workers] = Watched(source, folder / f"out-{workers}", flags).seconds
            print(
                f"measured, {workers} workers: {options.articles / measured[workers]:,.0f} articles/s, "
                f"{next(iter(measured.values())) / measured[workers]:.2f} times the first"
            )
        times = measure_times(source, folder / "out-times", Settings(quality=options.quality))
    report_times(times)
    rate = options.articles / len(times)
    shards = list(itertools.islice(itertools.cycle(times), round(_MILLION / rate)))
    alone = simulate(shards, 1)
    for workers in options.simulated:
        seconds = simulate(shards, workers)
        print(
            f"simulated, {workers} workers, a million articles: {len(shards) * rate / seconds:,.0f} articles/s, "
            f"{alone / seconds:.2f} times one"
        )


def report_times(times: Sequence[ShardTime]) -> None:
    """Print the means, and at how many workers the first process is busy all the time."""
    work, carry, write = (
        sum(parts) / len(times) for parts in zip(*((t.work, t.carry, t.write) for t in times), strict=True)
    )
    print(
        f"{len(times)} shards; each {work * 1000:.1f} ms in a worker, {carry * 1000:.2f} ms on its way, "
        f"{write * 1000:.2f} ms in the first process: that one has no time left at "
        f"{(work + carry + write) / (carry + write):.0f} workers"
    )


if __name__ == "__main__":
    main()
