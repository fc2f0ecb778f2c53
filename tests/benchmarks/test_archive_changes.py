"""The benchmark of false alarms: groups of one size, drawn without an article twice, and rates that are rates."""

from __future__ import annotations

import sys

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="pyarrow, the extra archive, is not installed")

from benchmarks import archive_changes
from policyframes.archive.gathering import Pool
from policyframes.bundle import save_bundle
from tests.inference.archive.archives import make_rows, run_job, write_rows
from tests.inference.builders import make_bundle


def test_no_article_is_dealt_out_twice():
    sizes = np.arange(1.0, 31.0)
    pool = Pool(sizes, {"none": sizes / 100}, {"none": sizes})
    groups = archive_changes.draw_groups(pool, 3, 10, np.random.default_rng(1))

    assert [len(group.sizes) for group in groups.values()] == [10, 10, 10]
    assert sorted(size for group in groups.values() for size in group.sizes) == list(sizes)
    assert all((group.counts["none"] == group.sizes).all() for group in groups.values())


def test_the_rates_of_a_finished_job_are_printed(tmp_path, monkeypatch, capsys):
    bundle_folder = tmp_path / "tiny-v1"
    save_bundle(make_bundle(), bundle_folder)
    run_job(write_rows(tmp_path / "news.jsonl", make_rows(60, bad=False)), tmp_path / "out", bundle_folder)
    monkeypatch.setattr(archive_changes, "CELLS", ((3, 10), (9, 900)))
    arguments = [str(tmp_path / "out"), "--bundle", str(bundle_folder), "--draws", "2"]
    monkeypatch.setattr(sys, "argv", ["archive_changes.py", *arguments])
    archive_changes.main()
    lines = [line for line in capsys.readouterr().out.splitlines() if "one after another" in line]

    # A cell that needs more articles than there are is left out.
    assert [line.split(" | ")[1:3] for line in lines] == [["3", "10"]] * 2
    assert all(0 <= float(rate.strip(" |")) <= 100 for line in lines for rate in line.split(" | ")[-2:])
