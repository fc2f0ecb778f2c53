"""Shards in, results out in the same order: in this process, or in processes that load the model once each."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Protocol

from policyframes.archive.scoring import ShardResult, ShardScorer, Task
from policyframes.archive.shards import Shard
from policyframes.errors import ArchiveWorkerError, PolicyFramesError
from policyframes.scorer import Scorer, load

MOST_TRIES = 3
AHEAD = 2
"""Shards that a worker may be ahead of the one that is waited for."""


class Engine(Protocol):
    """Whatever scores shards and gives their results in the order of the shards."""

    def run(self, shards: Iterable[Shard]) -> Iterator[ShardResult]:
        """Yield the result of each shard, in order."""

    def close(self) -> None:
        """Stop what runs, at once."""


class LocalEngine:
    """Scores in this process."""

    def __init__(self, task: Task, scorer: Scorer) -> None:
        self._scorer = ShardScorer(task, scorer)

    def run(self, shards: Iterable[Shard]) -> Iterator[ShardResult]:
        """Yield the result of each shard, in order."""
        return (self._scorer.score(shard) for shard in shards)

    def close(self) -> None:
        """Close the inputs."""
        self._scorer.close()


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    place: int
    shard: Shard | None = None


class ProcessEngine:
    """Scores in several processes.

    Args:
        task: the job.
        workers: how many processes.
    """

    def __init__(self, task: Task, workers: int) -> None:
        self._task = task
        self._context = multiprocessing.get_context("spawn")
        self._count = workers
        self._workers = [self._start(place) for place in range(workers)]

    def run(self, shards: Iterable[Shard]) -> Iterator[ShardResult]:
        """Yield the result of each shard, in order.

        Raises:
            ArchiveWorkerError: a process died again and again on the same shard.
            PolicyFramesError: what a worker raised.
        """
        source = iter(shards)
        order: deque[int] = deque()
        done: dict[int, ShardResult] = {}
        again: deque[Shard] = deque()
        tries: dict[int, int] = {}
        while True:
            for worker in self._workers:
                if worker.shard is None and (again or len(order) < AHEAD * self._count):
                    shard = again.popleft() if again else next(source, None)
                    if shard is None:
                        break
                    if shard.number not in tries:
                        order.append(shard.number)
                    tries[shard.number] = tries.get(shard.number, 0) + 1
                    worker.shard = shard
                    # A worker that is dead already is noticed by its pipe.
                    with suppress(OSError):
                        worker.pipe.send(shard)
            has_given = False
            while order and order[0] in done:
                number = order.popleft()
                del tries[number]
                yield done.pop(number)
                has_given = True
            if has_given:
                # What waited here may be all that kept the workers from more.
                continue
            if not order:
                return
            self._collect(done, again, tries)

    def close(self) -> None:
        """Kill the processes: what they hold is in no file."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()
        self._workers = []

    def _collect(self, done: dict[int, ShardResult], again: deque[Shard], tries: dict[int, int]) -> None:
        busy = {worker.pipe: worker for worker in self._workers if worker.shard is not None}
        for pipe in wait(list(busy)):
            worker = busy[pipe]  # type: ignore[index]
            shard = worker.shard
            if shard is None:
                continue
            try:
                result = worker.pipe.recv()
            except (EOFError, OSError):
                self._replace(worker, shard, tries[shard.number])
                again.append(shard)
                continue
            if isinstance(result, PackedError):
                raise result.unpack()
            worker.shard = None
            done[shard.number] = result

    def _replace(self, worker: _Worker, shard: Shard, tries: int) -> None:
        worker.process.join()
        if tries >= MOST_TRIES:
            raise ArchiveWorkerError(
                where=f"{self._task.inputs[shard.input].name}, from row {shard.first}",
                found=f"the process that scored it died {tries} times, last with {worker.process.exitcode}",
                allowed="enough memory for each worker, and libraries that run",
                remedy="Give fewer --workers or free memory, then type the same command again: it goes on.",
            )
        place = worker.place
        worker.pipe.close()
        self._workers[self._workers.index(worker)] = self._start(place)

    def _start(self, place: int) -> _Worker:
        ours, theirs = self._context.Pipe()
        share = share_cores(place, self._count)
        process = self._context.Process(target=_serve, args=(theirs, self._task, share), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours, place)


def share_cores(place: int, count: int) -> tuple[int, ...]:
    """Return the cores of a worker: a backend starts a thread for each core that it may use."""
    if not hasattr(os, "sched_getaffinity"):
        return ()
    cores = sorted(os.sched_getaffinity(0))
    return tuple(cores[place % len(cores) :: count]) or (cores[place % len(cores)],)


def load_scorer(task: Task) -> Scorer:
    """Load the model of a job."""
    return load(task.bundle or None, task.settings.quality or None)


def _serve(pipe: Connection, task: Task, cores: tuple[int, ...]) -> None:
    """Score what comes through the pipe until it closes."""
    # A Ctrl-C goes to all processes of a terminal; the first one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    scorer: ShardScorer | None = None
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            shard = pipe.recv()
            try:
                if scorer is None:
                    scorer = ShardScorer(task, load_with(task, cores))
                pipe.send(scorer.score(shard))
            except PolicyFramesError as error:
                pipe.send(PackedError.pack(error))


def load_with(task: Task, cores: tuple[int, ...]) -> Scorer:
    """Load the model while only some cores may be used, so that no worker takes them all; then give them back."""
    if not cores:
        return load_scorer(task)
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        return load_scorer(task)
    finally:
        os.sched_setaffinity(0, before)


@dataclass(frozen=True)
class PackedError:
    """An error on its way through a pipe; errors take keywords alone, which a pipe does not know."""

    kind: Callable[..., PolicyFramesError]
    where: str
    found: str
    allowed: str
    remedy: str

    @classmethod
    def pack(cls, error: PolicyFramesError) -> PackedError:
        """Return the error as it can travel."""
        return cls(type(error), error.where, error.found, error.allowed, error.remedy)

    def unpack(self) -> PolicyFramesError:
        """Return the error as it was raised."""
        return self.kind(where=self.where, found=self.found, allowed=self.allowed, remedy=self.remedy)
