"""What a run records, and that the embedded store survives a crowd."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from policyframes.errors import TrackingError
from policyframes.scorer import load
from policyframes_training.tracking.tracking import _import_mlflow, open_store, record_run

mlflow = _import_mlflow()
PROCESSES = 8
_LOG_ONE_RUN = """
import sys
from policyframes_training.tracking.tracking import open_store, record_run
store = open_store(folder=sys.argv[1])
with record_run(store, experiment="crowd", name=f"run-{sys.argv[2]}") as run:
    run.log_params({"number": sys.argv[2]})
    run.log_metrics({f"metric-{i}": float(i) for i in range(20)})
    run.log_facts({"number": sys.argv[2]}, "facts.json")
"""
_LOAD_WITHOUT_TRAINING = """
import json, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"policyframes_training", "sklearn", "torch", "datasets"}:
            raise ModuleNotFoundError(f"{name} is blocked", name=name)
sys.meta_path.insert(0, Refuse())
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model(sys.argv[2])
print(json.dumps(model.predict(json.loads(sys.argv[3]))))
"""


@pytest.fixture
def run(trained):
    made, store = trained, trained.store
    return mlflow.MlflowClient(tracking_uri=store.uri, registry_uri=store.uri).get_run(made.run_id)


@pytest.mark.slow
def test_eight_processes_that_start_on_a_fresh_folder_all_log(tmp_path):
    folder = tmp_path / "store"
    crowd = [
        subprocess.Popen([sys.executable, "-c", _LOG_ONE_RUN, str(folder), str(i)], stderr=subprocess.PIPE, text=True)
        for i in range(PROCESSES)
    ]
    errors = [process.communicate()[1] for process in crowd]
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{folder}/mlflow.db")
    experiments = [found for found in client.search_experiments() if found.name == "crowd"]
    runs = client.search_runs([experiments[0].experiment_id])

    assert [process.returncode for process in crowd] == [0] * PROCESSES, errors
    assert len(experiments) == 1
    assert sorted(found.data.params["number"] for found in runs) == [str(i) for i in range(PROCESSES)]
    assert {found.info.status for found in runs} == {"FINISHED"}
    assert {len(found.data.metrics) for found in runs} == {20}
    with sqlite3.connect(folder / "mlflow.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_run_says_where_it_comes_from(trained, tiny, run):
    made = trained
    params = run.data.params

    assert run.info.status == "FINISHED"
    assert params["corpus_sha256"] == made.corpus.sha256
    assert params["split_sha256"] == hashlib.sha256((tiny.labels / "splits.json").read_bytes()).hexdigest()
    assert params["taxonomy_sha256"] == hashlib.sha256((tiny.labels / "taxonomy.yaml").read_bytes()).hexdigest()
    assert params["seed"] == "7"
    assert {"code_commit", "lock_sha256", "strength", "doubt_weight", "word_ngrams"} <= params.keys()


def test_run_records_every_figure_with_its_interval(run):
    metrics = run.data.metrics

    for name in ("test/both/securitized/f1", "test/rewrites/overall/macro_f1", "test/originals/partnership/ece"):
        assert metrics[f"{name}_low"] <= metrics[name] <= metrics[f"{name}_high"]
    assert metrics["second_coder/macro"] == 1.0


def test_run_names_its_data_with_their_hash(trained, run):
    made = trained
    inputs = {entry.dataset.name: entry for entry in run.inputs.dataset_inputs}

    assert set(inputs) == {"policyframes-train", "policyframes-validation", "policyframes-test"}
    assert {entry.dataset.digest for entry in inputs.values()} == {made.corpus.sha256[:36]}
    assert inputs["policyframes-train"].tags[0].value == "training"


def test_run_holds_plots_environment_trials_and_the_bundle(trained, run):
    made, store = trained, trained.store
    folder = Path(mlflow.artifacts.download_artifacts(run.info.artifact_uri, tracking_uri=store.uri))
    environment = json.loads((folder / "environment.json").read_text(encoding="utf-8"))

    assert {path.name for path in (folder / "plots").iterdir()} == {
        "precision-recall.png",
        "reliability.png",
        "confusion.png",
    }
    assert environment["python"] == sys.version.split()[0]
    assert load(folder / "bundle" / "tiny-v1").bundle.id == made.bundle.id


def test_nothing_that_is_logged_is_a_pickle(trained):
    store = trained.store
    endings = {path.suffix for path in store.folder.rglob("*") if path.is_file()}

    assert endings.isdisjoint({".pkl", ".pickle", ".joblib", ".skops", ".cloudpickle"})


def test_model_has_signature_example_and_pins(trained):
    made, store = trained, trained.store
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(store.uri)
    try:
        info = mlflow.models.get_model_info(made.model_uri)
        folder = Path(mlflow.artifacts.download_artifacts(made.model_uri))
    finally:
        mlflow.set_tracking_uri(before)
        os.environ.pop("MLFLOW_TRACKING_URI", None)
    requirements = (folder / "requirements.txt").read_text(encoding="utf-8").split()

    assert "string" in str(info.signature.inputs)
    assert "double" in str(info.signature.outputs)
    assert info.saved_input_example_info is not None
    assert [pin.split("==")[0] for pin in requirements] == ["policyframes", "numpy", "safetensors", "mlflow"]


@pytest.mark.slow
def test_model_loads_and_agrees_where_training_is_not_installed(trained):
    made, store = trained, trained.store
    texts = ["Troops must seal the border.", "Courts need clear rules.", "Our allies share the cost.", ""]
    done = subprocess.run(
        [sys.executable, "-c", _LOAD_WITHOUT_TRAINING, store.uri, made.model_uri, json.dumps(texts)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    expected = [score.probabilities for score in load(made.folder).score(texts)]
    assert [pytest.approx(row, abs=1e-12) for row in expected] == json.loads(done.stdout.splitlines()[-1])


def test_address_in_the_environment_is_honoured_unless_a_folder_is_given(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/elsewhere.db")

    assert open_store().uri == f"sqlite:///{tmp_path}/elsewhere.db"
    assert open_store(folder=trained.store.folder) == trained.store


def test_without_any_address_the_store_is_embedded_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    store = open_store()

    assert store.uri == f"sqlite:///{tmp_path}/.policyframes/mlflow.db"
    assert (tmp_path / ".policyframes" / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_a_run_leaves_the_environment_as_it_was(trained, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with record_run(trained.store, experiment="e", name="r"):
        pass

    assert "MLFLOW_TRACKING_URI" not in os.environ


def test_a_block_that_raises_leaves_a_failed_run(trained):
    store = trained.store
    with pytest.raises(ZeroDivisionError, match="division"), record_run(store, experiment="e", name="r") as run:
        run.log_metrics({"value": 1 / 0})
    found = mlflow.MlflowClient(tracking_uri=store.uri).get_run(run.run_id)

    assert found.info.status == "FAILED"


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(TrackingError, match="a writable folder"):
        open_store(folder=tmp_path / "file" / "store")


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "mlflow.db").write_text("no database, only words of some length", encoding="utf-8")

    with pytest.raises(TrackingError, match="not a database"):
        open_store(folder=tmp_path)


def test_no_usage_data_are_sent(trained):
    assert trained
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_a_store_that_a_kill_left_half_made_is_made_anew(tmp_path):
    # As MLflow leaves them: some tables, and no note of how far it came.
    for name in ("mlflow.half", "mlflow.whole"):
        with sqlite3.connect(tmp_path / name) as database:
            database.execute("CREATE TABLE evaluation_datasets (dataset_id VARCHAR)")
    (tmp_path / "mlflow.half-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(504))
    store = open_store(folder=tmp_path)
    with record_run(store, experiment="after", name="a kill") as run:
        run.log_metrics({"f1": 1.0})

    assert mlflow.MlflowClient(tracking_uri=store.uri).get_run(run.run_id).data.metrics == {"f1": 1.0}
    assert sorted(path.name for path in tmp_path.glob("mlflow.*")) == ["mlflow.db", "mlflow.lock"]
