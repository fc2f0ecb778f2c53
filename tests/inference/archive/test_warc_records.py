"""Records of WARC files: where they are, and that what is missing, broken or too large is noticed."""

from __future__ import annotations

import gzip
import random
import sys
import tracemalloc

import pyarrow as pa
import pytest

from policyframes.archive.input_files import DamagedInputError
from policyframes.archive.inputs import Input
from policyframes.archive.sources.warc_records import WarcRecordReader
from policyframes.errors import MissingExtraError
from tests.inference.archive.exports import make_warc, make_warc_record

PAGES = [f"HTTP/1.1 200 OK\r\n\r\n<p>{'A bridge. ' * 20 * n}</p>".encode() for n in range(1, 5)]
RECORDS = make_warc(PAGES)
STARTS = [sum(map(len, RECORDS[:n])) for n in range(len(RECORDS) + 1)]
LIMIT = 1 << 20


def pack_zstd(data):
    return pa.compress(data, codec="zstd", asbytes=True)


def pack_gzip(data):
    return gzip.compress(data, mtime=0)


FORMS = {
    "plain": ("", b"".join(RECORDS)),
    "gzip, record by record": ("gzip", b"".join(map(pack_gzip, RECORDS))),
    "gzip, as a whole": ("gzip", pack_gzip(b"".join(RECORDS))),
    "zstd, record by record": ("zstd", b"".join(map(pack_zstd, RECORDS))),
    "zstd, as a whole": ("zstd", pack_zstd(b"".join(RECORDS))),
}


def open_records(path, data, compression="", *, limit=LIMIT):
    path.write_bytes(data)
    return WarcRecordReader(Input("news.warc", str(path), "warc", compression), limit)


def read_records(path, data, compression=""):
    """Return the starts and blocks of the records, and what stopped reading."""
    reader, found = open_records(path, data, compression), []
    try:
        for record in reader.read_records(kind="response"):
            found.append((record.start, record.block))  # noqa: PERF401  (what came before an error counts)
    except DamagedInputError as error:
        return found, str(error)
    finally:
        reader.close()
    return found, ""


@pytest.mark.parametrize("form", FORMS)
def test_records_are_found_where_they_are_with_their_blocks(tmp_path, form):
    compression, data = FORMS[form]

    found, message = read_records(tmp_path / "news", data, compression)

    assert [start for start, _ in found] == STARTS[:-1]
    assert [block for _, block in found if block is not None] == PAGES
    assert message == ""


@pytest.mark.parametrize("form", FORMS)
def test_records_are_read_from_any_of_them_on_in_any_order(tmp_path, form):
    compression, data = FORMS[form]
    reader = open_records(tmp_path / "news", data, compression)
    borders = [(record.start, record.end) for record in reader.read_records()]

    for number in random.Random(3).choices(range(len(RECORDS)), k=20):
        start, end = borders[number]
        reader.seek(start)
        assert [record.start for record in reader.read_records(end)] == [STARTS[number]]
    reader.close()


@pytest.mark.slow
def test_a_plain_file_that_is_cut_off_at_any_byte_says_so_and_keeps_the_records_before(tmp_path):
    data = b"".join(RECORDS[:4])
    for place in range(1, len(data)):
        whole = sum(end - 4 <= place for end in STARTS[1:])
        # Between a block and the next record are four bytes without a meaning.
        is_between = any(0 <= end - place <= 4 for end in STARTS[1:])

        found, message = read_records(tmp_path / "news.warc", data[:place])

        assert len(found) == whole, place
        assert bool(message) is not is_between, place


@pytest.mark.parametrize("form", [form for form in FORMS if form != "plain"])
def test_a_packed_file_that_is_cut_off_anywhere_says_so_and_keeps_what_can_be_unpacked(tmp_path, form):
    compression, data = FORMS[form]
    whole, _ = read_records(tmp_path / "news", data, compression)
    ends = [sum(len(pack_gzip(record)) for record in RECORDS[:n]) for n in range(len(RECORDS))]
    chance = random.Random(5)
    for place in chance.choices(range(1, len(data) - 1), k=60):
        found, message = read_records(tmp_path / "news", data[:place], compression)

        assert found == whole[: len(found)]
        if form == "gzip, record by record":
            assert len(found) >= sum(end <= place for end in ends[1:])
            assert message or place in ends
        elif form.endswith("as a whole"):
            assert message


def test_a_page_in_which_a_bit_flipped_is_not_among_those_that_are_kept(tmp_path):
    packed = [pack_gzip(record) for record in RECORDS]
    data = bytearray(b"".join(packed))
    data[sum(map(len, packed[:4])) + len(packed[4]) // 2] ^= 4

    found, message = read_records(tmp_path / "news.warc.gz", bytes(data), "gzip")

    assert [start for start, _ in found] == STARTS[:4]
    assert "damaged" in message


@pytest.mark.parametrize(
    ("found", "instead", "message"),
    [
        (b"Content-Length: 18", b"Content-Length: -18", "does not say how long"),
        (b"Content-Length: 18", b"X-Length: 18", "does not say how long"),
        (b"Content-Length: 18", b"content-length: 18", "Content-Length, spelt so"),
        (b"Content-Length: 18", b"Content-Length: " + b"9" * 30, "no WARC record|does not say how long"),
        (b"Content-Length: 18", b"Content-Length: 8", "no WARC record"),
        (b"WARC/1.0", b"BARC/1.0", "no WARC record"),
        (b"WARC-Date", b"X: " + b"x" * 70_000 + b"\r\nWARC-Date", "no WARC record"),
    ],
)
def test_a_record_that_cannot_be_framed_ends_the_reading_with_the_reason(tmp_path, found, instead, message):
    records = [RECORDS[0], RECORDS[2], RECORDS[3].replace(found, instead), RECORDS[4]]

    rows, said = read_records(tmp_path / "news.warc", b"".join(records))

    # A length that is too short shows only behind the record.
    assert len(rows) in {2, 3}
    assert rows[1] == (len(records[0]), PAGES[0])
    assert any(part in said for part in message.split("|")), said


def test_a_block_of_more_bytes_than_are_wanted_is_passed_over_without_being_held(tmp_path):
    data = RECORDS[0] + make_warc_record("response", b"x" * 30_000_000) + RECORDS[2]
    reader = open_records(tmp_path / "news.warc.gz", pack_gzip(data), "gzip")
    del data

    tracemalloc.start()
    blocks = [record.block for record in reader.read_records(kind="response")]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    reader.close()

    assert blocks == [None, None, PAGES[0]]
    assert peak < 5_000_000


def test_without_the_extra_the_remedy_names_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fastwarc.warc", None)

    with pytest.raises(MissingExtraError, match=r"fastwarc: not installed.*pip install '\.\[warc\]'"):
        open_records(tmp_path / "news.warc", FORMS["plain"][1])
