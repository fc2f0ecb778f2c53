"""The benchmark runs and states what its page says; no number is held to anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "scoring.py"


def _run(*arguments):
    return subprocess.run(
        [sys.executable, str(_SCRIPT), *arguments], capture_output=True, text=True, check=False, timeout=120
    )


def test_it_prints_machine_speed_start_memory_and_size():
    done = _run("--passages", "200")

    assert done.returncode == 0, done.stderr
    names = [line[:12].strip() for line in done.stdout.splitlines()]
    assert names == ["machine", "passages", "bundle", "score", "logits", "cold start", "peak memory"]
    assert "200 rewrites" in done.stdout


def test_no_passage_is_refused():
    done = _run("--passages", "0")

    assert done.returncode == 2
    assert "--passages: 0; expected a whole number" in done.stderr
