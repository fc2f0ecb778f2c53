"""The process that parses one file: binds itself to the limits, reads standard input, answers by one JSON object.

Started by `isolation` alone. Imports a format's library only once the limits hold.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import BinaryIO, Protocol, cast

from policyframes.documents.answer import encode_draft, encode_error
from policyframes.documents.draft import Draft
from policyframes.documents.limits import Limits, bind_process, memory_exceeded
from policyframes.errors import DocumentError, EmptyDocumentError

_READERS = {
    "txt": "plain_text",
    "md": "markdown",
    "html": "html",
    "docx": "docx",
    "pdf": "pdf",
}


class Reader(Protocol):
    """What each module `*_reader` offers."""

    def read(self, data: bytes, *, where: str, limits: Limits) -> Draft:
        """Return the draft of the file's bytes."""


def answer_request(request: str, stream: BinaryIO) -> str:
    """Return the answer to a request of the parent.

    Args:
        request: JSON object with `format`, `name` and `limits`.
        stream: the file.
    """
    wanted = json.loads(request)
    limits, where = Limits(**wanted["limits"]), wanted["name"]
    bind_process(limits)
    try:
        module = importlib.import_module(f"policyframes.documents.{_READERS[wanted['format']]}_reader")
        draft = cast("Reader", module).read(stream.read(), where=where, limits=limits)
        if not draft.text.strip():
            raise EmptyDocumentError(
                where=where,
                found="no text at all",
                allowed="a document with text",
                remedy="Open the file and check that it shows text.",
            )
        return encode_draft(draft)
    except DocumentError as error:
        return encode_error(error)
    except MemoryError:
        return encode_error(memory_exceeded(where, limits))


if __name__ == "__main__":
    # Libraries that print must not spoil the answer, so it goes to a copy of standard output.
    channel = os.dup(1)
    os.dup2(2, 1)
    with os.fdopen(channel, "w", encoding="utf-8") as out, os.fdopen(0, "rb") as file:
        out.write(answer_request(sys.argv[1], file))
