"""Workers of a cluster that die or differ, where a test needs one; the cluster's processes import them from here."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from policyframes.archive.cluster.worker import ShardWorker


class MortalWorker(ShardWorker):
    """Is killed at its third shard, unless that happened to another before."""

    def score(self, shard):
        mark = Path(self._task.bundle).with_name("killed")
        if shard.number == 2 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().score(shard)


class DoomedWorker(ShardWorker):
    """Is killed at the third shard, whoever has it."""

    def score(self, shard):
        if shard.number == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().score(shard)


class OtherWorker(ShardWorker):
    """Has another version."""

    def prepare(self, place):
        maker = super().prepare(place)
        return {**maker, "code": {**maker["code"], "version": "0.0"}}


class BrokenWorker(ShardWorker):
    """Never gets ready."""

    def prepare(self, place):
        raise ImportError(f"no library at place {place}")


class AbsentWorker(ShardWorker):
    """Does not even start, as where the package is not installed."""

    def __init__(self, task):  # noqa: ARG002  (the signature is Ray's to call)
        raise ModuleNotFoundError("no library at place, nor the package")
