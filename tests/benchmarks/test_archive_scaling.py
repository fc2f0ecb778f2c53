"""The simulation of many workers: its bounds, and the rule that results are written in order."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))
_scaling = importlib.import_module("archive_scaling")
ShardTime, simulate = _scaling.ShardTime, _scaling.simulate


def test_one_worker_does_all_in_turn_and_a_second_one_writes_beside_the_work():
    times = [ShardTime(work=2.0, carry=0.1, write=0.5)] * 10

    assert simulate(times, 1) == pytest.approx(10 * 2.5)
    assert simulate(times[:1], 2) == pytest.approx(2.6)


def test_workers_share_the_work_until_the_first_process_has_no_time_left():
    times = [ShardTime(work=1.0, carry=0.0, write=0.1)] * 200

    assert simulate(times, 2) / simulate(times, 4) == pytest.approx(2.0, rel=0.05)
    assert simulate(times, 1000) == pytest.approx(1.0 + 200 * 0.1, rel=0.01)


def test_more_workers_are_never_slower():
    times = [ShardTime(work=1.0 + number % 7, carry=0.01, write=0.02) for number in range(300)]
    seconds = [simulate(times, workers) for workers in (1, 2, 4, 8, 16)]

    assert seconds == sorted(seconds, reverse=True)
    assert seconds[0] / seconds[1] == pytest.approx(2.0, rel=0.05)


def test_a_slow_shard_holds_up_those_behind_it_once_the_workers_are_far_enough_ahead():
    slow = [ShardTime(work=100.0, carry=0.0, write=0.0)] + [ShardTime(work=1.0, carry=0.0, write=0.0)] * 50

    # Two workers may be four shards ahead, so that 47 of the 50 wait for the first one.
    assert simulate(slow, 2) == pytest.approx(100.0 + 47 / 2, abs=1.0)
