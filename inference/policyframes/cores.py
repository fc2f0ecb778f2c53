"""How many cores this process may use. Knows of nothing else."""

from __future__ import annotations

import os


def count_cores() -> int:
    """Return the number of cores that this process may run on, where the system tells it; else those of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
