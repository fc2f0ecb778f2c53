"""Nexis Uni's DOCX exports: a cover page that declares a number of articles, then the articles, one after another.

The layout is not documented and changes: what is not found is said, and never guessed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zipfile import BadZipFile

import docx
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from lxml import etree

from policyframes.archive.columns import Columns
from policyframes.archive.input_files import InputFile
from policyframes.archive.inputs import Input
from policyframes.archive.readers.batches import BatchBuilder
from policyframes.archive.rows import Batch, Code, Fault
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard
from policyframes.archive.sources.presets import PRESETS
from policyframes.archive.sources.printed_dates import read_printed_date
from policyframes.documents.docx_guard import check_container
from policyframes.documents.limits import MEBIBYTE, Limits
from policyframes.errors import ArchiveInputError, ArchiveSourceError, DocumentError, LimitExceededError

_COUNT = re.compile(r"Documents? ?\((\d{1,6})\)\Z")
_LISTED = re.compile(r"1\. *(.+)\Z")
_FIELD = re.compile(r"(Section|Length|Byline|Load-Date|Document-ID): *(.+)\Z", re.DOTALL)
_FIELD_COLUMNS = {
    "Section": "section",
    "Length": "length",
    "Byline": "byline",
    "Load-Date": "load_date",
    "Document-ID": "document_id",
}
_BODY, _END = "Body", "End of Document"
# What stands after the text of an article, each alone in its paragraph.
_AFTER = frozenset({"Classification", "Graphic", "Notes", "Correction", _END})
# Five hundred articles are about 15 MiB of markup.
_LIMITS = Limits(output_bytes=32 * MEBIBYTE)


@dataclass(frozen=True)
class _Line:
    """A paragraph: its text, and whether its style is one of headings."""

    text: str
    is_heading: bool


def parse_export(data: bytes, *, where: str) -> list[dict[str, str | None]]:
    """Return the articles of an export, in order; one whose text is not marked has the text None.

    Args:
        data: of the file.
        where: the file, for errors.

    Raises:
        DocumentError: it is no DOCX that can be opened without danger.
        ArchiveSourceError: it is no export of Nexis Uni, or holds more or fewer articles than its cover declares.
    """
    lines = _read_lines(data, where)
    chunks = list(_cut_articles(lines))
    declared = _find_declared(lines)
    if not chunks:
        raise ArchiveSourceError(
            where=where,
            found="no paragraph that says End of Document, which closes each article",
            allowed="the DOCX that Nexis Uni writes when full documents are downloaded",
            remedy="Download the documents themselves, not the list of results; or convert the file: docs/sources.md.",
        )
    if declared is not None and declared != len(chunks):
        raise ArchiveSourceError(
            where=where,
            found=f"the cover declares {declared} articles, {len(chunks)} were found",
            allowed="as many articles as the cover declares",
            remedy="Download it again in parts of fewer articles. If that does not help, its layout is new: report it.",
        )
    first, *others = chunks
    return [_parse_article(_drop_cover(first)), *(_parse_article(chunk) for chunk in others)]


def _read_lines(data: bytes, where: str) -> list[_Line]:
    check_container(data, where=where, limits=_LIMITS)
    try:
        document = docx.Document(io.BytesIO(data))
        body = document.element.body
        lines = [_Line(" ".join(Paragraph(p, document).text.split()), _is_heading(p)) for p in body.iter(qn("w:p"))]
    except (OpcError, BadZipFile, etree.LxmlError, KeyError, ValueError, AttributeError, OSError) as error:
        raise DocumentError(
            where=where,
            found=f"parts that do not fit together ({type(error).__name__})",
            allowed="a whole DOCX file",
            remedy="Download it again.",
        ) from error
    return [line for line in lines if line.text]


def _is_heading(paragraph: Any) -> bool:  # noqa: ANN401  (python-docx is untyped)
    style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    name = "" if style is None else str(style.get(qn("w:val"))).lower().replace(" ", "")
    return name.startswith(("heading1", "title"))


def _find_declared(lines: Sequence[_Line]) -> int | None:
    for line in lines:
        if line.text == _BODY:
            return None
        if match := _COUNT.match(line.text):
            return int(match.group(1))
    return None


def _cut_articles(lines: Sequence[_Line]) -> Iterator[list[_Line]]:
    chunk: list[_Line] = []
    for line in lines:
        if line.text == _END:
            yield chunk
            chunk = []
        else:
            chunk.append(line)


def _drop_cover(chunk: Sequence[_Line]) -> Sequence[_Line]:
    """Return the first article without the cover: from its heading on, or from where the first listed title recurs."""
    body = next((place for place, line in enumerate(chunk) if line.text == _BODY), len(chunk))
    headings = [place for place in range(body) if chunk[place].is_heading]
    if headings:
        return chunk[headings[-1] :]
    listed = next((match.group(1) for line in chunk[:body] if (match := _LISTED.match(line.text))), None)
    places = [place for place in range(body) if chunk[place].text == listed]
    return chunk[places[-1] :] if places else chunk[body:]


def _parse_article(chunk: Sequence[_Line]) -> dict[str, str | None]:
    article: dict[str, str | None] = dict.fromkeys(PRESETS["nexis"].columns)
    body = next((place for place, line in enumerate(chunk) if line.text == _BODY), None)
    head = chunk[: len(chunk) if body is None else body]
    if head:
        start = max((place for place, line in enumerate(head) if line.is_heading), default=0)
        article["title"] = head[start].text
        _read_head(head[start + 1 :], article)
    rest = [] if body is None else chunk[body + 1 :]
    stop = next((place for place, line in enumerate(rest) if line.text in _AFTER), len(rest))
    # The date of loading may follow the text without a heading between.
    stop = next((place for place, line in enumerate(rest[:stop]) if line.text.startswith("Load-Date:")), stop)
    if body is not None:
        article["text"] = "\n\n".join(line.text for line in rest[:stop])
    _read_fields(rest[stop:], article)
    return article


def _read_head(lines: Sequence[_Line], article: dict[str, str | None]) -> None:
    """Read what stands between title and text: the outlet, and right below it the date."""
    _read_fields(lines, article)
    plain = [line.text for line in lines if not _FIELD.match(line.text) and not line.text.startswith("Copyright")]
    if plain:
        article["outlet"] = plain[0]
    if len(plain) > 1:
        article["printed_date"] = plain[1]
        article["date"] = read_printed_date(plain[1])


def _read_fields(lines: Sequence[_Line], article: dict[str, str | None]) -> None:
    for line in lines:
        match = _FIELD.match(line.text)
        if match:
            article[_FIELD_COLUMNS[match.group(1)]] = match.group(2).strip()


def read_export(source: Input, hasher: Any = None) -> list[dict[str, str | None]] | Fault:  # noqa: ANN401  (hashlib's)
    """Return the articles of a file, or why it cannot be read.

    Raises:
        ArchiveInputError: the disk cannot be read.
        ArchiveSourceError: as `parse_export`.
    """
    with io.BufferedReader(InputFile(source.path, hasher)) as stream:
        data = stream.read(_LIMITS.input_bytes + 1)
        while len(data) > _LIMITS.input_bytes and stream.read(1024 * 1024):
            pass
    if len(data) > _LIMITS.input_bytes:
        return Fault(Code.LIMIT_EXCEEDED, f"the file has more than {_LIMITS.input_bytes} bytes")
    try:
        return parse_export(data, where=source.path)
    except LimitExceededError as error:
        return Fault(Code.LIMIT_EXCEEDED, error.found)
    except DocumentError as error:
        return Fault(Code.DAMAGED_FILE, error.found)


def plan_shards(source: Input, settings: Settings, hasher: Any) -> Iterator[Shard]:  # noqa: ANN401  (hashlib's)
    """Yield the shards of a file while hashing it; their `number` and `input` are for the caller to set.

    Raises:
        ArchiveSourceError: as `parse_export`.
    """
    articles = read_export(source, hasher)
    if isinstance(articles, Fault):
        yield Shard(0, 0, 1, 1, damage=articles.message, damage_code=articles.code)
        return
    for first in range(0, len(articles), settings.shard_rows):
        yield Shard(0, 0, min(settings.shard_rows, len(articles) - first), first + 1)


class NexisReader:
    """Reads the shards of one file, and holds it until the last."""

    def __init__(self, source: Input, columns: Columns, settings: Settings) -> None:  # noqa: ARG002  (all readers')
        self._source = source
        self._columns = columns
        self._articles: list[dict[str, str | None]] | None = None

    def close(self) -> None:
        """Let go of the file."""
        self._articles = None

    def read(self, shard: Shard) -> Iterator[Batch]:
        """Yield the rows of a shard in batches.

        Raises:
            ArchiveInputError: the disk cannot be read, or the file has changed.
        """
        builder = BatchBuilder(self._columns)
        if shard.fault:
            builder.add_fault(shard.first, shard.fault)
            yield from builder.take(least=1)
            return
        if self._articles is None:
            self._articles = self._read_again()
        for number, article in enumerate(self._articles[shard.first - 1 : shard.first - 1 + shard.rows], shard.first):
            builder.add_record(number, article, f"article {number}")
            yield from builder.take()
        yield from builder.take(least=1)

    def _read_again(self) -> list[dict[str, str | None]]:
        articles = read_export(self._source)
        if isinstance(articles, Fault):
            raise ArchiveInputError(
                where=self._source.path,
                found=f"the file changed while it was read: {articles.message}",
                allowed="inputs that stay as they are",
                remedy="Start again with another output folder.",
            )
        return articles


READER = NexisReader
