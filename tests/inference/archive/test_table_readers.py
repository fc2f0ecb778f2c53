"""Libraries that people open the results with: all see one table, the same values, in the order of the input."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from tests.inference.archive.archives import make_rows, run_job

DOCS = Path(__file__).parents[3] / "docs" / "archives.md"
COUNTS = ("securitized", "governance", "partnership", "none", "uncertain", "passages")
_UTC = dt.UTC


def make_table(count=50):
    rows = make_rows(count)
    noon = dt.datetime(2024, 5, 1, 12, 0, 0, 123456)  # noqa: DTZ001  (a column without a zone)
    every = range(count)
    return pa.table(
        {
            "id": [row["id"] for row in rows],
            "text": [row["text"] for row in rows],
            "date": [noon.date() + dt.timedelta(days=n) for n in every],
            "seen": pa.array([noon + dt.timedelta(days=n) if n % 3 else None for n in every], pa.timestamp("us")),
            "sent": pa.array([noon.replace(tzinfo=_UTC) for _ in every], pa.timestamp("us", "UTC")),
            "visits": pa.array([n * 10**12 if n % 4 else None for n in every], pa.int64()),
            "price": pa.array([decimal.Decimal(n) / 4 for n in every], pa.decimal128(10, 2)),
            "paid": [n % 2 == 0 if n % 5 else None for n in every],
            # No value in whole parts.
            "late": pa.array([None if n < 35 else f"é{n}" for n in every], pa.string()),
            "tags": pa.array([["a", None, "ü"][: n % 4] if n % 7 else None for n in every], pa.list_(pa.string())),
            "place": pa.array(
                [{"name": f"p{n}", "at": {"x": n / 2}} if n % 6 else None for n in every],
                pa.struct([("name", pa.string()), ("at", pa.struct([("x", pa.float64())]))]),
            ),
        }
    )


@pytest.fixture
def folder(tmp_path, bundle_folder):
    pq.write_table(make_table(), tmp_path / "news.parquet", row_group_size=20)
    run_job(tmp_path / "news.parquet", tmp_path / "scored", bundle_folder, shard_rows=4)
    assert len(list((tmp_path / "scored/documents.parquet").iterdir())) > 10
    return tmp_path / "scored"


@pytest.fixture
def expected(folder):
    """Return the rows of the documents, part after part, as they were written."""
    parts = sorted((folder / "documents.parquet").iterdir())
    return [row for part in parts for row in pq.ParquetFile(part).read().to_pylist()]


def test_what_was_carried_through_is_what_the_input_held(folder, expected):
    # Of rows with one id the first is scored.
    given = {row["id"]: row for row in reversed(make_table().to_pylist())}
    own = ("seen", "sent", "visits", "price", "paid", "late", "tags", "place")

    assert [row["row"] for row in expected] == sorted(row["row"] for row in expected)
    for row in expected:
        source = given[row["document"]]
        assert {name: row[name] for name in own} == {name: source[name] for name in own}
        assert row["date"] == source["date"].isoformat()
    schema = pq.ParquetFile(next((folder / "documents.parquet").iterdir())).schema_arrow
    assert [schema.field(name).type for name in own] == [make_table().schema.field(name).type for name in own]


def check_sums(folder, sums):
    summary = json.loads((folder / "summary.json").read_bytes())
    assert sums == {**summary["counts"], "passages": summary["passages"]}


def test_pyarrow_reads_one_table(folder, expected):
    table = ds.dataset(folder / "documents.parquet").to_table()

    assert table.to_pylist() == expected
    check_sums(folder, {name: sum(table[name].to_pylist()) for name in COUNTS})
    passages = ds.dataset(folder / "passages.parquet").to_table()
    assert passages.num_rows == sum(row["passages"] for row in expected)
    assert list(dict.fromkeys(passages["document"].to_pylist())) == [row["document"] for row in expected]


def test_pandas_reads_one_table(folder, expected):
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_parquet(folder / "documents.parquet")
    exact = pandas.read_parquet(folder / "documents.parquet", dtype_backend="pyarrow")

    assert list(frame["document"]) == [row["document"] for row in expected]
    check_sums(folder, {name: int(frame[name].sum()) for name in COUNTS})
    assert str(frame["seen"].dtype).startswith("datetime64[")
    assert str(frame["sent"].dtype).endswith(", UTC]")
    assert list(frame["seen"].isna()) == [row["seen"] is None for row in expected]
    assert frame["share_securitized"].dtype == "float64"
    assert frame["has_securitized"].dtype == "bool"
    # A column of whole numbers with gaps stays one where pandas is asked for Arrow's types.
    assert [None if pandas.isna(value) else value for value in exact["visits"]] == [row["visits"] for row in expected]
    assert [None if value is None else dict(value) for value in frame["place"]] == [row["place"] for row in expected]
    passages = pandas.read_parquet(folder / "passages.parquet")
    assert passages.groupby("document")["none"].sum().sum() == frame["none"].sum()


def test_polars_reads_one_table(folder, expected):
    polars = pytest.importorskip("polars")
    frame = polars.read_parquet(folder / "documents.parquet")

    assert frame.to_dicts() == expected
    assert frame.schema["sent"] == polars.Datetime("us", "UTC")
    assert frame.schema["seen"] == polars.Datetime("us")
    assert frame.schema["visits"] == polars.Int64
    assert frame.schema["tags"] == polars.List(polars.String)
    assert frame.schema["price"] == polars.Decimal(10, 2)
    check_sums(folder, {name: frame[name].sum() for name in COUNTS})
    passages = polars.read_parquet(folder / "passages.parquet")
    assert passages.height == frame["passages"].sum()
    assert passages.schema["framings"] == polars.List(polars.String)


def test_duckdb_runs_the_lines_of_the_documentation(folder, expected, monkeypatch):
    duckdb = pytest.importorskip("duckdb")
    text = DOCS.read_text(encoding="utf-8")
    lines = [re.sub(r"^DuckDB:\s*", "", line) for line in text.splitlines() if re.match(r"(DuckDB:\s*)?SELECT ", line)]
    monkeypatch.chdir(folder.parent)

    assert len(lines) == 2
    with duckdb.connect() as database:
        # Times with a zone are given in that of the session.
        database.execute("SET TimeZone = 'UTC'")
        cursor = database.execute(lines[0])
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        assert rows == expected
        described = database.execute(f"DESCRIBE {lines[0]}").fetchall()
        types = {name: kind for name, kind, *_ in described}
        assert types["visits"] == types["row"] == "BIGINT"
        assert types["seen"] == "TIMESTAMP"
        assert types["sent"] == "TIMESTAMP WITH TIME ZONE"
        assert types["tags"] == "VARCHAR[]"
        assert types["price"] == "DECIMAL(10,2)"
        assert types["has_securitized"] == "BOOLEAN"
        sums = ", ".join(f"sum({name})::BIGINT" for name in COUNTS)
        found = database.execute(f"SELECT {sums} FROM 'scored/documents.parquet/*.parquet'").fetchone()  # noqa: S608  (our own names)
        check_sums(folder, dict(zip(COUNTS, found, strict=True)))
        by_month = database.execute(lines[1]).fetchall()
        assert sum(row[1] for row in by_month) == len(expected)
        assert [row[0] for row in by_month] == sorted({row["date"][:7] for row in expected})
