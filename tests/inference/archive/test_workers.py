"""Several processes: what they give is in order and whole, however unevenly they work."""

from __future__ import annotations

import pytest

from tests.inference.archive.archives import make_rows, read_tree, run_job, write_rows


@pytest.mark.slow
def test_a_first_shard_that_takes_longest_ends_no_run(tmp_path, bundle_folder):
    rows = make_rows(200, bad=False)
    for row in rows[:20]:
        row["text"] = row["text"] * 2000
    source = write_rows(tmp_path / "news.jsonl", rows)
    run_job(source, tmp_path / "alone", bundle_folder, max_characters=10_000_000)

    summary = run_job(source, tmp_path / "together", bundle_folder, workers=2, max_characters=10_000_000)

    assert summary.rows == len(rows)
    assert read_tree(tmp_path / "together") == read_tree(tmp_path / "alone")
