"""Replaces a file of labels whole or not at all, with a named error where that fails."""

from __future__ import annotations

from pathlib import Path

from policyframes import replacement
from policyframes.errors import OutputError


def replace_file(path: Path, content: str) -> None:
    """Write text in UTF-8 through a temporary file in the same folder; what was there stays until all is written.

    Raises:
        OutputError: the file cannot be written, or the path is that of a folder or a device.
    """
    # A link stays a link: what it points to is replaced.
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise _refusal(path, "it is no regular file")
    try:
        replacement.replace_file(target, content)
    except OSError as error:
        raise _refusal(path, f"it cannot be written ({error.strerror or error})") from error


def _refusal(path: Path, found: str) -> OutputError:
    return OutputError(
        where=str(path),
        found=found,
        allowed="a file in a folder that exists and that you may write to",
        remedy="Give another path.",
    )
