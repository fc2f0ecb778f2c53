"""What runs on a machine of the cluster: loads the model once, then scores shard after shard. Writes no file."""

from __future__ import annotations

import os
from collections.abc import Mapping

from policyframes.archive.cluster.connection import import_ray
from policyframes.archive.manifest import describe_code, describe_model
from policyframes.archive.scoring import ShardResult, ShardScorer, Task
from policyframes.archive.shards import Shard
from policyframes.archive.workers import PackedError, load_with, share_cores
from policyframes.errors import PolicyFramesError
from policyframes.scorer import Scorer


class ShardWorker:
    """Scores shards of one job; Ray makes an actor of it.

    Args:
        task: the job.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._scorer: ShardScorer | None = None

    def find_node(self) -> str:
        """Return the machine that it runs on."""
        return str(import_ray().get_runtime_context().get_node_id())

    def prepare(self, place: int) -> Mapping[str, object] | PackedError:
        """Load the model, and return what it and the code are.

        Args:
            place: of the worker among those of its machine, from 0.
        """
        try:
            scorer = load_with(self._task, share_cores(place, os.cpu_count() or 1))
            self._scorer = ShardScorer(self._task, scorer)
            return describe_maker(scorer)
        except PolicyFramesError as error:
            return PackedError.pack(error)

    def score(self, shard: Shard) -> ShardResult | PackedError:
        """Score a shard."""
        if self._scorer is None:
            raise AssertionError("a worker is prepared before it scores")
        try:
            return self._scorer.score(shard)
        except PolicyFramesError as error:
            return PackedError.pack(error)


def describe_maker(scorer: Scorer) -> Mapping[str, object]:
    """Return what must be the same on every machine for the results to be the same."""
    return {"model": describe_model(scorer), "code": describe_code(scorer)}
