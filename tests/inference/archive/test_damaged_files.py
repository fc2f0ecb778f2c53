"""I1: of a file that is cut off or harmed, the rows before the damage are kept, and the rest is counted."""

from __future__ import annotations

import gzip
import json
import zlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.inference.archive.archives import make_rows, write_rows


@pytest.mark.parametrize("kind", ["gz", "zst"])
@pytest.mark.parametrize("harm", ["cut", "flip", "garbage"])
def test_the_rows_before_the_damage_of_a_compressed_file_are_kept(tmp_path, scored, kind, harm):
    path = write_rows(tmp_path / f"news.jsonl.{kind}", make_rows(3000, bad=False))
    data = path.read_bytes()
    harmed = {
        "cut": data[: len(data) * 2 // 3],
        "flip": data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 255]) + data[len(data) // 2 + 1 :],
        "garbage": data + b"no compressed data",
    }
    path.write_bytes(harmed[harm])
    summary, entries, documents = scored(path, shard_rows=500)

    # zstd files of most programs carry no checksum, so that a flipped bit may turn a letter into another.
    if (kind, harm) != ("zst", "flip"):
        assert entries[-1]["code"] in {"damaged_file", "invalid_json", "invalid_utf8"}
    assert [row["document"] for row in documents[:5]] == ["a0", "a1", "a2", "a3", "a4"]
    if harm == "cut":
        assert summary.faults == {"damaged_file": 1}
        assert summary.scored > 1000
    if harm == "garbage":
        assert summary.scored > 2900


def test_a_plain_file_cut_within_a_row_loses_that_row_alone(tmp_path, scored):
    path = write_rows(tmp_path / "news.jsonl", make_rows(10, bad=False))
    path.write_bytes(path.read_bytes()[:-20])
    summary, entries, _ = scored(path)

    assert summary.scored == 9
    assert [entry["code"] for entry in entries] == ["invalid_json"]


@pytest.mark.parametrize("left", [0, 3, 100, -1])
def test_a_parquet_file_without_its_end_is_one_entry(tmp_path, scored, left):
    path = write_rows(tmp_path / "news.parquet", make_rows(10, bad=False))
    path.write_bytes(path.read_bytes()[:left])
    write_rows(tmp_path / "more.parquet", make_rows(5, bad=False))
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("news.parquet", "more.parquet"):
        (tmp_path / name).rename(folder / name)
    summary, entries, _ = scored(folder)

    assert summary.scored == 5
    assert [(entry["code"], entry["source"]) for entry in entries] == [("damaged_file", "news.parquet")]


def test_damage_within_a_parquet_file_costs_the_rest_of_its_row_group(tmp_path, scored):
    path = tmp_path / "news.parquet"
    rows = make_rows(3000, bad=False)
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=1000, write_page_checksum=True, compression=None)
    chunk = pq.ParquetFile(path).metadata.row_group(1).column(3)
    data = bytearray(path.read_bytes())
    data[(chunk.dictionary_page_offset or chunk.data_page_offset) + chunk.total_compressed_size // 2] ^= 255
    path.write_bytes(data)
    summary, entries, documents = scored(path, shard_rows=300)

    assert {entry["code"] for entry in entries} == {"damaged_file"}
    assert summary.rows == 3000
    assert sum(entry["rows"] for entry in entries) == 3000 - len(documents)
    assert documents[-1]["document"] == "a2999"
    assert len(documents) >= 2000


def test_gzip_members_one_after_another_are_one_file(tmp_path, scored):
    rows = make_rows(10, bad=False)
    path = tmp_path / "news.jsonl.gz"
    path.write_bytes(b"".join(gzip.compress(json.dumps(row).encode() + b"\n") for row in rows))

    assert scored(path)[0].scored == 10
    assert zlib.crc32(b"") == 0
