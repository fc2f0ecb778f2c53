"""B1 and B2: kills at any moment and exits at every step leave nothing lost, doubled or different.

POLICYFRAMES_TORTURE=1 runs the full figures (`make torture`); else a slice that takes some minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

IS_FULL = bool(os.environ.get("POLICYFRAMES_TORTURE"))


def run_torture(checkout, *arguments):
    command = [sys.executable, "-m", "tests.inference.archive.torture", *map(str, arguments)]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=7200, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout.splitlines()[-1])
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    return report


def run_seeds(checkout, seeds, *arguments):
    """Torture with several seeds side by side, as half of the time goes by in waiting for the moment to kill."""
    with ThreadPoolExecutor(len(seeds)) as threads:
        return list(threads.map(lambda seed: run_torture(checkout, *arguments, "--seed", seed), seeds))


@pytest.mark.slow
def test_random_kills_lose_nothing_and_most_land_within_a_write(checkout):
    seeds, *figures = (
        ((1, 2, 3, 4), "--kills", 250, "--rows", 20_000, "--shard-rows", 150)
        if IS_FULL
        else ((1,), "--kills", 60, "--rows", 2000, "--shard-rows", 70)
    )
    reports = run_seeds(checkout, seeds, "kills", *figures)
    landed = sum((Counter(report["landed"]) for report in reports), Counter())
    kills = landed.total() - landed["after the end"]
    within = kills - landed["between writes"]

    assert [report["wrong"] for report in reports] == [[] for _ in seeds]
    assert kills >= len(seeds) * figures[1]
    assert within / kills >= 0.5


@pytest.mark.slow
def test_an_exit_at_every_step_loses_nothing(checkout):
    figures = ("--rows", 70, "--shard-rows", 20, "--both") if IS_FULL else ("--rows", 30, "--shard-rows", 20)
    report = run_torture(checkout, "exits", *figures)

    assert report["wrong"] == []
    assert report["trials"] > report["steps"] > 80


@pytest.mark.slow
def test_a_second_exit_while_going_on_loses_nothing(checkout):
    figures = ("--rows", 70, "--shard-rows", 20, "--both") if IS_FULL else ("--rows", 18, "--shard-rows", 20)
    report = run_torture(checkout, "exits", "--double", "--output-format", "jsonl", *figures)

    assert report["wrong"] == []
