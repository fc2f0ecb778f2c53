"""Starts the contenders' processes and talks to them. Measures nothing but the wall time of a first score."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peer_entries import Entry

_SCRIPT = Path(__file__).resolve().with_name("peer_worker.py")
_SHOWN = 300


class WorkerError(Exception):
    """A contender's process ended without an answer; says its last words."""


class Worker:
    """One process, from its start to `close`."""

    def __init__(self, command: list[str], log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log
        with log.open("w", encoding="utf-8") as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8"
            )

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        return self._process.pid

    def read(self) -> dict[str, Any]:
        """Return the next answer.

        Raises:
            WorkerError: there is none.
        """
        if self._process.stdout is None:
            raise WorkerError("the process has no output")
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            said = [row.strip() for row in self._log.read_text(encoding="utf-8").splitlines() if row.strip()]
            raise WorkerError((said[-1] if said else f"ended with {self._process.returncode}")[:_SHOWN])
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, text: str) -> dict[str, Any]:
        """Send a line and return the answer.

        Raises:
            WorkerError: the process has ended.
        """
        if self._process.stdin is None:
            raise WorkerError("the process has no input")
        try:
            self._process.stdin.write(text + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise WorkerError("the process has ended") from error
        return self.read()

    def close(self) -> None:
        """End the process and wait for it."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait()


@dataclass(frozen=True)
class Workbench:
    """Where the contenders work, and with which interpreters.

    Attributes:
        work: folder of inputs, trained peers and logs.
        ours: interpreter that has this repository's package.
        peers: interpreter that has the peers.
    """

    work: Path
    ours: str
    peers: str

    def start(self, action: str, entry: Entry, *, one_core: bool = False) -> Worker:
        """Start a process."""
        python = self.ours if entry.kind == "ours" else self.peers
        command = [python, str(_SCRIPT), action, entry.name, "--work", str(self.work)]
        log = self.work / "logs" / f"{entry.name}.{action}{'.one' if one_core else ''}.log"
        return Worker([*command, *(["--one-core"] if one_core else [])], log)

    def ask(self, action: str, entry: Entry) -> dict[str, Any]:
        """Run a process to its one answer.

        Raises:
            WorkerError: there is none.
        """
        worker = self.start(action, entry)
        try:
            return worker.read()
        finally:
            worker.close()

    def serve(self, entry: Entry, *, one_core: bool) -> Worker:
        """Start a process that times itself, and wait until it is ready.

        Raises:
            WorkerError: it does not get there.
        """
        worker = self.start("serve", entry, one_core=one_core)
        try:
            worker.read()
        except WorkerError:
            worker.close()
            raise
        return worker

    def time_first(self, entry: Entry) -> float:
        """Return the seconds from the start of a process to its first labels.

        Raises:
            WorkerError: there are none.
        """
        start = time.perf_counter()
        worker = self.start("first", entry)
        try:
            worker.read()
            return time.perf_counter() - start
        finally:
            worker.close()
