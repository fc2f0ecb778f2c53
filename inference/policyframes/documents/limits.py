"""What the reading of one document may cost, and how a process binds itself to it. Parses nothing."""

from __future__ import annotations

import math
import signal
import sys
from dataclasses import dataclass

from policyframes.errors import LimitExceededError, UsageError

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """The most that the reading of one document may cost.

    Memory and processor time are held by the operating system where it can (POSIX); elsewhere only the
    wall clock and the sizes hold.

    Attributes:
        seconds: wall clock, and as much processor time.
        memory_bytes: address space of the child process.
        input_bytes: size of the file.
        output_bytes: size of the child's answer, and of what a compressed file unpacks to.
        pages: pages of a PDF.

    Raises:
        UsageError: when a limit is not above zero.
    """

    seconds: float = 60.0
    memory_bytes: int = 1024 * MEBIBYTE
    input_bytes: int = 128 * MEBIBYTE
    output_bytes: int = 64 * MEBIBYTE
    pages: int = 5000

    def __post_init__(self) -> None:
        for name in ("seconds", "memory_bytes", "input_bytes", "output_bytes", "pages"):
            value = getattr(self, name)
            if not (value > 0 and math.isfinite(value)):
                raise UsageError(
                    where=f"Limits({name}=...)",
                    found=f"the value {value}",
                    allowed="a finite number above zero",
                    remedy="Leave the argument out for the default.",
                )


DEFAULT_LIMITS = Limits()


def time_exceeded(where: str, limits: Limits) -> LimitExceededError:
    """Return the error for a document that took too long."""
    return LimitExceededError(
        where=where,
        found=f"reading took longer than {limits.seconds:g} seconds",
        allowed=f"{limits.seconds:g} seconds",
        remedy="If you trust the file, allow more with Limits(seconds=...) or --max-seconds.",
    )


def memory_exceeded(where: str, limits: Limits) -> LimitExceededError:
    """Return the error for a document that needed too much memory."""
    size = limits.memory_bytes // MEBIBYTE
    return LimitExceededError(
        where=where,
        found=f"reading needed more than {size} MiB of memory",
        allowed=f"{size} MiB",
        remedy="If you trust the file, allow more with Limits(memory_bytes=...) or --max-memory-mb.",
    )


def input_exceeded(where: str, limits: Limits) -> LimitExceededError:
    """Return the error for a file that is too large."""
    size = limits.input_bytes / MEBIBYTE
    return LimitExceededError(
        where=where,
        found=f"the file is larger than {size:g} MiB",
        allowed=f"{size:g} MiB",
        remedy="If you trust the file, allow more with Limits(input_bytes=...) or --max-input-mb.",
    )


def output_exceeded(where: str, limits: Limits) -> LimitExceededError:
    """Return the error for a document that unpacks to too much."""
    size = limits.output_bytes / MEBIBYTE
    return LimitExceededError(
        where=where,
        found=f"the file unpacks to more than {size:g} MiB",
        allowed=f"{size:g} MiB",
        remedy="If you trust the file, allow more with Limits(output_bytes=...).",
    )


def pages_exceeded(where: str, count: int, limits: Limits) -> LimitExceededError:
    """Return the error for a document with too many pages."""
    return LimitExceededError(
        where=where,
        found=f"the document has {count} pages",
        allowed=f"{limits.pages} pages",
        remedy="Split the document, or allow more with Limits(pages=...).",
    )


def bind_process(limits: Limits) -> None:
    """Bind this process to the limits for good: address space, processor time, no file writes, no core dump.

    Also sets an alarm a little beyond the wall clock, so that a child whose parent was killed ends by itself.
    Does nothing on systems without `resource` (Windows): there the parent's clock and size limits alone hold.
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - the module does not exist on Windows

    seconds = math.ceil(limits.seconds)
    wanted = (
        (resource.RLIMIT_CPU, seconds, seconds + 1),
        (resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
    )
    for kind, soft, hard in wanted:
        ceiling = resource.getrlimit(kind)[1]
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)  # noqa: PLW2901 - an outer limit is never raised
        resource.setrlimit(kind, (soft, hard))
    signal.alarm(seconds + 5)
