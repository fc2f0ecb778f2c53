"""Keeps what others have made: results go over earlier results, and over nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from policyframes.errors import OutputError, RefusedError

README = "README.txt"
_SHOWN = 3


def check_folder(folder: Path, names: Iterable[str], mark: str) -> None:
    """Check that no file which is to be written would replace one that is not ours.

    Args:
        folder: where to write; it need not exist.
        names: of the files.
        mark: how README.txt begins in a folder that holds earlier results, which may be replaced.

    Raises:
        RefusedError: there are files of these names, and no such README.txt beside them.
        OutputError: the folder cannot be looked into.
    """
    try:
        taken = [name for name in names if (folder / name).exists()]
        if not taken or _begins(folder / README, mark):
            return
    except OSError as error:
        raise OutputError(
            where=str(folder),
            found=f"it cannot be looked into ({error.strerror or error})",
            allowed="a folder that you may write to",
            remedy="Choose another folder with -o.",
        ) from error
    more = f" and {len(taken) - _SHOWN} more" if len(taken) > _SHOWN else ""
    raise RefusedError(
        where=str(folder),
        found=f"it holds {', '.join(taken[:_SHOWN])}{more}, which this program did not write",
        allowed="an empty or new folder, or one with results of an earlier run and their README.txt",
        remedy="Choose another folder with -o, or move these files away.",
    )


def _begins(path: Path, mark: str) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(mark.encode())) == mark.encode()
