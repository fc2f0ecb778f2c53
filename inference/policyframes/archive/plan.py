"""The plan of a job: columns and shards, made once from the inputs, and read back when the job goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from policyframes.archive.arrow import import_arrow
from policyframes.archive.columns import OTHER, Columns, encode_schema, guess_column, require_text
from policyframes.archive.inputs import Input, stamp_input
from policyframes.archive.readers.formats import find_names, plan_input
from policyframes.archive.readers.parquet import choose_types, list_paths
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard
from policyframes.archive.sources.presets import choose_source_columns
from policyframes.archive.storage import Disk
from policyframes.errors import ArchiveInputError, UsageError

PLAN = "plan.jsonl"


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    Attributes:
        inputs: with sizes, hashes and stamps.
        columns: where values are.
        shards: how many there are.
        rows: how many rows the shards have; -1 where only reading tells.
        path: file that holds the shards.
    """

    inputs: tuple[Input, ...]
    columns: Columns
    shards: int
    rows: int
    path: Path

    def read_shards(self) -> Iterator[Shard]:
        """Yield the shards in their order; one at a time, because there may be many."""
        with self.path.open(encoding="utf-8", errors="surrogatepass") as lines:
            for line in lines:
                fields = json.loads(line)
                if "number" in fields:
                    yield Shard(**{**fields, "paths": tuple(fields.get("paths", ()))})


def find_tables_without_text(inputs: Sequence[Input], settings: Settings) -> list[str]:
    """Return the names of the tables found in folders that have no column of the text, such as lists of metadata.

    Only tables are looked at, whose columns are known for certain; and only where something else has the column.

    Raises:
        UsageError: no column can be the text.
    """
    if len(inputs) < 2:  # noqa: PLR2004  (what is alone is what is meant)
        return []
    tables = {s.name: find_names(s, settings)[0] for s in inputs if s.format in {"csv", "parquet"} and not s.is_named}
    known = [name for found in tables.values() for name in found]
    known += [name for s in inputs if s.name not in tables for name in find_names(s, settings)[0]]
    text = require_text(choose_source_columns(settings, known, inputs[0].path).text_column, known)
    # A table with another column that looks like one of texts holds articles: they are rows, and accounted for.
    without = [
        name
        for name, found in tables.items()
        if found and not {text, text.partition(".")[0]} & set(found) and not guess_column("text", "", found)
    ]
    return without if len(without) < len(inputs) else []


def choose_columns(inputs: Sequence[Input], settings: Settings, reserved: Sequence[str]) -> Columns:
    """Return the columns of inputs, by name or by guess.

    Args:
        inputs: all of them.
        settings: what the user chose.
        reserved: names of columns of the results, which a carried column cannot have.

    Raises:
        UsageError: a column that was chosen is not there, or none can be the text.
    """
    looked = [find_names(source, settings) for source in inputs]
    names = list(dict.fromkeys(name for found, _ in looked for name in found))
    if settings.records and not names:
        raise UsageError(
            where=f"--records {settings.records}",
            found="no list of objects there",
            allowed="the name of the list, or a path with dots such as response.results",
            remedy="Open the file in an editor and look what the list of the articles is called.",
        )
    schemas = [schema for _, schema in looked if schema is not None]
    settings = choose_source_columns(settings, names, inputs[0].path)
    is_typed = len(schemas) == len(inputs)
    # A schema tells what lies within a column, so a path is known to lead somewhere, and a struct to be no text.
    known = list(dict.fromkeys(path for schema in schemas for path in list_paths(schema))) if is_typed else names
    text = require_text(settings.text_column, known, exact=is_typed)
    identity = guess_column("id", settings.id_column, known, exact=is_typed)
    date = guess_column("date", settings.date_column, known, exact=is_typed)
    for path in settings.keep:
        if path not in names:
            guess_column("keep", path, known, exact=is_typed)
    named = {"" if settings.texts else text, identity, date}
    paths = list(settings.keep) or [name for name in names if name not in named]
    kept, taken = [], {name.lower() for name in reserved}
    for path in paths:
        name = path
        while name.lower() in taken:
            # DuckDB and Spark do not tell columns apart by their case.
            name += "_kept"
        taken.add(name.lower())
        kept.append((path, name))
    has_other = not settings.keep and any(source.format in {"jsonl", "json"} for source in inputs)
    arrow = import_arrow()
    fields = [
        (name, choose_types(schemas, path, as_json=settings.output_format == "jsonl") if is_typed else arrow.string())
        for path, name in kept
    ]
    has_other = has_other and OTHER not in taken
    fields += [(OTHER, arrow.string())] if has_other else []
    schema = encode_schema(arrow.schema(fields))
    return Columns(text, identity, date, tuple(kept), has_other, schema, settings.source)


def make_plan(inputs: Sequence[Input], columns: Columns, settings: Settings, *, folder: Path, disk: Disk) -> Plan:
    """Read the inputs once, for their hashes and the borders of shards, and write the plan.

    Raises:
        ArchiveInputError: an input cannot be read, or changed meanwhile.
        ArchiveOutputError: the plan cannot be written.
    """
    planned: list[Input] = []
    totals = [0, 0]

    def write() -> Iterator[bytes]:
        for index, source in enumerate(inputs):
            stamped = stamp_input(source)
            digests: list[str] = []
            for shard in plan_input(stamped, settings, digests.append):
                rows = -1 if settings.records and source.format == "jsonl" else shard.rows
                totals[1] = -1 if rows < 0 or totals[1] < 0 else totals[1] + rows
                yield _dump(asdict(replace(shard, number=totals[0], input=index, rows=rows)))
                totals[0] += 1
            if stamp_input(source) != stamped:
                raise make_changed_error(source)
            planned.append(replace(stamped, sha256=digests[0]))
        yield _dump({"inputs": [asdict(source) for source in planned], "columns": asdict(columns)})
        yield _dump({"shards": totals[0], "rows": totals[1]})

    path = folder / PLAN
    disk.write_file(path, write())
    return Plan(tuple(planned), columns, totals[0], totals[1], path)


def read_plan(folder: Path) -> Plan:
    """Return the plan that was written."""
    path = folder / PLAN
    head: dict[str, Any] = {}
    with path.open(encoding="utf-8", errors="surrogatepass") as lines:
        for line in lines:
            if not line.startswith('{"number"'):
                head |= json.loads(line)
    columns = head["columns"]
    columns["kept"] = tuple((path, name) for path, name in columns["kept"])
    inputs = tuple(Input(**fields) for fields in head["inputs"])
    return Plan(inputs, Columns(**columns), head["shards"], head["rows"], path)


def make_changed_error(source: Input) -> ArchiveInputError:
    """Return the error for an input that changed during the run."""
    return ArchiveInputError(
        where=source.path,
        found="the file changed while it was read",
        allowed="inputs that stay as they are until the run ends",
        remedy="Wait until whatever writes it has ended, then score it into another folder.",
    )


def _dump(fields: object) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode("ascii") + b"\n"
