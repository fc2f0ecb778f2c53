"""The one JSON object by which the child process answers, and its check on the parent's side.

The parent trusts nothing: a hostile file may have taken the child over.
"""

from __future__ import annotations

import json
from typing import Any

from policyframes import errors
from policyframes.documents.canonical import canonicalise
from policyframes.documents.document import Block, BlockKind, Document, Dropped
from policyframes.documents.draft import Draft
from policyframes.errors import DocumentError

_SENTENCES = ("where", "found", "allowed", "remedy")


class MalformedAnswerError(ValueError):
    """The answer is not what an honest child writes."""


def encode_draft(draft: Draft) -> str:
    """Return the answer for a document that was read."""
    return json.dumps(
        {
            "text": draft.text,
            "title": canonicalise(draft.title).strip(),
            "blocks": [[block.start, block.end, block.kind.value] for block in draft.blocks],
            "page_starts": draft.page_starts,
            "dropped": [[piece.text, piece.page, piece.reason] for piece in draft.dropped],
            "warnings": draft.warnings,
        }
    )


def encode_error(error: DocumentError) -> str:
    """Return the answer for a document that cannot be read."""
    sentences = {name: canonicalise(str(getattr(error, name))) for name in _SENTENCES}
    return json.dumps({"error": {"class": type(error).__name__, **sentences}})


def decode_answer(data: bytes, *, id: str, format: str, source: str, source_sha256: str) -> Document:  # noqa: A002 - the names of the Document's own fields
    """Return the document of an answer.

    Args:
        data: what the child wrote.
        id: id of the document.
        format: format it was read as.
        source: path of the file, or `-`.
        source_sha256: hash of the file's bytes.

    Raises:
        MalformedAnswerError: when the answer breaks any rule of `Document`.
        DocumentError: the error that the child reports.
    """
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedAnswerError("no JSON") from error
    if not isinstance(answer, dict):
        raise MalformedAnswerError("no JSON object")
    if "error" in answer:
        raise _decode_error(answer["error"])
    text = _string(answer.get("text"))
    if canonicalise(text) != text:
        raise MalformedAnswerError("the text is not canonical")
    return Document(
        id=id,
        text=text,
        format=format,
        source=source,
        source_sha256=source_sha256,
        title=canonicalise(_string(answer.get("title"))),
        blocks=_decode_blocks(_list(answer.get("blocks")), len(text)),
        page_starts=_decode_pages(_list(answer.get("page_starts")), len(text)),
        dropped=tuple(_decode_dropped(item) for item in _list(answer.get("dropped"))),
        warnings=tuple(canonicalise(_string(item)) for item in _list(answer.get("warnings"))),
    )


def _decode_error(value: Any) -> DocumentError:  # noqa: ANN401 - it comes from a process that we do not trust
    if not isinstance(value, dict):
        raise MalformedAnswerError("the error is no object")
    kind = getattr(errors, _string(value.get("class")), None)
    if not (isinstance(kind, type) and issubclass(kind, DocumentError)):
        raise MalformedAnswerError("the error has an unknown class")
    return kind(**{name: canonicalise(_string(value.get(name))) for name in _SENTENCES})


def _decode_blocks(items: list[Any], length: int) -> tuple[Block, ...]:
    blocks: list[Block] = []
    last = 0
    for item in items:
        start, end, kind = _fields(item)
        start, end = _integer(start), _integer(end)
        if not last <= start < end <= length:
            raise MalformedAnswerError("blocks overlap or leave the text")
        try:
            blocks.append(Block(start, end, BlockKind(_string(kind))))
        except ValueError as error:
            raise MalformedAnswerError("a block of an unknown kind") from error
        last = end
    return tuple(blocks)


def _decode_pages(items: list[Any], length: int) -> tuple[int, ...]:
    starts = tuple(_integer(item) for item in items)
    if list(starts) != sorted(starts) or any(not 0 <= start <= length for start in starts):
        raise MalformedAnswerError("pages out of order")
    return starts


def _decode_dropped(item: Any) -> Dropped:  # noqa: ANN401 - it comes from a process that we do not trust
    text, page, reason = _fields(item)
    return Dropped(canonicalise(_string(text)), None if page is None else _integer(page), canonicalise(_string(reason)))


def _fields(item: Any) -> tuple[Any, Any, Any]:  # noqa: ANN401 - as above
    if not isinstance(item, list) or len(item) != 3:  # noqa: PLR2004 - both kinds of rows have three fields
        raise MalformedAnswerError("a row of a wrong length")
    return item[0], item[1], item[2]


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - as above
    if not isinstance(value, list):
        raise MalformedAnswerError("a list is missing")
    return value


def _string(value: Any) -> str:  # noqa: ANN401 - as above
    if not isinstance(value, str):
        raise MalformedAnswerError("a string is missing")
    return value


def _integer(value: Any) -> int:  # noqa: ANN401 - as above
    if not isinstance(value, int) or isinstance(value, bool):
        raise MalformedAnswerError("an integer is missing")
    return value
