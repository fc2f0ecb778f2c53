"""Replaces a file whole or not at all. Knows nothing of what is in it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

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
        _write_beside(target, content)
    except OSError as error:
        raise _refusal(path, f"it cannot be written ({error.strerror or error})") from error


def _write_beside(target: Path, content: str) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    scratch = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(content)
        # mkstemp makes the file private; the rights of what it replaces are kept.
        scratch.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        scratch.replace(target)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def _refusal(path: Path, found: str) -> OutputError:
    return OutputError(
        where=str(path),
        found=found,
        allowed="a file in a folder that exists and that you may write to",
        remedy="Give another path.",
    )
