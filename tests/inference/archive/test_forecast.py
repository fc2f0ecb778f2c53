"""What a job will take: a sample is scored as the job would score it, and nothing is written."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from policyframes.archive.forecast import forecast, sampling, timing
from policyframes.archive.forecast.forecast import forecast_job
from policyframes.archive.forecast.sampling import cut_runs, sample_inputs
from policyframes.archive.inputs import find_inputs
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard
from policyframes.cli.archive_plan import format_bytes, format_time
from policyframes.cli.main import build_app
from policyframes.errors import UsageError
from tests.inference.archive.archives import FORMATS, make_rows, run_job, write_rows
from tests.inference.archive.exports import make_article, make_page, make_response, make_warc, write_nexis


def sample(path, **changes):
    return sample_inputs(find_inputs([str(path)], changes.get("source", ""))[0], Settings(**changes))


@pytest.mark.parametrize("name", FORMATS)
def test_rows_of_short_files_are_counted(tmp_path, name):
    found = sample(write_rows(tmp_path / f"news.{name}", make_rows(90)))

    assert (found.rows, found.is_exact) == (90, True)
    assert sum(shard.rows for shard in found.shards) == 90


def test_rows_of_exports_are_counted(tmp_path):
    write_nexis(tmp_path / "a.docx", [make_article(n) for n in range(3)])
    (tmp_path / "b.warc").write_bytes(b"".join(make_warc([make_response(make_page("A", "B")) for _ in range(4)])))

    assert sample(tmp_path, source="nexis").rows == 7


# Of a packed file some thousand bytes are read ahead, which is much of one as short as this.
@pytest.mark.parametrize(("name", "tolerance"), [("jsonl", 0.05), ("jsonl.gz", 0.2), ("csv", 0.05)])
def test_rows_of_long_files_are_estimated_from_parts_of_them(tmp_path, monkeypatch, name, tolerance):
    path = write_rows(tmp_path / f"news.{name}", make_rows(20_000, bad=False))
    monkeypatch.setattr(sampling, "_PREFIX", 400_000)
    monkeypatch.setattr(sampling, "_AHEAD", 0)
    monkeypatch.setattr("policyframes.archive.input_files._BUFFER", 4096)

    found = sample(path)

    assert not found.is_exact
    assert found.rows == pytest.approx(20_000, rel=tolerance)
    assert 200 <= sum(shard.rows for shard in found.shards) <= 4000


def test_files_that_were_not_looked_into_count_by_their_size(tmp_path, monkeypatch):
    for number in range(12):
        write_rows(tmp_path / f"news{number:02d}.jsonl", make_rows(50, seed=number, bad=False))
    monkeypatch.setattr(sampling, "_MOST_INPUTS", 4)

    found = sample(tmp_path)

    assert not found.is_exact
    assert found.rows == pytest.approx(600, rel=0.05)
    assert len({shard.input for shard in found.shards}) == 4


def test_the_forecast_of_a_small_archive_is_what_the_job_then_finds(tmp_path, bundle_folder):
    source = write_rows(tmp_path / "news.jsonl", make_rows(200))
    settings = Settings(bundle=str(bundle_folder), passages=True)

    found = forecast_job([str(source)], settings, workers=1, price=2.0)
    summary = run_job(source, tmp_path / "out", bundle_folder)

    written = sum(
        part.stat().st_size
        for name in ("documents", "passages")
        for part in (tmp_path / f"out/{name}.parquet").iterdir()
    )
    assert found.rows == found.sampled == summary.rows
    assert found.passages == pytest.approx(summary.passages, rel=0.05)
    # Duplicate ids show only when all rows are seen.
    assert found.quarantined == pytest.approx(summary.quarantined, abs=summary.faults["duplicate_id"])
    assert 0 < found.output_bytes < written
    cost = found.costs[0]
    assert cost.core_hours_a_million == pytest.approx(found.cores * 1e6 / cost.rows_a_second / 3600)
    assert cost.price_a_million == pytest.approx(2 * cost.core_hours_a_million)
    assert cost.price == pytest.approx(cost.price_a_million * 200 / 1e6)


def test_a_cascade_is_forecast_at_each_quality(tmp_path, cascade_folder):
    source = write_rows(tmp_path / "news.jsonl", make_rows(60))

    found = forecast_job([str(source)], Settings(bundle=str(cascade_folder)), workers=1, seconds=1)

    assert [cost.quality for cost in found.costs] == ["fast", "balanced", "best"]
    assert all(cost.sampled for cost in found.costs)


def test_a_busy_machine_is_said_to_be_one(tmp_path, bundle_folder, monkeypatch):
    source = write_rows(tmp_path / "news.jsonl", make_rows(20))
    monkeypatch.setattr(forecast, "measure_load", lambda: 99.0)
    said = []

    forecast_job([str(source)], Settings(bundle=str(bundle_folder)), workers=1, say=said.append)

    assert "busy (load 99.0" in said[0]


def test_nothing_to_score_is_said(tmp_path, bundle_folder):
    (tmp_path / "news.csv").write_text("id,text\n")

    with pytest.raises(UsageError, match="no rows"):
        forecast_job([str(tmp_path / "news.csv")], Settings(bundle=str(bundle_folder)), workers=1)


def test_the_command_prints_the_plan_and_writes_nothing(tmp_path, bundle_folder):
    source = write_rows(tmp_path / "news.jsonl", make_rows(60))
    command = ["archive", "plan", str(source), "--bundle", str(bundle_folder), "--workers", "1", "--price", "0.1"]
    before = sorted(tmp_path.iterdir())

    text = CliRunner().invoke(build_app(), [*command, "-q"])
    lines = CliRunner().invoke(build_app(), [*command, "-q", "--json"])

    assert text.exit_code == 0, text.output
    assert "60 articles (60 sampled)" in text.stdout
    assert json.loads(lines.stdout)["rows"] == 60
    assert sorted(tmp_path.iterdir()) == before


def test_sizes_and_times_are_said_in_units_that_suit_them():
    assert [format_bytes(n) for n in (0, 999, 32_147_930, 2e12)] == ["0 bytes", "999 bytes", "32.1 MB", "2 TB"]
    assert [format_time(n) for n in (3, 130, 9000)] == ["3 s", "2 min", "2.5 h"]


def test_a_long_file_is_looked_into_in_runs_from_its_beginning_to_its_end(tmp_path):
    rows = make_rows(6000, bad=False)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "news.parquet", row_group_size=3000)
    found = sample_inputs(find_inputs([str(tmp_path / "news.parquet")])[0], Settings())
    runs = cut_runs(found.shards)

    assert [shard.number for shard in found.shards] == list(range(128))
    assert sorted(len(run) for run in runs) == [16] * 8
    assert min(run[0].first for run in runs) == 1
    assert max(run[-1].first + run[-1].rows for run in runs) == 6001
    assert [run[0].first for run in runs] != sorted(run[0].first for run in runs)


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_the_way_to_a_place_and_the_first_rows_of_a_worker_are_not_timed(workers):
    shards = [
        Shard(16 * run + place, 0, 20, 1 + 1000 * run + 20 * place, group=0) for run in range(3) for place in range(16)
    ]
    results = [SimpleNamespace(number=shard.number, is_dear=shard.number % 16 < workers) for shard in shards]
    steady = timing._choose_steady(results, shards, workers)

    assert len(steady) == 3 * (16 - workers)
    assert not any(result.is_dear for result in steady)


def test_single_shards_of_many_files_are_timed_all_but_the_first():
    shards = [Shard(number, number, 20, 1) for number in range(9)]
    results = [SimpleNamespace(number=shard.number) for shard in shards]

    assert timing._choose_steady(results, shards, 2) == results[2:]
    assert timing._choose_steady(results[:3], shards, 2) == results[:3]
