"""What the numbers were taken on: the machine, its interpreters, and how busy others kept it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

# Of the processor, those that make the fast paths of encoders possible.
_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
_FIND = (
    "import importlib.util, json, sys; "
    "print(json.dumps({name: importlib.util.find_spec(name) is not None for name in sys.argv[1:]}))"
)


def describe_machine(peers_python: str) -> dict[str, Any]:
    """Return processor, cores, load and versions, and a line that says them."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.exists() else []
    parted = [line.split(":", 1) for line in lines if ":" in line]
    said = {name.strip(): value.strip() for name, value in parted}
    model = said.get("model name") or platform.processor() or platform.machine()
    flags = [flag for flag in _FLAGS if flag in said.get("flags", "").split()]
    theirs = subprocess.run([peers_python, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    found = {
        "processor": model,
        "flags": flags,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "peers_python": theirs,
        "numpy": np.__version__,
    }
    line = (
        f"{model} ({' '.join(flags) or 'none of the flags looked for'}), {found['cores']} cores, load "
        f"{found['load']:.2f}; {platform.system()}, Python {found['python']} (peers {theirs}), numpy {np.__version__}"
    )
    return {**found, "line": line}


def find_modules(python: str, names: Sequence[str]) -> dict[str, bool]:
    """Return which modules the interpreter has."""
    done = subprocess.run([python, "-c", _FIND, *names], capture_output=True, text=True, check=True)
    answer: dict[str, bool] = json.loads(done.stdout)
    return answer


class Others:
    """Measures, while it is entered, how many cores anyone but one process took; 0 where /proc is not there."""

    def __init__(self, pid: int) -> None:
        self.cores = 0.0
        self._pid = pid
        self._start: tuple[float, float] = (0.0, 0.0)

    def __enter__(self) -> Self:
        self._start = (time.perf_counter(), self._read())
        return self

    def __exit__(self, *_: object) -> None:
        wall, busy = time.perf_counter() - self._start[0], self._read() - self._start[1]
        self.cores = max(0.0, busy / wall) if wall else 0.0

    def _read(self) -> float:
        """Return the seconds of CPU time that all but the process have spent so far."""
        if sys.platform != "linux":
            return 0.0
        tick = os.sysconf("SC_CLK_TCK")
        user, nice, system, _idle, _wait, irq, softirq, *_ = map(
            int, Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
        )
        try:
            # After the name, which may hold blanks, come the state and the numbers.
            own = Path(f"/proc/{self._pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        except OSError:
            return 0.0
        return (user + nice + system + irq + softirq - int(own[11]) - int(own[12])) / tick
