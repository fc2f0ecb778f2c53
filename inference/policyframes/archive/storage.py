"""Everything that a job writes goes through a Disk: one step at a time, so that tests can fail at each.

A file is written beside its place, synced, and renamed; the folder is synced after it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, TypeVar

from policyframes.errors import ArchiveOutputError

Result = TypeVar("Result")

_CAUSES = {
    errno.ENOSPC: "Free room on the disk",
    errno.EDQUOT: "Free room within your quota",
    errno.EACCES: "Give yourself the right to write there",
    errno.EPERM: "Give yourself the right to write there",
    errno.EROFS: "Make the disk writable",
    errno.EIO: "Check the disk: it reported a fault",
}


class Disk:
    """Writes files so that a dead process or a full disk leaves nothing half done under a final name."""

    def perform(self, step: str, path: Path, action: Callable[[], Result]) -> Result:  # noqa: ARG002  (tests fail here)
        """Do one step; every change on disk is one."""
        return action()

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it.

        Raises:
            ArchiveOutputError: it cannot be made.
        """
        self._try("folder", path, lambda: path.mkdir(parents=True, exist_ok=True))

    def write_file(self, path: Path, chunks: Iterable[bytes]) -> None:
        """Write a file whole or not at all.

        Raises:
            ArchiveOutputError: the disk refuses.
        """
        scratch = path.with_name(f".{path.name}.tmp")
        with self._try("create", scratch, lambda: scratch.open("wb", buffering=0)) as stream:
            for chunk in chunks:
                self._write(scratch, stream, chunk)
            self._try("sync", scratch, lambda: os.fsync(stream.fileno()))
        self._try("rename", path, lambda: scratch.replace(path))
        self.sync_folder(path.parent)

    def append(self, path: Path, data: bytes) -> None:
        """Add bytes to a file and sync it.

        Raises:
            ArchiveOutputError: the disk refuses; part of the bytes may have been added.
        """
        is_new = not path.exists()
        with self._try("open", path, lambda: path.open("ab", buffering=0)) as stream:
            self._write(path, stream, data)
            self._try("sync", path, lambda: os.fsync(stream.fileno()))
        if is_new:
            self.sync_folder(path.parent)

    def truncate(self, path: Path, size: int) -> None:
        """Cut a file and sync it.

        Raises:
            ArchiveOutputError: the disk refuses.
        """
        with self._try("open", path, lambda: path.open("r+b", buffering=0)) as stream:
            self._try("truncate", path, lambda: stream.truncate(size))
            self._try("sync", path, lambda: os.fsync(stream.fileno()))

    def move_aside(self, path: Path) -> Path:
        """Rename a file that nobody vouches for, and return its new name; what was there before stays.

        Raises:
            ArchiveOutputError: the disk refuses.
        """
        number = 1
        while (target := path.with_name(f".{path.name}.aside-{number}")).exists():
            number += 1
        self._try("rename", target, lambda: path.rename(target))
        self.sync_folder(path.parent)
        return target

    def sync_folder(self, folder: Path) -> None:
        """Make the names in a folder last.

        Raises:
            ArchiveOutputError: the disk refuses.
        """
        self._try("sync folder", folder, lambda: _sync_folder(folder))

    def _write(self, path: Path, stream: BinaryIO, data: bytes) -> None:
        # Two steps, so that a fault between them leaves half of the bytes.
        half = len(data) // 2
        for part in (data[:half], data[half:]):
            self._try("write", path, lambda part=part: _write_all(stream, part))  # type: ignore[misc]

    def _try(self, step: str, path: Path, action: Callable[[], Result]) -> Result:
        try:
            return self.perform(step, path, action)
        except OSError as error:
            raise make_output_error(path, error) from error


def make_output_error(path: Path, error: OSError) -> ArchiveOutputError:
    """Return the error for something that the disk refused."""
    cause = _CAUSES.get(error.errno or 0, "Remove the cause")
    return ArchiveOutputError(
        where=str(error.filename or path),
        found=error.strerror or str(error),
        allowed="a disk that can be written and has room",
        remedy=f"{cause}, then type the same command again: it goes on where it stopped. Nothing was deleted.",
    )


def _write_all(stream: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[stream.write(view) :]


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows opens no folders, and its renames last by themselves.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
