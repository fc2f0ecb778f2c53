"""Which reader and planner a format has."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple, Protocol

from policyframes.archive.columns import Columns
from policyframes.archive.input_files import hash_file
from policyframes.archive.inputs import Format, Input
from policyframes.archive.readers import csv_table, json_file, jsonl, parquet, parquet_file, texts
from policyframes.archive.readers.batches import FaultError
from policyframes.archive.rows import Batch
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard
from policyframes.archive.sources.presets import PRESETS, adapt_names


class Reader(Protocol):
    """Reads the shards of one input."""

    def read(self, shard: Shard) -> Iterator[Batch]:
        """Yield the rows of a shard in batches."""

    def close(self) -> None:
        """Let go of the input."""


_READERS: dict[Format, Callable[[Input, Columns, Settings], Reader]] = {
    "jsonl": jsonl.JsonLinesReader,
    "json": json_file.JsonReader,
    "csv": csv_table.CsvReader,
    "parquet": parquet.ParquetReader,
    "texts": texts.TextsReader,
}
_PLANNERS: dict[Format, Callable[[Input, Settings, Any], Iterator[Shard]]] = {
    "jsonl": jsonl.plan_shards,
    "json": json_file.plan_shards,
    "csv": csv_table.plan_shards,
    "texts": texts.plan_shards,
}
# What reads these takes half a second to import.
_SOURCES = {"warc": "policyframes.archive.sources.warc", "nexis": "policyframes.archive.sources.nexis"}
_SAMPLED = 1000


def open_reader(source: Input, columns: Columns, settings: Settings) -> Reader:
    """Return the reader of an input.

    Raises:
        ArchiveInputError: it cannot be opened.
    """
    columns = columns.of_input(source.name)
    if source.format in _SOURCES:
        reader: Reader = _import_source(source).READER(source, columns, settings)
        return reader
    return _READERS[source.format](source, columns, settings)


def plan_input(
    source: Input,
    settings: Settings,
    finish: Callable[[str], None],
    hasher: Any = None,  # noqa: ANN401  (hashlib names no type)
) -> Iterator[Shard]:
    """Yield the shards of an input, then tell its hash.

    Args:
        source: the input.
        settings: of the job.
        finish: is told the hash.
        hasher: takes the bytes that are read; None: SHA-256.

    Raises:
        ArchiveInputError: the disk cannot be read.
        UsageError: a setting does not fit the format.
    """
    if source.format == "parquet":
        yield from parquet.plan_shards(source, settings)
        finish(hash_file(source.path))
        return
    hasher = hasher or hashlib.sha256()
    plan = _import_source(source).plan_shards if source.format in _SOURCES else _PLANNERS[source.format]
    yield from plan(source, settings, hasher)
    finish(hasher.hexdigest())


def _import_source(source: Input) -> Any:  # noqa: ANN401  (a module)
    return import_module(_SOURCES[source.format])


def hash_input(source: Input) -> str:
    """Return the hash of an input, as planning tells it.

    Raises:
        ArchiveInputError: it cannot be read.
    """
    return texts.hash_folder(source) if source.format == "texts" else hash_file(source.path)


class Look(NamedTuple):
    """What the first rows of an input show.

    Attributes:
        names: columns.
        schema: of a table that states it; None else.
        nested: columns of objects or lists, which cannot be what a column of texts, ids or dates is guessed to be.
    """

    names: list[str]
    schema: Any = None
    nested: frozenset[str] = frozenset()


def find_names(source: Input, settings: Settings) -> Look:
    """Return the columns of an input as its first rows show them, and its schema where it has one.

    Raises:
        UsageError: a setting does not fit the format, or a table has no header.
    """
    if source.format == "parquet":
        parquet.refuse_records(source, settings)
        schema = parquet_file.read_schema(source)
        return Look([]) if schema is None else Look(list(schema.names), schema, parquet_file.find_nested(schema))
    if source.format == "csv":
        parquet.refuse_records(source, settings)
        header = csv_table.read_header(source, settings)
        return Look(adapt_names(settings.source, header.names if header else ()))
    if source.format == "texts":
        return Look([texts.TEXT, texts.ID])
    if source.format in _SOURCES:
        return Look(list(PRESETS[source.format].columns))
    return _look_at_records(_sample_records(source, settings), settings.source)


def _sample_records(source: Input, settings: Settings) -> list[Mapping[str, Any]]:
    if source.format == "jsonl":
        return jsonl.sample_records(source, settings, _SAMPLED)
    try:
        items = json_file.read_items(source, settings)
    except FaultError:
        return []
    return [item for item in items[:_SAMPLED] if isinstance(item, Mapping)]


def _look_at_records(records: Sequence[Mapping[str, Any]], source: str) -> Look:
    names = dict.fromkeys(name for record in records for name in record)
    plain: set[str] = set()
    nested: set[str] = set()
    for record in records:
        for name, value in record.items():
            if value is not None:
                (nested if isinstance(value, Mapping | list) else plain).add(name)
    return Look(adapt_names(source, list(names)), None, frozenset(nested - plain))
