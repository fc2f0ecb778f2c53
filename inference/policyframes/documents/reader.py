"""`read_document`: from a path or standard input to a checked `Document`. Parses nothing in this process."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from policyframes.documents.answer import MalformedAnswerError, decode_answer
from policyframes.documents.document import Document
from policyframes.documents.formats import (
    HEAD_BYTES,
    check_content,
    check_format,
    format_by_content,
    format_by_name,
)
from policyframes.documents.isolation import crashed_by_answer, run_child
from policyframes.documents.limits import DEFAULT_LIMITS, Limits, input_exceeded
from policyframes.errors import DocumentNotFoundError, EmptyDocumentError

STDIN = "-"
_URL = re.compile(r"[a-z][a-z0-9+.-]*:/{1,2}[^/]", re.IGNORECASE)
_CHUNK = 1024 * 1024
_ALLOWED_FILE = "the path of a readable file, or - for standard input"


def read_document(
    source: str | Path,
    *,
    format: str | None = None,  # noqa: A002 - the word that users know
    id: str | None = None,  # noqa: A002 - the name of the Document's field
    limits: Limits = DEFAULT_LIMITS,
) -> Document:
    """Read a file into a `Document`, in a child process with limits.

    Args:
        source: path of the file, or `-` for standard input.
        format: `txt`, `md`, `html`, `docx` or `pdf`; None goes by the file's ending, and for standard input by
            its first bytes.
        id: id of the document; None takes the file's name without its ending, `stdin` for standard input.
        limits: what the reading may cost.

    Returns:
        The document; the same bytes always give the same one.

    Raises:
        DocumentError: one named class for each thing that can be wrong with a file; see `policyframes.errors`.
        UsageError: when `format` is none that we read.
    """
    name = str(source)
    wanted = None if format is None else check_format(format)
    if name == STDIN:
        with _spool_stdin(limits) as file:
            return _read_open(file, wanted, name=STDIN, id=id or "stdin", limits=limits)
    if _URL.match(name):
        raise DocumentNotFoundError(
            where=name,
            found="an address, not a file",
            allowed=_ALLOWED_FILE,
            remedy="Download it first: nothing here reaches the network.",
        )
    path = Path(source)
    by_name = wanted
    with _open_regular(path) as file:
        if by_name is None:
            by_name = format_by_name(path)
        explicit = wanted is not None
        return _read_open(file, by_name, name=name, id=id or path.stem, limits=limits, explicit=explicit)


def _read_open(
    file: IO[bytes],
    wanted: str | None,
    *,
    name: str,
    id: str,  # noqa: A002 - as above
    limits: Limits,
    explicit: bool = True,
) -> Document:
    where = "standard input" if name == STDIN else name
    digest, head, blank = _survey(file, where, limits)
    if blank:
        raise EmptyDocumentError(
            where=where,
            found="no text: the file is empty or holds white space alone",
            allowed="a document with text",
            remedy="Check that it was saved and downloaded whole.",
        )
    format_ = wanted or format_by_content(head)
    file.seek(0)
    tail = file.read(_CHUNK) if head.startswith(b"\xd0\xcf\x11\xe0") else b""
    check_content(format_, head, where=where, content=tail, explicit=explicit)
    data = run_child(format_, file, where=where, limits=limits)
    try:
        return decode_answer(data, id=id, format=format_, source=name, source_sha256=digest)
    except MalformedAnswerError as error:
        raise crashed_by_answer(where, str(error)) from error


def _survey(file: IO[bytes], where: str, limits: Limits) -> tuple[str, bytes, bool]:
    """Return the hash, the first bytes, and whether there is nothing but white space."""
    digest, head, blank, size = hashlib.sha256(), b"", True, 0
    while chunk := file.read(_CHUNK):
        size += len(chunk)
        if size > limits.input_bytes:
            raise input_exceeded(where, limits)
        digest.update(chunk)
        head = head or chunk[:HEAD_BYTES]
        blank = blank and not chunk.strip()
    return digest.hexdigest(), head, blank


@contextlib.contextmanager
def _spool_stdin(limits: Limits) -> Iterator[IO[bytes]]:
    """Yield a temporary file with what standard input holds, which the child can then seek in."""
    with tempfile.TemporaryFile() as file:
        size = 0
        stream = getattr(sys.stdin, "buffer", None)
        while stream is not None and (chunk := stream.read(_CHUNK)):
            size += len(chunk)
            if size > limits.input_bytes:
                raise input_exceeded("standard input", limits)
            file.write(chunk)
        file.seek(0)
        yield file


@contextlib.contextmanager
def _open_regular(path: Path) -> Iterator[IO[bytes]]:
    """Yield the open file; a FIFO or a device is refused without waiting on it."""
    # Non-blocking, so that opening a FIFO without a writer returns; for regular files it changes nothing.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    # Outside the try: our own error is an OSError too.
    if _is_folder(path):
        raise _not_found(path, "a folder", "Name the files in it; a shell does so with folder/*.pdf.")
    try:
        handle = os.open(path, flags)
    except (OSError, ValueError) as error:
        raise _not_found(path, *_describe(error)) from error
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise _not_found(path, "a pipe or a device, not a file", "Use - to read from a pipe.")
        yield file


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        # What is wrong with the path is told when it is opened.
        return False


def _describe(error: OSError | ValueError) -> tuple[str, str]:
    code = error.errno if isinstance(error, OSError) else None
    return {
        errno.ENOENT: ("no file of this name", "Check the path and the working folder."),
        errno.ENOTDIR: ("no file of this name", "Check the path and the working folder."),
        errno.EACCES: ("a file that you may not read", "Ask for the right to read it (chmod u+r)."),
        errno.EPERM: ("a file that you may not read", "Ask for the right to read it (chmod u+r)."),
        errno.ELOOP: ("a link that leads back to itself", "Name the file that the link should lead to."),
        errno.ENAMETOOLONG: ("a name that is too long", "Shorten the path."),
    }.get(code or 0, (f"a path that cannot be opened ({error})", "Check the path."))


def _not_found(path: Path, found: str, remedy: str) -> DocumentNotFoundError:
    return DocumentNotFoundError(where=str(path), found=found, allowed=_ALLOWED_FILE, remedy=remedy)
