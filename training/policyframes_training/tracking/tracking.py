"""Experiment records. The only file that imports mlflow (beside pyfunc_model.py, which MLflow itself runs).

Everything is logged by hand: autologging guesses at multi-label pipelines and fails. No usage data leaves the machine.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from policyframes.errors import TrackingError

if TYPE_CHECKING:
    from datasets import Dataset
    from matplotlib.figure import Figure

DEFAULT_FOLDER = Path(".policyframes")
DEFAULT_EXPERIMENT = "policyframes"

_DATABASE = "mlflow.db"
_LOCK = "mlflow.lock"
_LOCK_SECONDS = 300
_URI_VARIABLE = "MLFLOW_TRACKING_URI"
_MODEL_CODE = Path(__file__).with_name("pyfunc_model.py")


@dataclass(frozen=True)
class Store:
    """Where runs are recorded.

    Attributes:
        uri: as MLflow understands it.
        folder: the local folder of the embedded store; None for a store that somebody else runs.
    """

    uri: str
    folder: Path | None


@dataclass(frozen=True)
class RunRecord:
    """An open run: what is logged through it belongs to the run."""

    run_id: str
    _mlflow: Any

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Record parameters, hashes and seeds; None is written out as `none`."""
        self._mlflow.log_params({name: "none" if value is None else value for name, value in params.items()})

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Record figures, all in one transaction."""
        self._mlflow.log_metrics(dict(metrics))

    def log_dataset(self, dataset: Dataset, *, name: str, digest: str, context: str) -> None:
        """Record which data were used: counts and hash; the passages themselves stay where they are.

        Args:
            dataset: one split.
            name: name of the data.
            digest: hash that identifies them; MLflow keeps its first 36 characters.
            context: `training`, `validation` or `testing`.
        """
        # Columns as plain objects: MLflow cannot read the string type of pandas 3.
        frame = dataset.select_columns(["id", "origin", "document"]).to_pandas().astype(object)
        source = import_module("mlflow.data.code_dataset_source").CodeDatasetSource(tags={})
        logged = self._mlflow.data.from_pandas(frame, source=source, name=name, digest=digest[:36])
        self._mlflow.log_input(logged, context=context)

    def log_figures(self, figures: Mapping[str, Figure], folder: str = "plots") -> None:
        """Record figures by file name."""
        for name, figure in figures.items():
            self._mlflow.log_figure(figure, f"{folder}/{name}")

    def log_facts(self, facts: Mapping[str, Any], name: str) -> None:
        """Record a mapping as a JSON file."""
        self._mlflow.log_dict(dict(facts), name)

    def log_bundle(
        self, folder: Path, *, example: Sequence[str], requirements: Sequence[str], parts: Sequence[Path] = ()
    ) -> str:
        """Record a bundle as artifact `bundle/<name>` and as a pyfunc model; return the model's URI.

        Args:
            folder: of the bundle.
            parts: of a cascade, the folders of its parts, which it looks for beside itself.
            example: texts that are stored as the model's input example.
            requirements: what pip must install where the model is loaded. Given, because MLflow would otherwise
                load the model in another process to guess them.
        """
        for each in (folder, *parts):
            self._mlflow.log_artifacts(str(each), f"bundle/{each.name}")
        info = self._mlflow.pyfunc.log_model(
            name="model",
            python_model=str(_MODEL_CODE),
            artifacts={"bundle": str(folder), **{part.name: str(part) for part in parts}},
            input_example=list(example),
            pip_requirements=list(requirements),
        )
        return str(info.model_uri)


def open_store(uri: str | None = None, folder: Path | str | None = None) -> Store:
    """Return the store that runs go to, created where it is ours and not there yet.

    A given `uri` comes first, then a given `folder`, then the variable MLFLOW_TRACKING_URI, then `.policyframes` in
    the current folder. In a folder the store is embedded: a SQLite file `mlflow.db` and the artifacts beside it. Its
    tables are made under an exclusive lock, because MLflow's own first start fails where several processes do it.

    Raises:
        TrackingError: the store cannot be created or reached.
    """
    given = uri or (os.environ.get(_URI_VARIABLE) if folder is None else None)
    if given:
        return Store(given, None)
    home = (Path(folder) if folder is not None else DEFAULT_FOLDER).absolute()
    store = Store(f"sqlite:///{home / _DATABASE}", home)
    try:
        home.mkdir(parents=True, exist_ok=True)
        _ignore_in_git(home)
        with FileLock(home / _LOCK, timeout=_LOCK_SECONDS):
            _make_database(home / _DATABASE)
            _create_tables(store.uri)
    except (OSError, Timeout) as error:
        raise _unreachable(store.uri, str(error)) from error
    return store


@contextmanager
def record_run(store: Store, *, experiment: str, name: str) -> Iterator[RunRecord]:
    """Open a run; it ends FINISHED, or FAILED where the block raises.

    Args:
        store: from `open_store`.
        experiment: name of the experiment, made where it does not exist.
        name: name of the run.

    Raises:
        TrackingError: the store cannot be reached, or stops answering while the run is open.
    """
    mlflow = _import_mlflow()
    before, before_uri = os.environ.get(_URI_VARIABLE), mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(store.uri)
    try:
        try:
            experiment_id = _find_experiment(mlflow, store, experiment)
            run = mlflow.start_run(experiment_id=experiment_id, run_name=name)
        except (mlflow.exceptions.MlflowException, OSError) as error:
            raise _unreachable(store.uri, str(error)) from error
        try:
            with run:
                yield RunRecord(str(run.info.run_id), mlflow)
        except mlflow.exceptions.MlflowException as error:
            raise _unreachable(store.uri, str(error)) from error
    finally:
        # MLflow keeps the address in the environment; a later call must not take it for the user's wish.
        mlflow.set_tracking_uri(before_uri)
        if before is None:
            os.environ.pop(_URI_VARIABLE, None)
        else:
            os.environ[_URI_VARIABLE] = before


def _find_experiment(mlflow: Any, store: Store, name: str) -> str:  # noqa: ANN401  (mlflow is untyped)
    if store.folder is None:
        return str(mlflow.set_experiment(name).experiment_id)
    with FileLock(store.folder / _LOCK, timeout=_LOCK_SECONDS):
        found = mlflow.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        return str(mlflow.create_experiment(name, artifact_location=(store.folder / "artifacts").as_uri()))


def _make_database(path: Path) -> None:
    """Make the file where there is none, whole or not at all: MLflow cannot go on with tables that a kill left half."""
    if path.exists():
        return
    half, whole = path.with_suffix(".half"), path.with_suffix(".whole")
    # With its journal: the library would play that back into the new file.
    for left in (*path.parent.glob(f"{half.name}*"), *path.parent.glob(f"{whole.name}*")):
        left.unlink()
    _create_tables(f"sqlite:///{half}")
    # A copy, because the library holds on to the file that it made, and some systems then let nobody rename it.
    shutil.copyfile(half, whole)
    whole.replace(path)
    with suppress(OSError):
        half.unlink()


def _create_tables(uri: str) -> None:
    mlflow = _import_mlflow()
    # MLflow passes on what the database layer below it raises.
    database_error = import_module("sqlalchemy.exc").SQLAlchemyError
    try:
        mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri).search_experiments(max_results=1)
    except (mlflow.exceptions.MlflowException, database_error) as error:
        raise _unreachable(uri, str(error)) from error


def _ignore_in_git(home: Path) -> None:
    marker = home / ".gitignore"
    if not marker.exists():
        marker.write_text("*\n", encoding="utf-8")


def _import_mlflow() -> Any:  # noqa: ANN401  (mlflow is untyped)
    # Read when mlflow is imported, so they are set before it.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    # A server that is down should be named within seconds, not after minutes of retries.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    with warnings.catch_warnings():
        # MLflow warns of the type hints of its own classes while it is imported.
        warnings.filterwarnings("ignore", message=r".*Any type hint is inferred as AnyType", category=UserWarning)
        mlflow = import_module("mlflow")
        import_module("mlflow.data")
        import_module("mlflow.pyfunc")
    return mlflow


def _unreachable(uri: str, found: str) -> TrackingError:
    return TrackingError(
        where=uri,
        found=" ".join(found.split())[:300],
        allowed="a writable folder, or the address of an MLflow server that answers",
        remedy=f"Give another folder with --store, or correct {_URI_VARIABLE}.",
    )
