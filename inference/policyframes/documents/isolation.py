"""Runs the child process that parses a file, and sees to its end. Knows nothing of formats."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from typing import IO

from policyframes.documents.limits import Limits, memory_exceeded, output_exceeded, time_exceeded
from policyframes.errors import DocumentError, ReaderCrashedError

_CHUNK = 64 * 1024
_MISSING_WORDS = (b"ModuleNotFoundError", b"ImportError")
_REINSTALL = "`policyframes doctor` tells which; then, in the checkout: pip install --force-reinstall ."
_RESAVE = (
    "The file is likely broken, or too large for the limit on memory (--max-memory-mb): open it, save it "
    "again under a new name or as another format, and retry."
)
_STDERR_BYTES = 64 * 1024
# What Python, C++ and the dynamic linker say when the limit on memory stops them.
_MEMORY_WORDS = (
    b"MemoryError",
    b"bad_alloc",
    b"out of memory",
    b"Out of memory",
    b"Cannot allocate memory",
    b"failed to map segment",
)
# How long the group gets to vanish once it was killed.
_REAP_SECONDS = 5.0


@dataclass
class _Intake:
    """Reads a pipe to its end in a thread, and keeps no more than the limit."""

    pipe: IO[bytes]
    limit: int
    kill: bool
    process: subprocess.Popen[bytes]
    overflow: bool = False

    def __post_init__(self) -> None:
        self.data = bytearray()
        self.thread = threading.Thread(target=self._drain, daemon=True)
        self.thread.start()

    def _drain(self) -> None:
        # The pipe is closed under the thread only after the group was killed.
        with contextlib.suppress(OSError, ValueError):
            while chunk := os.read(self.pipe.fileno(), _CHUNK):
                room = self.limit - len(self.data)
                self.data += chunk[: max(room, 0)]
                if len(chunk) > room:
                    self.overflow = True
                    if self.kill:
                        kill_group(self.process)
                        return


def child_command(format: str, name: str, limits: Limits) -> list[str]:  # noqa: A002 - the word of the interface
    """Return the command line of the child: no site packages by `site`, no bytecode written, no user folder."""
    request = json.dumps({"format": format, "name": name, "limits": asdict(limits)})
    return [sys.executable, "-S", "-s", "-P", "-B", "-m", "policyframes.documents.child", request]


def child_environment() -> dict[str, str]:
    """Return the smallest environment in which the child finds this package and its libraries."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    path = os.pathsep.join(dict.fromkeys(os.path.abspath(entry) for entry in sys.path))  # noqa: PTH100 - an empty entry means the working folder
    return {**kept, "PYTHONPATH": path, "PYTHONUTF8": "1", "PYTHONHASHSEED": "0"}


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the child and whatever it started."""
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def run_child(format: str, file: IO[bytes], *, where: str, limits: Limits) -> bytes:  # noqa: A002 - as above
    """Return what a child process answers about an open file.

    Args:
        format: format to parse the file as.
        file: the file, open and seekable; the child gets it as its standard input.
        where: name of the file for errors.
        limits: what the child may cost.

    Raises:
        LimitExceededError: when time, memory or output run out.
        ReaderCrashedError: when the child ends without an answer.
    """
    deadline = time.monotonic() + limits.seconds
    file.seek(0)
    with subprocess.Popen(
        child_command(format, where, limits),
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=child_environment(),
        start_new_session=True,
    ) as process:
        if process.stdout is None or process.stderr is None:
            raise _crash(where, "the child has no pipes")
        try:
            answer = _Intake(process.stdout, limits.output_bytes, kill=True, process=process)
            noise = _Intake(process.stderr, _STDERR_BYTES, kill=False, process=process)
            answer.thread.join(max(deadline - time.monotonic(), 0))
            in_time = not answer.thread.is_alive() and _wait(process, deadline)
        finally:
            # Also after an orderly end: nothing that the child started may outlive it.
            kill_group(process)
        answer.thread.join(_REAP_SECONDS)
        noise.thread.join(_REAP_SECONDS)
        process.wait()
    if answer.overflow:
        raise output_exceeded(where, limits)
    if not in_time or process.returncode == -getattr(signal, "SIGXCPU", 0):
        raise time_exceeded(where, limits)
    if process.returncode != 0:
        raise _explain_end(process.returncode, bytes(noise.data), where, limits)
    return bytes(answer.data)


def _explain_end(code: int, noise: bytes, where: str, limits: Limits) -> DocumentError:
    """Return the error for a child that failed: for want of memory where its last words say so."""
    if any(word in noise for word in _MEMORY_WORDS):
        return memory_exceeded(where, limits)
    if any(word in noise for word in _MISSING_WORDS):
        return _crash(where, "a library that reads this format is missing or broken", remedy=_REINSTALL)
    return _crash(where, _describe_end(code))


def crashed_by_answer(where: str, reason: str) -> ReaderCrashedError:
    """Return the error for a child whose answer cannot be used."""
    return _crash(where, f"the process that read it gave no usable answer ({reason})")


def _wait(process: subprocess.Popen[bytes], deadline: float) -> bool:
    try:
        process.wait(max(deadline - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        return False
    return True


def _describe_end(code: int) -> str:
    if code < 0:
        return f"the process that read it was ended by {signal.Signals(-code).name}"
    return f"the process that read it ended with status {code}"


def _crash(where: str, found: str, *, remedy: str = _RESAVE) -> ReaderCrashedError:
    return ReaderCrashedError(where=where, found=found, allowed="a file that its reader survives", remedy=remedy)
