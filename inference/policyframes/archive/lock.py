"""One job at a time on an output folder: a lock of the operating system's, which no dead process holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from policyframes.archive.storage import make_output_error
from policyframes.errors import ArchiveLockedError

LOCK = ".lock"


@contextmanager
def hold_lock(folder: Path) -> Iterator[None]:
    """Hold the folder for as long as the block runs.

    Raises:
        ArchiveLockedError: another process holds it.
        ArchiveOutputError: the lock file cannot be made.
    """
    path = folder / LOCK
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise make_output_error(path, error) from error
    try:
        if not _take(handle):
            holder = os.pread(handle, 40, 0).decode("ascii", "replace").strip()
            raise ArchiveLockedError(
                where=str(folder),
                found=f"another run is writing there (process {holder or 'unknown'})",
                allowed="one run at a time on an output folder",
                remedy="Wait for it, stop it, or give another folder with -o.",
            )
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _take(handle: int) -> bool:
    import fcntl  # noqa: PLC0415  (absent on Windows, where the rest of the package works)

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
