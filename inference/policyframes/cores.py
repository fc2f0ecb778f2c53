"""How many cores this process may use. Knows of nothing else."""

from __future__ import annotations

import os


def count_cores() -> int:
    """Return the number of cores: a container's or a worker's share of the machine, where the system tells it."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
