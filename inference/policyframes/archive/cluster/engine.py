"""Shards in, results out in the same order, scored by the machines of a Ray cluster. The job writes, they do not."""

from __future__ import annotations

import re
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from policyframes.archive.cluster.connection import import_ray, join_cluster
from policyframes.archive.cluster.worker import ShardWorker, describe_maker
from policyframes.archive.job import EngineMaker
from policyframes.archive.scoring import ShardResult, Task
from policyframes.archive.shards import Shard
from policyframes.archive.workers import MOST_TRIES, PackedError
from policyframes.backends.runtimes import VARIABLE
from policyframes.errors import ArchiveClusterError, ArchiveInputError, ArchiveWorkerError, PolicyFramesError
from policyframes.scorer import Scorer

PATIENCE = 600.0
"""Seconds that a job waits while no worker is ready."""
MOMENT = 30.0
"""Seconds after which a job that waits says so, if it waits for workers."""
_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_AHEAD = 2
"""Shards a worker that may be done before the one that is waited for."""


def choose_ray(address: str = "", workers: int = 0, say: Callable[[str], None] = lambda _: None) -> EngineMaker:
    """Return what makes the engine of a job on a Ray cluster.

    Args:
        address: of the cluster, as `join_cluster` takes it.
        workers: how many; 0: one for each CPU that the cluster has when the job begins.
        say: is told what a person should know.

    Raises:
        MissingExtraError: ray is not installed.
    """
    import_ray()
    return lambda task, scorer: RayEngine(task, scorer, address=address, workers=workers, say=say)


@dataclass(eq=False)
class _Worker:
    """An actor and what it does: it has a node once it has started, and does one thing at a time."""

    actor: Any
    pending: Any = None
    node: str = ""
    place: int = -1
    shard: Shard | None = None


class RayEngine:
    """Scores on a Ray cluster: one actor a CPU, which loads the model once.

    Shards go to actors and results come back through Ray; the inputs alone must be readable on every machine, and with
    a table of texts its copy in the folder of the results too. An actor that dies, whatever killed it, is replaced and
    its shard done again, up to `MOST_TRIES` times a shard.

    Args:
        task: the job.
        scorer: of the job; every worker's must be the same.
        address: of the cluster, as `join_cluster` takes it.
        workers: how many; 0: one for each CPU of the cluster.
        say: is told what a person should know.
    """

    def __init__(
        self, task: Task, scorer: Scorer, *, address: str, workers: int, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self._ray = import_ray()
        self._say = say
        self._maker = describe_maker(scorer)
        is_folder = bool(task.bundle) and Path(task.bundle).is_dir()
        self._task = replace(task, bundle=str(Path(task.bundle).resolve())) if is_folder else task
        self._is_ours = join_cluster(self._ray, address, workers)
        self._count = workers or max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        self._stored = self._ray.put(self._task)
        # A dead actor is replaced here and not by Ray, which would not count how often the same shard killed it.
        # A cluster's processes have the environment of whoever started it.
        environment = {"env_vars": {VARIABLE: scorer.runtime}} if scorer.runtime else None
        self._make = self._ray.remote(num_cpus=1, max_restarts=0, runtime_env=environment)(ShardWorker)
        self._workers: list[_Worker] = []
        self._lost = 0
        self._waits_since = time.monotonic()

    def run(self, shards: Iterable[Shard]) -> Iterator[ShardResult]:
        """Yield the result of each shard, in order.

        Raises:
            ArchiveClusterError: no worker starts, or workers have another model or other code.
            ArchiveWorkerError: workers died again and again on the same shard.
            PolicyFramesError: what a worker raised.
        """
        source = iter(shards)
        waiting = deque(islice(source, self._count))
        # More workers than shards would load the model for nothing.
        self._workers = [self._start() for _ in waiting]
        order: deque[int] = deque()
        done: dict[int, ShardResult] = {}
        tries: Counter[int] = Counter()
        while True:
            for worker in self._workers:
                if worker.pending is not None:
                    continue
                if not waiting and len(order) < _AHEAD * self._count:
                    waiting.extend(islice(source, 1))
                if not waiting:
                    break
                shard = waiting.popleft()
                if shard.number not in tries:
                    order.append(shard.number)
                tries[shard.number] += 1
                worker.shard, worker.pending = shard, worker.actor.score.remote(shard)
            has_given = False
            while order and order[0] in done:
                number = order.popleft()
                del tries[number]
                yield done.pop(number)
                has_given = True
            if has_given:
                # What waited here may be all that kept the workers from more.
                continue
            if not order and not waiting:
                return
            self._collect(done, waiting, tries)

    def close(self) -> None:
        """End the workers, whose results are in no file, and the cluster if it was started for this job."""
        for worker in self._workers:
            self._ray.kill(worker.actor)
        self._workers = []
        if self._is_ours:
            self._ray.shutdown()

    def _start(self) -> _Worker:
        actor = self._make.remote(self._stored)
        return _Worker(actor, actor.find_node.remote())

    def _collect(self, done: dict[int, ShardResult], waiting: deque[Shard], tries: Counter[int]) -> None:
        """Wait until something happens, and note it."""
        pending = {worker.pending: worker for worker in self._workers if worker.pending is not None}
        ready, _ = self._ray.wait(list(pending), num_returns=1, timeout=MOMENT)
        if not ready:
            self._check_patience()
            return
        for reference in ready:
            worker = pending[reference]
            try:
                answer = self._ray.get(reference)
            except self._ray.exceptions.RayError as error:
                self._replace(worker, error, waiting, tries)
                continue
            if isinstance(answer, PackedError):
                raise explain_error(answer.unpack())
            self._advance(worker, answer, done)

    def _advance(self, worker: _Worker, answer: Any, done: dict[int, ShardResult]) -> None:  # noqa: ANN401  (any step's)
        """Take what a worker answered, and let it do what comes next before it can score."""
        self._waits_since = time.monotonic()
        worker.pending = None
        if worker.shard is not None:
            done[worker.shard.number] = answer
            worker.shard = None
        elif not worker.node:
            worker.node = answer
            taken = {other.place for other in self._workers if other.node == worker.node}
            worker.place = next(place for place in range(len(taken) + 1) if place not in taken)
            worker.pending = worker.actor.prepare.remote(worker.place)
        else:
            _check_maker(worker.node, self._maker, answer)
            self._lost = 0

    def _replace(self, worker: _Worker, error: Exception, waiting: deque[Shard], tries: Counter[int]) -> None:
        """Put a new worker in the place of a lost one, and its shard back into the queue."""
        reason = _find_reason(error)
        if worker.shard is not None:
            if tries[worker.shard.number] >= MOST_TRIES:
                raise ArchiveWorkerError(
                    where=f"{self._task.inputs[worker.shard.input].name}, from row {worker.shard.first}",
                    found=f"the worker that scored it was lost {MOST_TRIES} times, last: {reason}",
                    allowed="enough memory for each worker, and libraries that run",
                    remedy="Give fewer --workers or free memory, then type the same command again: it goes on.",
                )
            waiting.appendleft(worker.shard)
            self._say(f"A worker was lost; what it had, from row {worker.shard.first}, is done again")
        else:
            self._lost += 1
            if self._lost >= MOST_TRIES * len(self._workers):
                raise ArchiveClusterError(
                    where="the workers of the cluster",
                    found=f"none could be made ready, last: {reason}",
                    allowed="policyframes and its extra archive in this version on every machine of the cluster",
                    remedy="Install it there, then type the same command again: it goes on.",
                )
        self._ray.kill(worker.actor)
        self._workers[self._workers.index(worker)] = self._start()

    def _check_patience(self) -> None:
        if any(worker.shard is not None for worker in self._workers):
            self._waits_since = time.monotonic()
            return
        waited = time.monotonic() - self._waits_since
        free = self._ray.available_resources().get("CPU", 0)
        total = self._ray.cluster_resources().get("CPU", 0)
        found = f"no worker is ready after {waited:.0f} seconds; of the cluster's {total:.0f} CPUs {free:.0f} are free"
        if waited > PATIENCE:
            raise ArchiveClusterError(
                where="the workers of the cluster",
                found=found,
                allowed="one free CPU for each worker, and a model that loads",
                remedy="Wait for other jobs to end or add machines, then type the same command again: it goes on.",
            )
        self._say(f"Waiting: {found}")


def _find_reason(error: Exception) -> str:
    """Return the last line of one of Ray's errors, where the cause stands, without its colours."""
    lines = [line.strip() for line in _COLOUR.sub("", str(error)).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__


def _check_maker(node: str, wanted: Mapping[str, object], found: Mapping[str, object]) -> None:
    """Refuse a worker whose results would differ from ours."""
    pairs = {
        f"{part}.{name}": (value, theirs)
        for part in wanted
        for name, value, theirs in _pair_values(wanted[part], found.get(part))
        if value != theirs
    }
    if pairs:
        shown = "; ".join(f"{name}: {ours} here, {theirs} there" for name, (ours, theirs) in pairs.items())
        raise ArchiveClusterError(
            where=f"machine {node[:12]} of the cluster",
            found=f"something else scores there: {shown}",
            allowed="the same policyframes, model and libraries on every machine",
            remedy="Install the same there, restart its Ray, then type the same command again: it goes on.",
        )


def _pair_values(ours: object, theirs: object) -> Iterator[tuple[str, object, object]]:
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for name in dict.fromkeys((*ours, *theirs)):
            yield str(name), ours.get(name), theirs.get(name)


def explain_error(error: PolicyFramesError) -> PolicyFramesError:
    """Return an error of a worker, with what is to be known where files are on one machine and workers on another."""
    if not isinstance(error, ArchiveInputError):
        return error
    return type(error)(
        where=error.where,
        found=error.found,
        allowed=f"{error.allowed}; every machine of the cluster must see the inputs under the same path, and with"
        " --texts the folder of the results too",
        remedy=error.remedy,
    )
