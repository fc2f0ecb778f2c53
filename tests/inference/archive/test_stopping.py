"""B8: Ctrl-C and SIGTERM end a run within seconds, and the same command goes on from there.

POLICYFRAMES_TORTURE=1 stops fifty runs (`make torture`), else two.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.inference.archive.archives import make_rows, read_tree, run_job, write_rows

TRIALS = 25 if os.environ.get("POLICYFRAMES_TORTURE") else 1


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_run_which_goes_on_later(tmp_path, bundle_folder, number):
    source, output = write_rows(tmp_path / "news.jsonl", make_rows(8000)), tmp_path / "out"
    run_job(source, tmp_path / "reference", bundle_folder, shard_rows=50, passages=False)
    reference = read_tree(tmp_path / "reference")
    command = [sys.executable, "-m", "policyframes", "archive", "score", str(source), "-o", str(output)]
    command += ["--bundle", str(bundle_folder), "--shard-rows", "50", "--workers", "2"]
    for trial in range(TRIALS):
        run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not (output / "_work" / "ledger.jsonl").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(random.Random(f"{number}-{trial}").uniform(0, 0.5))
        start = time.monotonic()
        run.send_signal(number)
        _, said = run.communicate(timeout=30)

        assert run.returncode == 128 + number, trial
        assert time.monotonic() - start < 5
        assert "type the same command again" in said
        assert "Traceback" not in said
        assert not (output / "summary.json").exists()
        run_job(source, output, bundle_folder, shard_rows=50, passages=False)
        assert read_tree(output) == reference
        shutil.rmtree(output)
