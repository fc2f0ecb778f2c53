"""Measures `policyframes archive score` on this machine: articles a second, MB/s, memory, time outside the model.

`python benchmarks/archive.py [--articles 3000] [--workers 1 2] [--quality fast] [--sizes 10000 100000]`. The articles
are six of the repository's own rewrites each. States numbers and judges none: they hold for the machine that it
prints, and for what else ran on it meanwhile; seconds of processor time hold better than seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from policyframes.archive import scoring
from policyframes.archive.job import Means, score_archive
from policyframes.archive.scoring import ShardResult
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard
from policyframes.archive.workers import LocalEngine

ROOT = Path(__file__).resolve().parents[1]
_PASSAGES = 6
_POLL = 0.1


def write_articles(path: Path, count: int) -> None:
    """Write an archive of JSON lines."""
    with (ROOT / "labels" / "passages.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    chance = random.Random(1)  # noqa: S311  (seeded chance is what a benchmark wants)
    with path.open("w", encoding="utf-8") as stream:
        for number in range(count):
            text = "\n\n".join(chance.choice(texts) for _ in range(_PASSAGES))
            stream.write(json.dumps({"id": f"a{number}", "date": "2024-05-01", "outlet": "A", "text": text}) + "\n")


class Watched:
    """A run in processes of its own: how long it took, and how much memory all of them held at most."""

    def __init__(self, source: Path, output: Path, options: Iterable[str]) -> None:
        command = [sys.executable, "-m", "policyframes", "archive", "score", str(source), "-o", str(output), "--quiet"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        run = subprocess.Popen([*command, *options])
        self.peak = 0
        while run.poll() is None:
            self.peak = max(self.peak, sum(read_memory(process) for process in find_family(run.pid)))
            time.sleep(_POLL)
        self.seconds = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if run.returncode not in {0, 3}:
            raise SystemExit(run.returncode)


def find_family(process: int) -> Iterator[int]:
    """Yield a process and those that it started."""
    yield process
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    except OSError:
        return
    for child in children:
        yield from find_family(int(child))


def read_memory(process: int) -> int:
    """Return how many bytes a process holds; 0 once it has gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), 0)


def measure_shares(source: Path, output: Path, quality: str) -> dict[str, float]:
    """Return the shares of a run's time that go into the model, into cutting articles, and into all else."""
    times = {"model": 0.0, "cutting": 0.0}
    cut = scoring.cut_texts

    def cut_timed(*arguments: object) -> object:
        start = time.perf_counter()
        result = cut(*arguments)  # type: ignore[arg-type]
        times["cutting"] += time.perf_counter() - start
        return result

    class Timed(LocalEngine):
        def run(self, shards: Iterable[Shard]) -> Iterator[ShardResult]:
            for result in super().run(shards):
                times["model"] += result.model_seconds
                yield result

    scoring.cut_texts = cut_timed  # type: ignore[assignment]
    start = time.perf_counter()
    score_archive([str(source)], output, Settings(quality=quality), Means(make_engine=Timed))
    total = time.perf_counter() - start
    scoring.cut_texts = cut
    return {**{name: seconds / total for name, seconds in times.items()}, "else": 1 - sum(times.values()) / total}


def name_machine() -> str:
    """Return processor, cores and interpreter in a line."""
    return f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=3000)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--quality", choices=("fast", "balanced", "best"), default="fast")
    parser.add_argument("--sizes", type=int, nargs="*", default=[1000, 10_000], help="archives to compare memory of")
    options = parser.parse_args()
    print(name_machine())
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        source = folder / "articles.jsonl"
        write_articles(source, options.articles)
        size = source.stat().st_size / 1e6
        for workers in options.workers:
            flags = ("--workers", str(workers), "--quality", options.quality)
            run = Watched(source, folder / f"out-{workers}", flags)
            print(
                f"{workers} workers: {options.articles / run.seconds:.0f} articles/s, {size / run.seconds:.1f} MB/s, "
                f"{run.seconds:.1f} s ({run.processor:.1f} s of processor time), {run.peak / 1e6:.0f} MB in all"
            )
        shares = measure_shares(source, folder / "out-shares", options.quality)
        print("time: " + ", ".join(f"{share:.0%} {name}" for name, share in shares.items()))
        for count in options.sizes:
            write_articles(source, count)
            run = Watched(source, folder / f"out-size-{count}", ("--workers", "1"))
            print(f"{count} articles: {run.peak / 1e6:.0f} MB at most, with 1 worker")


if __name__ == "__main__":
    main()
