"""B6 and what else a run that goes on must not do: read again what was read, score again what was scored."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

from policyframes.archive import input_files, scoring
from policyframes.archive.job import Means, score_archive
from policyframes.archive.settings import Settings
from policyframes.archive.storage import Disk
from policyframes.archive.workers import MOST_TRIES, ProcessEngine
from policyframes.errors import ArchiveIntegrityError, ArchiveWorkerError
from tests.inference.archive.archives import make_rows, read_documents, read_entries, read_tree, run_job, write_rows


class StoppingDisk(Disk):
    def __init__(self, part: str) -> None:
        self._part = part

    def perform(self, step, path, action):  # noqa: ARG002  (the protocol)
        if self._part in path.name:
            raise OSError(28, "No space left on device")
        return action()


@pytest.fixture
def bytes_read(monkeypatch):
    real, total = os.read, [0]

    def count(handle, size):
        data = real(handle, size)
        total[0] += len(data)
        return data

    monkeypatch.setattr("policyframes.archive.input_files.os.read", count)
    return total


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_a_run_that_is_nearly_done_reads_little_of_its_input_again(tmp_path, bundle_folder, bytes_read, kind):
    padding = "".join(chr(97 + number * number % 26) for number in range(20_000))
    rows = [{**row, "padding": f"{number}{padding}"} for number, row in enumerate(make_rows(2000, bad=False))]
    source = write_rows(tmp_path / f"news.{kind}", rows)
    if kind == "parquet":
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        pq.write_table(pa.Table.from_pylist(rows), source, row_group_size=200, compression=None, use_dictionary=False)
    changes = {"passages": False, "keep": ("outlet",)}
    with pytest.raises(OSError, match="No space left"):
        run_job(source, tmp_path / "out", bundle_folder, disk=StoppingDisk("part-00099"), **changes)
    before = bytes_read[0]
    bytes_read[0] = 0
    run_job(source, tmp_path / "out", bundle_folder, **changes)

    assert before > source.stat().st_size
    assert bytes_read[0] <= 0.02 * source.stat().st_size
    assert len(read_documents(tmp_path / "out")) == 2000


def test_what_was_finished_is_not_scored_again(source, reference, tmp_path, bundle_folder, monkeypatch):
    with pytest.raises(OSError, match="No space left"):
        run_job(source, tmp_path / "out", bundle_folder, disk=StoppingDisk("part-00002"))
    scored = []
    real = scoring.ShardScorer.score
    monkeypatch.setattr(
        scoring.ShardScorer, "score", lambda self, shard: (scored.append(shard.number), real(self, shard))[1]
    )
    run_job(source, tmp_path / "out", bundle_folder)

    assert scored == [2]
    assert read_tree(tmp_path / "out") == reference


def test_ids_of_finished_shards_are_remembered(tmp_path, bundle_folder):
    rows = make_rows(50, bad=False)
    source = write_rows(tmp_path / "news.jsonl", [*rows, rows[3], rows[30]])
    with pytest.raises(OSError, match="No space left"):
        run_job(source, tmp_path / "out", bundle_folder, disk=StoppingDisk("part-00002"))
    summary = run_job(source, tmp_path / "out", bundle_folder)

    assert summary.faults == {"duplicate_id": 2}


def test_files_that_the_ledger_does_not_know_are_written_over(source, reference, tmp_path, bundle_folder):
    with pytest.raises(OSError, match="No space left"):
        run_job(source, tmp_path / "out", bundle_folder, disk=StoppingDisk("part-00001"))
    part = tmp_path / "out" / "documents.parquet" / "part-00001.parquet"
    part.write_bytes(b"of somebody else")
    run_job(source, tmp_path / "out", bundle_folder)

    assert read_tree(tmp_path / "out") == reference


def test_rows_that_do_not_add_up_are_an_error(source, tmp_path, bundle_folder, monkeypatch):
    real = scoring.ShardScorer.score

    def lose_a_row(self, shard):
        result = real(self, shard)
        return type(result)(**{**vars(result), "entries": result.entries[1:]})

    monkeypatch.setattr(scoring.ShardScorer, "score", lose_a_row)
    with pytest.raises(ArchiveIntegrityError, match="20 rows read of 20"):
        run_job(source, tmp_path / "out", bundle_folder)
    assert read_entries(tmp_path / "out") == {}


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_a_retry(source, reference, tmp_path, bundle_folder):
    killed = []

    class Killing(ProcessEngine):
        def run(self, shards):
            for number, result in enumerate(super().run(shards)):
                if number == 0:
                    victim = self._workers[0].process
                    os.kill(victim.pid, signal.SIGKILL)
                    killed.append(victim.pid)
                yield result

    settings = Settings(bundle=str(bundle_folder), shard_rows=20, passages=True)
    means = Means(make_engine=lambda task, _: Killing(task, 2))
    score_archive([str(source)], tmp_path / "out", settings, means)

    assert killed
    assert read_tree(tmp_path / "out") == reference


@pytest.mark.slow
def test_a_worker_that_dies_again_and_again_is_named(source, tmp_path, bundle_folder):
    class Deadly(ProcessEngine):
        def _collect(self, *arguments):
            for worker in self._workers:
                if worker.shard is not None and worker.shard.number == 1:
                    worker.process.kill()
                    worker.process.join()
            super()._collect(*arguments)

    settings = Settings(bundle=str(bundle_folder), shard_rows=20)
    start = time.monotonic()
    with pytest.raises(ArchiveWorkerError, match=f"died {MOST_TRIES} times"):
        score_archive([str(source)], tmp_path / "out", settings, Means(make_engine=lambda task, _: Deadly(task, 2)))
    assert time.monotonic() - start < 60


def test_the_manifest_names_model_settings_code_and_inputs(source, tmp_path, bundle_folder):
    run_job(source, tmp_path / "out", bundle_folder)
    manifest = json.loads((tmp_path / "out" / "run.json").read_text())

    assert manifest["inputs"] == [
        {
            "name": "news.jsonl",
            "format": "jsonl",
            "compression": "",
            "bytes": source.stat().st_size,
            "sha256": input_files.hash_file(source),
        }
    ]
    assert manifest["model"]["bundle"] == "tiny-v1"
    assert manifest["settings"]["shard_rows"] == 20
    assert {"version", "sources_sha256", "python", "libraries"} <= set(manifest["code"])
    assert (manifest["rows"], manifest["shards"]) == (50, 3)
