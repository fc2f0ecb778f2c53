"""I2: files made to fill memory end in quarantine, in little time and memory, and their neighbours are scored."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from policyframes.archive.inputs import find_inputs
from policyframes.archive.readers.parquet_file import ParquetSource
from tests.inference.archive.archives import make_rows, read_documents, read_quarantine, write_rows

MEGABYTE = 1024 * 1024
_RUN = """
import sys
from pathlib import Path
from tests.inference.archive.archives import run_job
run_job(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), passages=False, shard_rows=1000)
lines = Path("/proc/self/status").read_text().splitlines()
print(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024)
"""


def make_long_line(folder: Path) -> None:
    rows = make_rows(4, bad=False)
    with (folder / "bomb.jsonl").open("w") as stream:
        stream.write(json.dumps(rows[0]) + '\n{"id": "bomb", "text": "')
        for _ in range(200):
            stream.write("the " * (MEGABYTE // 4))
        stream.write('"}\n' + json.dumps(rows[1]) + "\n")


def make_gzip(folder: Path) -> None:
    with gzip.open(folder / "bomb.jsonl.gz", "wb", compresslevel=9) as stream:
        stream.write(b'{"id": "bomb", "text": "')
        for _ in range(300):
            stream.write(b"a" * MEGABYTE)
        stream.write(b'"}\n' + json.dumps(make_rows(1, bad=False)[0]).encode())


def make_dictionary(folder: Path) -> None:
    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * 4000, pa.int32()), pa.array(["a" * (50 * MEGABYTE)]))
    pq.write_table(pa.table({"id": [f"b{i}" for i in range(4000)], "text": repeated}), folder / "bomb.parquet")


def make_plain(folder: Path, *, rows: int = 1, megabytes: int = 60, groups: int = 40) -> None:
    batch = pa.record_batch({"id": [f"b{row}" for row in range(rows)], "text": ["a" * (megabytes * MEGABYTE)] * rows})
    options = {"compression": "zstd", "use_dictionary": False, "write_statistics": False}
    with pq.ParquetWriter(folder / "bomb.parquet", batch.schema, **options) as writer:
        for _ in range(groups):
            writer.write_batch(batch)


def make_long_rows(folder: Path) -> None:
    make_plain(folder, rows=130, megabytes=8, groups=1)


def make_table(folder: Path) -> None:
    with (folder / "bomb.csv").open("w") as stream:
        stream.write('id,text\na,The court decides.\nbomb,"')
        for _ in range(100):
            stream.write(("the court " * 100 + "\n") * (MEGABYTE // 1000))


def make_nest(folder: Path) -> None:
    lines = [b"[" * (2 * MEGABYTE), b'{"id": "x", "text": ' + b'{"a": ' * 300_000]
    (folder / "bomb.jsonl").write_bytes(b"\n".join(lines) + b"\n")


def make_text(folder: Path) -> None:
    (folder / "bomb.txt").write_bytes(b"the court " * (20 * MEGABYTE))


BOMBS = {
    "a line of 200 MB": (make_long_line, "limit_exceeded"),
    "a gzip of 1000 to 1": (make_gzip, "limit_exceeded"),
    "a Parquet of 200 GB": (make_dictionary, "limit_exceeded"),
    "a Parquet of 2.4 GB without a dictionary": (make_plain, "limit_exceeded"),
    "a Parquet of long rows without a dictionary": (make_long_rows, "limit_exceeded"),
    "a quotation mark never closed": (make_table, "invalid_csv"),
    "a deep nest": (make_nest, "too_deep"),
    "a text of 200 MB": (make_text, "limit_exceeded"),
}


@pytest.mark.slow
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_costs_its_own_rows_and_little_else(tmp_path, bundle_folder, checkout, bomb):
    make, code = BOMBS[bomb]
    folder = tmp_path / "in"
    folder.mkdir()
    make(folder)
    write_rows(folder / "zebra.jsonl", [{**row, "id": f"z{row['id']}"} for row in make_rows(5, bad=False)])
    start = time.perf_counter()
    command = [sys.executable, "-c", _RUN, str(folder), str(tmp_path / "out"), str(bundle_folder)]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=120, check=False)
    seconds = time.perf_counter() - start

    assert done.returncode == 0, done.stderr[-2000:]
    sys.stdout.write(f"{bomb}: {seconds:.1f} s, {int(done.stdout) / 1e6:.0f} MB\n")
    assert int(done.stdout) <= 512 * MEGABYTE
    assert code in {entry["code"] for entry in read_quarantine(tmp_path / "out")}
    assert {f"za{number}" for number in range(5)} <= {row["document"] for row in read_documents(tmp_path / "out")}


@pytest.mark.parametrize(
    ("name", "size"), [("article.body", 1004), ("place.town", 504), ("tags", 2 * 54), ("short", 14), ("absent", 0)]
)
def test_the_footer_tells_how_long_rows_are_in_the_columns_that_are_read(tmp_path, name, size):
    columns = {
        "article.body": ["a" * 1000] * 100,
        "place": [{"town": "a" * 500}] * 100,
        "tags": [["a" * 50, "b" * 50]] * 100,
        "short": ["a" * 10] * 100,
    }
    path = tmp_path / "news.parquet"
    pq.write_table(pa.table(columns), path, compression="none", use_dictionary=False, write_statistics=False)
    (source,), _ = find_inputs([str(path)])
    rows, found = ParquetSource(source, [name]).measure_rows(0)

    # Lengths come with the values, and pages with heads.
    assert rows == 100
    assert size <= found <= size + 4
