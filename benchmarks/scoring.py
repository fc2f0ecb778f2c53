"""Measures how fast the shipped bundle scores, and prints it. `python benchmarks/scoring.py [--passages 20000]`.

States numbers and judges none: they hold for the machine that it prints.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

# One core for good, which no pool of threads can widen; and said before numpy is imported, which reads it then.
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np  # noqa: E402  (after the threads)

from policyframes.backends import open_backend  # noqa: E402  (after the threads)
from policyframes.resources import models_folder  # noqa: E402  (after the threads)
from policyframes.scorer import DEFAULT_BUNDLE, load  # noqa: E402  (after the threads)

ROUNDS = 5
ROOT = Path(__file__).resolve().parents[1]
_FIRST_SCORE = "import policyframes; policyframes.load().score(['Both governments will plan together.'])"
# VmHWM, because Linux hands a parent's ru_maxrss on to its child.
_PEAK = """
import json, resource, sys
from pathlib import Path
import policyframes
policyframes.load().score(json.load(sys.stdin))
status = Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else []
kilobytes = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
print(kilobytes[0] * 1024 if kilobytes else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def read_passages(count: int) -> list[str]:
    """Return `count` passages: the repository's own rewrites, in their order, repeated as often as it takes."""
    with (ROOT / "labels" / "passages.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    return [texts[i % len(texts)] for i in range(count)]


def measure_rate(work: Callable[[], object], passages: int) -> list[float]:
    """Return passages a second of each round, after one round that does not count."""
    work()
    rates = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        rates.append(passages / (time.perf_counter() - start))
    return rates


def measure_cold_start() -> list[float]:
    """Return the wall seconds of each round of a fresh process: start, import, load, first score."""
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", _FIRST_SCORE], check=True)
        seconds.append(time.perf_counter() - start)
    return seconds


def measure_peak(texts: list[str]) -> float:
    """Return the peak memory, in MB, of a fresh process that scores all the texts in one call."""
    done = subprocess.run(
        [sys.executable, "-c", _PEAK], input=json.dumps(texts), text=True, capture_output=True, check=True
    )
    return int(done.stdout) / 1e6


def describe_machine() -> str:
    """Return processor, cores, load and versions in one line."""
    model = platform.processor() or platform.machine()
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        named = [
            line.split(":", 1)[1].strip()
            for line in facts.read_text(encoding="utf-8").splitlines()
            if "model name" in line
        ]
        model = named[0] if named else model
    load_now = f"{os.getloadavg()[0]:.2f}"
    return (
        f"{model}, {os.cpu_count()} cores, load {load_now}; {platform.system()}, "
        f"Python {platform.python_version()}, numpy {np.__version__}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure how fast the shipped bundle scores, on one core.")
    parser.add_argument("--passages", type=int, default=20_000, help="how many passages (20000)")
    count = parser.parse_args().passages
    if count < 1:
        parser.error(f"--passages: {count}; expected a whole number from 1 up")
    print(f"machine     {describe_machine()}", flush=True)
    texts = read_passages(count)
    words = sum(len(text.split()) for text in texts) / count
    print(f"passages    {count:,} rewrites, {words:.0f} words each on average; {ROUNDS} rounds, one core")
    folder = models_folder() / DEFAULT_BUNDLE
    size = sum(path.stat().st_size for path in folder.iterdir())
    scorer = load(folder)
    print(f"bundle      {DEFAULT_BUNDLE}, {size / 1e6:.2f} MB, {len(scorer.bundle.vocabulary):,} terms")
    backend = open_backend(scorer.bundle)
    print(f"score       {_show(measure_rate(lambda: scorer.score(texts), count))} passages/s (Scorer.score)")
    print(f"logits      {_show(measure_rate(lambda: backend.logits(texts), count))} passages/s (backend alone)")
    cold = measure_cold_start()
    spread = f"{median(cold):.2f} [{min(cold):.2f}, {max(cold):.2f}]"
    print(f"cold start  {spread} s (fresh process: import, load, first score)")
    print(f"peak memory {measure_peak(texts):.0f} MB (fresh process, all passages in one call)")


def _show(rates: list[float]) -> str:
    return f"{median(rates):,.0f} [{min(rates):,.0f}, {max(rates):,.0f}]"


if __name__ == "__main__":
    main()
