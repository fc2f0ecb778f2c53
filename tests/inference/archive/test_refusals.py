"""B5, B8, B9: what is refused, how a run stops, and what does not change the results."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from policyframes.archive import job, manifest
from policyframes.archive.job import score_archive
from policyframes.archive.lock import hold_lock
from policyframes.archive.settings import Settings
from policyframes.archive.storage import Disk
from policyframes.archive.summary import summarise
from policyframes.bundle import save_bundle
from policyframes.errors import (
    ArchiveChangedError,
    ArchiveInputError,
    ArchiveIntegrityError,
    ArchiveLockedError,
    RefusedError,
    UsageError,
)
from tests.inference.archive.archives import make_rows, read_tree, run_job, write_rows
from tests.inference.archive.torture import CountingDisk
from tests.inference.builders import make_bundle


class StoppingDisk(Disk):
    """Fails when the second shard is written, so that a run is left half done."""

    def perform(self, step, path, action):  # noqa: ARG002  (the protocol)
        if "part-00001" in path.name:
            raise OSError(28, "No space left on device")
        return action()


@pytest.fixture
def begun(source, tmp_path, bundle_folder) -> Path:
    with pytest.raises(OSError, match="No space left"):
        run_job(source, tmp_path / "out", bundle_folder, disk=StoppingDisk())
    return tmp_path / "out"


def test_other_settings_are_refused_by_name(begun, source, bundle_folder):
    with pytest.raises(ArchiveChangedError, match=r"settings\.shard_rows: 20 before, 25 now") as caught:
        run_job(source, begun, bundle_folder, shard_rows=25)
    assert caught.value.exit_code == 4


def test_another_model_is_refused_by_name(begun, source, tmp_path):
    save_bundle(make_bundle(card="# Another\n"), tmp_path / "other-v1")
    with pytest.raises(ArchiveChangedError, match=r"model\.bundle_id"):
        run_job(source, begun, tmp_path / "other-v1")


def test_other_code_is_refused_by_name(begun, source, bundle_folder, monkeypatch):
    monkeypatch.setattr(manifest, "__version__", "99.0")
    with pytest.raises(ArchiveChangedError, match=r'code\.version: "[^"]+" before, "99\.0" now'):
        run_job(source, begun, bundle_folder)


def test_another_input_is_refused_by_name(begun, source, bundle_folder):
    text = source.read_text()
    source.write_text(text.replace("threat", "border", 1))
    with pytest.raises(ArchiveChangedError, match=r"input news.jsonl\.sha256"):
        run_job(source, begun, bundle_folder)
    source.write_text(text + "\n")
    with pytest.raises(ArchiveChangedError, match=r"input news.jsonl\.bytes"):
        run_job(source, begun, bundle_folder)
    source.rename(source.with_name("renamed.jsonl"))
    with pytest.raises(ArchiveChangedError, match=r"input news.jsonl: no longer given"):
        run_job(source.with_name("renamed.jsonl"), begun, bundle_folder)


def test_the_same_input_elsewhere_or_touched_is_no_other(begun, source, reference, bundle_folder, tmp_path):
    (tmp_path / "moved").mkdir()
    moved = Path(shutil.copy(source, tmp_path / "moved" / source.name))
    run_job(moved, begun, bundle_folder)
    assert read_tree(begun) == reference
    os.utime(source)
    run_job(source, begun, bundle_folder)
    assert read_tree(begun) == reference


def test_an_input_that_changes_during_the_run_stops_it(source, tmp_path, bundle_folder):
    class Meddler(Disk):
        def perform(self, step, path, action):
            if step == "rename" and path.name == "part-00000.parquet":
                source.write_bytes(source.read_bytes() + b"\n")
            return action()

    with pytest.raises(ArchiveInputError, match="changed while it was read"):
        run_job(source, tmp_path / "out", bundle_folder, disk=Meddler())


def test_a_text_that_changes_during_the_run_stops_it(tmp_path, bundle_folder):
    (tmp_path / "in").mkdir()
    for number in range(30):
        (tmp_path / "in" / f"{number}.txt").write_text("The court decides.")

    class Meddler(Disk):
        def perform(self, step, path, action):
            if step == "rename" and path.name == "part-00000.parquet":
                (tmp_path / "in" / "7.txt").write_text("The partner agrees.")
            return action()

    with pytest.raises(ArchiveInputError, match="changed while it was read"):
        run_job(tmp_path / "in", tmp_path / "out", bundle_folder, disk=Meddler())
    with pytest.raises(ArchiveChangedError, match=r"input in\."):
        run_job(tmp_path / "in", tmp_path / "out", bundle_folder)


def test_results_without_their_ledger_are_refused(source, tmp_path, bundle_folder):
    run_job(source, tmp_path / "out", bundle_folder)
    shutil.rmtree(tmp_path / "out" / "_work")
    with pytest.raises(RefusedError, match="_work is gone"):
        run_job(source, tmp_path / "out", bundle_folder)


def test_a_plan_that_is_not_what_was_written_is_refused(source, tmp_path, bundle_folder):
    run_job(source, tmp_path / "out", bundle_folder)
    plan = tmp_path / "out" / "_work" / "plan.jsonl"
    plan.write_bytes(plan.read_bytes().replace(b'"first":1,', b'"first":3,', 1))
    with pytest.raises(RefusedError, match=r"plan\.jsonl is not what was written"):
        run_job(source, tmp_path / "out", bundle_folder)


def test_rows_that_do_not_add_up_leave_no_summary_that_says_finished(source, tmp_path, bundle_folder, monkeypatch):
    monkeypatch.setattr(job, "summarise", lambda entries: replace(summarise(entries), scored=1))
    with pytest.raises(ArchiveIntegrityError, match="50 rows planned, 1 scored"):
        run_job(source, tmp_path / "out", bundle_folder)
    assert not (tmp_path / "out" / "summary.json").exists()


def test_results_without_their_manifest_are_refused_by_name(source, tmp_path, bundle_folder):
    run_job(source, tmp_path / "out", bundle_folder)
    (tmp_path / "out" / "run.json").unlink()
    with pytest.raises(RefusedError, match=r"README\.txt and no run\.json"):
        run_job(source, tmp_path / "out", bundle_folder)


def test_the_readme_tells_how_to_read_the_format_that_was_asked_for(source, tmp_path, bundle_folder):
    run_job(source, tmp_path / "out", bundle_folder, output_format="jsonl")
    readme = (tmp_path / "out" / "README.txt").read_text()

    assert "DuckDB   SELECT * FROM 'documents.jsonl/*.jsonl'" in readme
    assert "parquet" not in readme


def test_a_folder_of_something_else_is_refused(source, tmp_path, bundle_folder):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.docx").write_text("x")
    with pytest.raises(RefusedError, match=r"thesis\.docx"):
        run_job(source, tmp_path / "out", bundle_folder)


def test_results_among_the_texts_are_refused(tmp_path, bundle_folder):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("The court decides.")
    with pytest.raises(UsageError, match="a folder within the inputs"):
        run_job(tmp_path / "texts", tmp_path / "texts" / "out", bundle_folder)


def test_results_among_tables_are_refused_before_they_are_taken_for_inputs(tmp_path, bundle_folder, monkeypatch):
    folder = write_rows(tmp_path / "in.jsonl", make_rows(3)).parent
    monkeypatch.chdir(folder)
    with pytest.raises(UsageError, match="a folder within the inputs"):
        run_job(Path(), Path("out"), bundle_folder)


def test_a_folder_of_texts_below_another_is_refused_as_given_twice(tmp_path, bundle_folder):
    (tmp_path / "texts" / "2024").mkdir(parents=True)
    (tmp_path / "texts" / "a.txt").write_text("The court decides.")
    (tmp_path / "texts" / "2024" / "b.txt").write_text("The court decides.")
    with pytest.raises(UsageError, match="2024: given twice"):
        score_archive(
            [str(tmp_path / "texts"), str(tmp_path / "texts" / "2024")],
            tmp_path / "out",
            Settings(bundle=str(bundle_folder)),
        )


def test_a_second_run_on_a_folder_is_refused(source, tmp_path, bundle_folder):
    (tmp_path / "out").mkdir()
    with hold_lock(tmp_path / "out"):
        start = time.monotonic()
        with pytest.raises(ArchiveLockedError, match=f"process {os.getpid()}") as caught:
            run_job(source, tmp_path / "out", bundle_folder)
    assert time.monotonic() - start < 2
    assert caught.value.exit_code == 4


def test_a_lock_of_a_dead_process_holds_nobody_up(tmp_path):
    code = f"""
import os, signal
from pathlib import Path
from policyframes.archive.job import score_archive
from policyframes.archive.lock import hold_lock
from policyframes.archive.settings import Settings
for _ in range(100):
    child = os.fork()
    if not child:
        with hold_lock(Path({str(tmp_path)!r})):
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    with hold_lock(tmp_path):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("workers", [2, 4])
def test_the_number_of_workers_changes_no_byte(source, reference, tmp_path, bundle_folder, workers):
    run_job(source, tmp_path / "out", bundle_folder, workers=workers)

    assert read_tree(tmp_path / "out") == reference


def test_a_run_that_is_done_is_not_done_again(source, reference, tmp_path, bundle_folder):
    counting = CountingDisk()
    summary = run_job(source, tmp_path / "reference", bundle_folder, disk=counting)

    assert read_tree(tmp_path / "reference") == reference
    assert not [place for _, place in counting.steps if place in {"part", "ledger"} and "folder" not in _]
    assert summary.rows == json.loads((tmp_path / "reference" / "summary.json").read_text())["rows"] == 50


@pytest.mark.parametrize("kind", ["-", "fifo", "/dev/null"])
def test_a_pipe_is_refused_as_what_it_is(tmp_path, bundle_folder, kind):
    if kind == "fifo":
        os.mkfifo(tmp_path / "fifo")
    path = str(tmp_path / "fifo") if kind == "fifo" else kind

    with pytest.raises(UsageError, match="a pipe, which can be read only once"):
        run_job(path, tmp_path / "out", bundle_folder)
    assert not (tmp_path / "out").exists()
