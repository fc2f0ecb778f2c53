"""Replaces a file whole or not at all. Knows nothing of what is in it, and leaves errors to its caller."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace_file(path: Path, content: str) -> None:
    """Write text in UTF-8 through a temporary file in the same folder; what was there stays until all is written.

    Raises:
        OSError: the file cannot be written.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    scratch = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(content)
        # mkstemp makes the file private; the rights of what it replaces are kept.
        scratch.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
