"""B1 and B2: kills at any moment and exits at every step leave nothing lost, doubled or different.

POLICYFRAMES_TORTURE=1 runs the full figures (`make torture`); else a slice that takes some minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

IS_FULL = bool(os.environ.get("POLICYFRAMES_TORTURE"))


def run_torture(checkout, *arguments):
    command = [sys.executable, "-m", "tests.inference.archive.torture", *map(str, arguments)]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=7200, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout.splitlines()[-1])
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    return report


@pytest.mark.slow
def test_random_kills_lose_nothing_and_most_land_within_a_write(checkout):
    figures = (
        ("--kills", 1000, "--rows", 20_000, "--shard-rows", 150)
        if IS_FULL
        else ("--kills", 60, "--rows", 2000, "--shard-rows", 70)
    )
    report = run_torture(checkout, "kills", *figures)
    landed = report["landed"]
    kills = sum(landed.values()) - landed.get("after the end", 0)
    within = kills - landed.get("between writes", 0)

    assert report["wrong"] == []
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
