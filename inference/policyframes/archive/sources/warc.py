"""WARC files of web pages, such as CC-NEWS: each response is a row, its text the running text of the page."""

from __future__ import annotations

import http.client
import io
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

import lxml.html
from lxml import etree

from policyframes.archive.columns import Columns
from policyframes.archive.input_files import DamagedInputError
from policyframes.archive.inputs import Input
from policyframes.archive.readers.batches import BatchBuilder
from policyframes.archive.rows import Batch, Code, Fault, show_value
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard
from policyframes.archive.sources.warc_records import WarcRecord, WarcRecordReader
from policyframes.documents import html_reader
from policyframes.documents.limits import Limits
from policyframes.errors import DocumentError

_RESPONSE = "response"
_OK = 200
_PAGES = ("text/html", "application/xhtml+xml")
_EARLIEST = "1990-01-01"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ENCODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_LIMITS = Limits()


def plan_shards(source: Input, settings: Settings, hasher: Any) -> Iterator[Shard]:  # noqa: ANN401  (hashlib's)
    """Yield the shards of a file while hashing it; their `number` and `input` are for the caller to set."""
    reader = WarcRecordReader(source, settings.max_row_bytes, hasher)
    shard = Shard(0, 0, 0, 1)
    try:
        for record in reader.read_records():
            shard = replace(shard, rows=shard.rows + _is_response(record), end=record.end)
            if shard.rows >= settings.shard_rows or (shard.rows and shard.end - shard.start >= settings.shard_bytes):
                yield shard
                shard = Shard(0, 0, 0, shard.first + shard.rows, record.end, record.end)
    except DamagedInputError as error:
        shard = replace(shard, rows=shard.rows + 1, damage=str(error), damage_code=Code.DAMAGED_FILE)
    if shard.rows:
        yield shard
    reader.drain()
    reader.close()


def _is_response(record: WarcRecord) -> bool:
    return record.headers.get("warc-type", "").lower() == _RESPONSE


class WarcReader:
    """Reads the shards of one file; going forward in a compressed file costs no second reading."""

    def __init__(self, source: Input, columns: Columns, settings: Settings) -> None:
        self._columns = columns
        self._limit = settings.max_row_bytes
        self._records = WarcRecordReader(source, settings.max_row_bytes)

    def close(self) -> None:
        """Close the file."""
        self._records.close()

    def read(self, shard: Shard) -> Iterator[Batch]:
        """Yield the rows of a shard in batches.

        Raises:
            ArchiveInputError: the disk cannot be read.
        """
        builder = BatchBuilder(self._columns)
        self._records.seek(shard.start)
        number = shard.first
        for record in self._records.read_records(shard.end, kind=_RESPONSE):
            if not _is_response(record):
                continue
            place = f"byte {record.start}"
            page = read_page(record, self._limit)
            if isinstance(page, Fault):
                address = record.headers.get("warc-target-uri", "")[:200]
                builder.add_fault(number, page, f"{place}, {address}" if address else place)
            else:
                builder.add_record(number, page, place)
            number += 1
            yield from builder.take()
        if shard.fault:
            builder.add_fault(number, shard.fault, f"byte {shard.end}")
        yield from builder.take(least=1)


def read_page(record: WarcRecord, limit: int) -> dict[str, object] | Fault:
    """Return the row of a response, or why there is no article in it.

    Args:
        record: with its block.
        limit: how many bytes a page may have when it is unpacked.
    """
    if record.block is None:
        size = record.headers.get("content-length")
        return Fault(Code.LIMIT_EXCEEDED, f"the response has {size} bytes, more than {limit}")
    answer = _read_answer(record.block, limit)
    if isinstance(answer, Fault):
        return answer
    data, is_cut = answer
    try:
        draft = html_reader.read(data, where="a response", limits=_LIMITS)
    except DocumentError as error:
        return Fault(Code.NOT_TEXT, error.found, show_value(data))
    address = record.headers.get("warc-target-uri", "").strip("<>")
    crawled = record.headers.get("warc-date", "")
    return {
        "text": draft.text,
        "url": address or None,
        "title": draft.title or None,
        **_describe_page(data, address, crawled),
        "crawled": crawled or None,
        "is_truncated": is_cut or "warc-truncated" in record.headers,
    }


class _Block:
    """Stands for a socket, whose answer is all there."""

    def __init__(self, block: bytes) -> None:
        self._block = block

    def makefile(self, *_: object) -> io.BytesIO:
        """Return the answer as a file."""
        return io.BytesIO(self._block)


def _read_answer(block: bytes, limit: int) -> tuple[bytes, bool] | Fault:
    """Return the page that an HTTP answer holds, and whether it is cut off."""
    response = http.client.HTTPResponse(cast("Any", _Block(block)), method="GET")
    is_cut = False
    try:
        response.begin()
        if response.status != _OK:
            return Fault(
                Code.NOT_TEXT, f"the answer has the status {response.status}: no page", show_value(block[:200])
            )
        kind = (response.getheader("Content-Type") or "text/html").partition(";")[0].strip().lower()
        if kind not in _PAGES:
            return Fault(Code.NOT_TEXT, f"the answer is {kind[:80]}: no web page")
        try:
            data = response.read()
        except http.client.IncompleteRead as error:
            data, is_cut = error.partial, True
    except (http.client.HTTPException, ValueError) as error:
        return Fault(Code.NOT_TEXT, f"no HTTP answer ({type(error).__name__})", show_value(block[:200]))
    encoding = (response.getheader("Content-Encoding") or "").strip().lower()
    if encoding in {"", "identity"}:
        return data, is_cut
    unpacked = _unpack(data, encoding, limit)
    return unpacked if isinstance(unpacked, Fault) else (unpacked, is_cut)


def _unpack(data: bytes, encoding: str, limit: int) -> bytes | Fault:
    if encoding not in _ENCODINGS:
        return Fault(Code.NOT_TEXT, f"the page is packed as {encoding[:40]}, which is not read")
    if encoding.endswith("gzip") and not data.startswith(b"\x1f\x8b"):
        return data  # The crawler had unpacked it, and left the header.
    decoder = zlib.decompressobj(_ENCODINGS[encoding])
    try:
        page = decoder.decompress(data, limit)
    except zlib.error:
        return Fault(Code.NOT_TEXT, f"the page is not packed as {encoding}, as it says")
    if decoder.unconsumed_tail:
        return Fault(Code.LIMIT_EXCEEDED, f"the page unpacks to more than {limit} bytes")
    return page


def _describe_page(data: bytes, address: str, crawled: str) -> Mapping[str, str | None]:
    """Return the outlet that a page names and the date that it states; no date is guessed from its text.

    Without a latest date the library would take today's, and the same page would give another date tomorrow.
    """
    from trafilatura.metadata import extract_metadata  # noqa: PLC0415  (slow to import, and few need it)

    day = _DAY.match(crawled)
    dates = {"extensive_search": False, "original_date": True, "min_date": _EARLIEST}
    if day:
        dates["max_date"] = day.group()
    try:
        root = lxml.html.document_fromstring(data, parser=lxml.html.HTMLParser(no_network=True, huge_tree=False))
        found = extract_metadata(root, default_url=address or None, date_config=dates)
    except (etree.LxmlError, ValueError, TypeError, AttributeError, KeyError):
        return {"outlet": None, "date": None}
    return {"outlet": found.sitename or found.hostname or None, "date": found.date or None}


READER = WarcReader
