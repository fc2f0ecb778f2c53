"""The tables of the results: their columns, and their bytes, which are the same whenever the rows are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from policyframes.archive.arrow import import_arrow
from policyframes.archive.columns import Columns
from policyframes.archive.duplicates.clusters import Place
from policyframes.archive.settings import OutputFormat

_DECIMALS = 4
NONE, UNCERTAIN = "none", "uncertain"
PLACE_COLUMNS = ("cluster", "is_duplicate")
_MODEL = ("bundle", "bundle_id", "quality", "version")


def name_document_columns(framings: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names of the columns of documents before and after those carried through."""
    kinds = (*framings, NONE, UNCERTAIN)
    after = [
        *("passages", "words", *kinds),
        *(f"share_{kind}" for kind in kinds),
        *(f"has_{framing}" for framing in framings),
        *(f"p_{kind}" for kind in (*framings, NONE)),
        *("primary", *_MODEL),
    ]
    return ["document", "date", "source", "row"], after


def reserve_names(framings: Sequence[str]) -> list[str]:
    """Return the names that no carried column can have."""
    before, after = name_document_columns(framings)
    return [*before, *after]


def make_document_schema(framings: Sequence[str], columns: Columns) -> Any:  # noqa: ANN401  (pyarrow has no types)
    """Return the schema of documents."""
    arrow = import_arrow()
    before, after = name_document_columns(framings)
    counts = {"passages", "words", *framings, NONE, UNCERTAIN}

    def choose(name: str) -> Any:  # noqa: ANN401  (pyarrow has no types)
        if name == "row":
            return arrow.int64()
        if name in counts:
            return arrow.int32()
        if name.startswith("has_"):
            return arrow.bool_()
        return arrow.float64() if name.startswith(("share_", "p_")) else arrow.string()

    return arrow.schema(
        [*((name, choose(name)) for name in before), *columns.schema, *((name, choose(name)) for name in after)]
    )


def make_passage_schema(framings: Sequence[str]) -> Any:  # noqa: ANN401  (pyarrow has no types)
    """Return the schema of passages; its names are those of the tables of single documents."""
    arrow = import_arrow()
    texts = arrow.list_(arrow.field("element", arrow.string()))
    return arrow.schema(
        [
            ("document", arrow.string()),
            *((name, arrow.int32()) for name in ("passage", "start", "end", "words")),
            *(("framings", texts), ("primary", arrow.string()), ("uncertain", texts), ("tier", arrow.string())),
            *((f"p_{framing}", arrow.float64()) for framing in framings),
            *((framing, arrow.int32()) for framing in framings),
            *(("none", arrow.int32()), ("text", arrow.string())),
        ]
    )


def round_number(value: float) -> float:
    """Return a number as the tables hold it."""
    return round(value, _DECIMALS)


def make_table(columns: Mapping[str, Sequence[object]], schema: Any) -> Any:  # noqa: ANN401  (pyarrow has no types)
    """Return the columns of a schema as a table, whatever else there is; without any of them, an empty one."""
    return import_arrow().Table.from_pydict({name: columns.get(name, ()) for name in schema.names}, schema=schema)


def encode_table(table: Any, output_format: OutputFormat) -> bytes:  # noqa: ANN401  (pyarrow has no types)
    """Return the bytes of a part."""
    if output_format == "jsonl":
        rows = _drop_infinities(table).to_pylist()
        lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False) for row in rows)
        return "".join(f"{line}\n" for line in lines).encode()
    sink = import_arrow().BufferOutputStream()
    # Without checksums of pages, readers take two in three single-bit errors for data.
    import_arrow("pyarrow.parquet").write_table(
        table.combine_chunks(), sink, compression="zstd", write_page_checksum=True, version="2.6"
    )
    return bytes(sink.getvalue())


def _drop_infinities(table: Any) -> Any:  # noqa: ANN401  (pyarrow has no types)
    """Return a table with null for every number that JSON does not know."""
    arrow, compute = import_arrow(), import_arrow("pyarrow.compute")
    for index, column in enumerate(table.schema):
        if arrow.types.is_floating(column.type):
            values = table.column(index)
            finite = compute.if_else(compute.is_finite(values), values, arrow.scalar(None, column.type))
            table = table.set_column(index, column, finite)
    return table


def drop_rows(part: bytes, doomed: set[int], output_format: OutputFormat) -> bytes:
    """Return a part without some rows, as if they had never been in it."""
    if output_format == "jsonl":
        lines = part.split(b"\n")[:-1]
        return b"".join(line + b"\n" for index, line in enumerate(lines) if index not in doomed)
    table = decode_part(part)
    # An empty list has no type of its own.
    left = import_arrow().array([index for index in range(table.num_rows) if index not in doomed], "int64")
    return encode_table(table.take(left), output_format)


def add_places(part: bytes, places: Sequence[Place], output_format: OutputFormat) -> bytes:
    """Return a part with the cluster of each of its documents, and whether it is the copy of another."""
    if output_format == "jsonl":
        rows = [json.loads(line) for line in part.split(b"\n")[:-1]]
        rows = [{**row, **asdict(place)} for row, place in zip(rows, places, strict=True)]
        lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
        return "".join(f"{line}\n" for line in lines).encode()
    arrow = import_arrow()
    table = decode_part(part)
    table = table.append_column("cluster", arrow.array([place.cluster for place in places], arrow.string()))
    table = table.append_column("is_duplicate", arrow.array([place.is_duplicate for place in places], arrow.bool_()))
    return encode_table(table, output_format)


def decode_part(part: bytes) -> Any:  # noqa: ANN401  (pyarrow has no types)
    """Return the table of a Parquet part."""
    arrow = import_arrow()
    reader = import_arrow("pyarrow.parquet")
    return reader.read_table(arrow.BufferReader(part), page_checksum_verification=True, use_threads=False)


def read_column(part: bytes, name: str, output_format: OutputFormat) -> list[Any]:
    """Return a column of a part."""
    if output_format == "jsonl":
        return [json.loads(line)[name] for line in part.split(b"\n")[:-1]]
    column: list[Any] = decode_part(part).column(name).to_pylist()
    return column
