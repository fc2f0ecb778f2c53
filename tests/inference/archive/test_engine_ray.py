"""A job on a Ray cluster of several processes: the same bytes as on this machine, through deaths and stops."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from policyframes.archive.cluster import engine
from policyframes.archive.cluster.connection import import_ray
from policyframes.archive.cluster.engine import choose_ray
from policyframes.archive.cluster.worker import ShardWorker
from policyframes.archive.job import Means, score_archive
from policyframes.archive.lock import hold_lock
from policyframes.archive.settings import Settings
from policyframes.errors import ArchiveClusterError, ArchiveLockedError, ArchiveWorkerError
from tests.inference.archive.archives import make_rows, read_tree, run_job, write_rows
from tests.inference.archive.test_texts import make_story, make_text, write_table
from tests.inference.archive.workers import AbsentWorker, BrokenWorker, DoomedWorker, MortalWorker, OtherWorker

pytestmark = pytest.mark.slow
LEDGER = Path("_work", "ledger.jsonl")


def run_on_cluster(source, output, bundle, *, address="", workers=2, said=None, **changes):
    settings = Settings(bundle=str(bundle), **{"shard_rows": 10, "passages": True, **changes})
    said = [] if said is None else said
    return score_archive([str(source)], output, settings, Means(make_engine=choose_ray(address, workers, said.append)))


@pytest.fixture(scope="module", autouse=True)
def ray():
    with pytest.MonkeyPatch.context() as patch:
        # Read when ray is imported; without them Ray would leave a token in the home of whoever runs the tests.
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        # Even a cluster that reports nothing would report that it does not.
        patch.setenv("RAY_USAGE_STATS_REPORT_URL", "http://127.0.0.1:9")
        pytest.importorskip("ray", reason="ray, the extra ray, is not installed")
        yield import_ray()


@pytest.fixture(scope="module")
def address(ray):  # noqa: ARG001  (skips where there is none)
    """Start a cluster as an administrator would, and give its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", "--num-cpus=2"]
    command += [f"--port={port}", "--node-ip-address=127.0.0.1", "--include-dashboard=false", "--disable-usage-stats"]
    head = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and head.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.2)
    time.sleep(2)  # The head answers before it has its CPUs.
    yield f"127.0.0.1:{port}"
    head.terminate()
    head.wait(timeout=60)


@pytest.fixture
def shards(source, tmp_path, bundle_folder):
    """Give what this machine makes of the same settings."""
    run_job(source, tmp_path / "reference", bundle_folder, shard_rows=10)
    return read_tree(tmp_path / "reference"), (tmp_path / "reference" / LEDGER).read_bytes()


def read_both(folder):
    return read_tree(folder), (folder / LEDGER).read_bytes()


def test_a_cluster_started_for_the_job_gives_the_same_bytes(ray, source, tmp_path, bundle_folder, shards):
    handler = signal.getsignal(signal.SIGTERM)

    run_on_cluster(source, tmp_path / "out", bundle_folder)

    assert read_both(tmp_path / "out") == shards
    assert not ray.is_initialized()
    assert signal.getsignal(signal.SIGTERM) is handler


@pytest.mark.parametrize("changes", [{"output_format": "jsonl", "dedupe": True}, {"shard_rows": 7}])
def test_a_cluster_that_runs_gives_the_same_bytes(source, tmp_path, bundle_folder, address, changes):
    changes = {"shard_rows": 10, **changes}
    run_job(source, tmp_path / "reference", bundle_folder, **changes)

    run_on_cluster(source, tmp_path / "out", bundle_folder, address=address, **changes)

    assert read_both(tmp_path / "out") == read_both(tmp_path / "reference")


def test_texts_of_a_table_are_joined_there(tmp_path, bundle_folder, address, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stories = write_table(tmp_path / "stories.csv", [make_story(number) for number in range(20)])
    texts = write_table(tmp_path / "texts.jsonl", [make_text(number) for number in range(15)])
    settings = Settings(bundle=str(bundle_folder), source="mediacloud", texts=str(texts), shard_rows=4)
    score_archive([str(stories)], tmp_path / "reference", settings)

    # Its workers stand elsewhere, so that a path from here on would lead them nowhere.
    summary = score_archive([str(stories)], Path("out"), settings, Means(make_engine=choose_ray(address, 2)))

    assert (summary.scored, summary.quarantined) == (15, 5)
    assert read_both(tmp_path / "out") == read_both(tmp_path / "reference")


def test_an_encoder_is_read_there_by_the_runtime_that_is_chosen_here(
    source, tmp_path, encoder_folder, address, monkeypatch
):
    monkeypatch.setenv("POLICYFRAMES_RUNTIME", "onnxruntime")  # The cluster was started without it.
    run_job(source, tmp_path / "reference", encoder_folder, shard_rows=10)

    run_on_cluster(source, tmp_path / "out", encoder_folder, address=address)

    assert read_both(tmp_path / "out") == read_both(tmp_path / "reference")


def test_more_workers_than_cpus_hang_nothing(source, tmp_path, bundle_folder, address, shards):
    run_on_cluster(source, tmp_path / "out", bundle_folder, address=address, workers=5)
    assert read_both(tmp_path / "out") == shards


def test_a_killed_worker_costs_a_retry_and_no_row(source, tmp_path, bundle_folder, address, shards, monkeypatch):
    monkeypatch.setattr(engine, "ShardWorker", MortalWorker)
    said: list[str] = []

    run_on_cluster(source, tmp_path / "out", bundle_folder, address=address, said=said)

    assert (tmp_path / "killed").exists()
    lost = [line for line in said if line.startswith("A worker")]
    assert lost == ["A worker was lost; what it had, from row 21, is done again"]
    assert read_both(tmp_path / "out") == shards


def test_a_shard_that_kills_every_worker_stops_the_job_which_goes_on_later(
    source, tmp_path, bundle_folder, address, shards, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(engine, "ShardWorker", DoomedWorker)
        with pytest.raises(ArchiveWorkerError, match=r"from row 21: the worker that scored it was lost 3 times"):
            run_on_cluster(source, tmp_path / "out", bundle_folder, address=address)
    assert (tmp_path / "out" / LEDGER).read_bytes().count(b"\n") == 2

    run_on_cluster(source, tmp_path / "out", bundle_folder, address=address)

    assert read_both(tmp_path / "out") == shards


def test_a_run_begun_on_a_cluster_goes_on_without_it(source, tmp_path, bundle_folder, address, shards, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(engine, "ShardWorker", DoomedWorker)
        with pytest.raises(ArchiveWorkerError, match="lost 3 times"):
            run_on_cluster(source, tmp_path / "out", bundle_folder, address=address)

    run_job(source, tmp_path / "out", bundle_folder, shard_rows=10, workers=2)

    assert read_both(tmp_path / "out") == shards


def test_a_machine_with_other_code_is_refused(source, tmp_path, bundle_folder, address, monkeypatch):
    monkeypatch.setattr(engine, "ShardWorker", OtherWorker)
    with pytest.raises(ArchiveClusterError, match=r"something else scores there: code\.version: .* here, 0\.0 there"):
        run_on_cluster(source, tmp_path / "out", bundle_folder, address=address)
    assert not (tmp_path / "out" / LEDGER).exists()


@pytest.mark.parametrize("kind", [BrokenWorker, AbsentWorker])
def test_workers_that_never_get_ready_are_a_named_error(source, tmp_path, bundle_folder, address, monkeypatch, kind):
    monkeypatch.setattr(engine, "ShardWorker", kind)
    with pytest.raises(ArchiveClusterError, match=r"none could be made ready, last: .*no library at place"):
        run_on_cluster(source, tmp_path / "out", bundle_folder, address=address)


def test_a_cluster_without_a_free_cpu_is_a_named_error(ray, source, tmp_path, bundle_folder, address, monkeypatch):
    monkeypatch.setattr(engine, "PATIENCE", 1)
    monkeypatch.setattr(engine, "MOMENT", 0.4)
    said: list[str] = []
    ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    try:
        hog = ray.remote(num_cpus=2)(ShardWorker).remote(None)
        ray.get(hog.find_node.remote())
        with pytest.raises(ArchiveClusterError, match=r"no worker is ready after . seconds; .* 2 CPUs 0 are free"):
            run_on_cluster(source, tmp_path / "out", bundle_folder, said=said)
        assert ray.is_initialized()
    finally:
        ray.shutdown()
    assert said[0].startswith("Waiting: no worker is ready after 0 seconds")


def test_a_second_run_on_a_folder_is_refused(ray, source, tmp_path, bundle_folder):
    (tmp_path / "out").mkdir()
    with hold_lock(tmp_path / "out"), pytest.raises(ArchiveLockedError, match=f"process {os.getpid()}"):
        run_on_cluster(source, tmp_path / "out", bundle_folder)
    assert not ray.is_initialized()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_goes_on_and_ends_the_same(tmp_path, bundle_folder, address, number):
    source = write_rows(tmp_path / "news.jsonl", make_rows(3000))
    run_job(source, tmp_path / "reference", bundle_folder, shard_rows=20, passages=False)
    command = [sys.executable, "-m", "policyframes", "archive", "score", str(source), "-o", str(tmp_path / "out")]
    command += ["--bundle", str(bundle_folder), "--shard-rows", "20", "--engine", "ray", "--address", address]
    run = subprocess.Popen([*command, "--workers", "2"], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 90
    while not (tmp_path / "out" / LEDGER).exists() and time.monotonic() < deadline:
        time.sleep(0.01)

    run.send_signal(number)
    run.communicate(timeout=60)

    assert run.returncode == (-number if number == signal.SIGKILL else 128 + number)
    done = (tmp_path / "out" / LEDGER).read_bytes().count(b"\n")
    assert 0 < done < 150
    again = subprocess.run([*command, "--workers", "2"], stderr=subprocess.PIPE, text=True, check=False, timeout=300)
    assert again.returncode == 3
    assert f"Going on: {done} of 150 shards are done" in again.stderr
    assert read_both(tmp_path / "out") == read_both(tmp_path / "reference")
