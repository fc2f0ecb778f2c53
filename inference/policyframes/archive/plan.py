"""The plan of a job: columns and shards, made once from the inputs, and read back when the job goes on."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from policyframes.archive.arrow import import_arrow
from policyframes.archive.columns import OTHER, Columns, encode_schema, guess_column, require_text
from policyframes.archive.inputs import Input, stamp_input
from policyframes.archive.readers.formats import Look, find_names, plan_input
from policyframes.archive.readers.parquet_file import choose_types, list_paths
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard
from policyframes.archive.sources.presets import choose_source_columns, find_source_column
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


def look_at(inputs: Sequence[Input], settings: Settings) -> dict[str, Look]:
    """Return what the first rows of each input show, by the input's name.

    Raises:
        ArchiveInputError: an input cannot be read.
    """
    return {source.name: find_names(source, settings) for source in inputs}


def find_tables_without_text(inputs: Sequence[Input], looked: Mapping[str, Look], settings: Settings) -> list[str]:
    """Return the names of the tables found in folders that have no column of the text, such as lists of metadata.

    Only tables are looked at, whose columns are known for certain; and only where something else has the column.

    Args:
        inputs: all of them.
        looked: at each of them.
        settings: what the user chose.

    Raises:
        UsageError: no column can be the text.
    """
    if len(inputs) < 2:  # noqa: PLR2004  (what is alone is what is meant)
        return []
    names = [s.name for s in inputs if s.format in {"csv", "parquet"} and not s.is_named]
    tables = {name: looked[name].names for name in names}
    looks = [looked[name] for name in dict.fromkeys((*tables, *looked))]
    known = [name for look in looks for name in look.names]
    if not known:
        return []
    chosen = choose_source_columns(settings, known, inputs[0].path).text_column
    text = require_text(chosen, known, nested=find_nested(looks))
    # A table with another column that looks like one of texts holds articles: they are rows, and accounted for.
    without = [
        name
        for name, found in tables.items()
        if found and not {text, text.partition(".")[0]} & set(found) and not guess_column("text", "", found)
    ]
    return without if len(without) < len(inputs) else []


def choose_columns(
    inputs: Sequence[Input], looks: Mapping[str, Look], settings: Settings, reserved: Sequence[str]
) -> Columns:
    """Return the columns of inputs, by name or by guess.

    Args:
        inputs: all of them.
        looks: at each of them, and perhaps at others.
        settings: what the user chose.
        reserved: names of columns of the results, which a carried column cannot have.

    Raises:
        UsageError: a column that was chosen is not there, or none can be the text.
    """
    own_looks = {source.name: looks[source.name] for source in inputs}
    looked = list(own_looks.values())
    names = list(dict.fromkeys(name for look in looked for name in look.names))
    if not names and not has_rows(inputs, settings):
        return _make_empty_columns(settings, reserved)
    if settings.records and not names:
        raise UsageError(
            where=f"--records {settings.records}",
            found="no list of objects there",
            allowed="the name of the list, or a path with dots such as response.results",
            remedy="Open the file in an editor and look what the list of the articles is called.",
        )
    schemas = [look.schema for look in looked if look.schema is not None]
    asked = settings
    settings = choose_source_columns(settings, names, inputs[0].path)
    is_typed = len(schemas) == len(inputs)
    # A schema tells what lies within a column, so a path is known to lead somewhere, and a struct to be no text.
    known = list(dict.fromkeys(path for schema in schemas for path in list_paths(schema))) if is_typed else names
    nested = find_nested(looked)
    likely = [name for name in known if name not in nested]
    text = require_text(settings.text_column, known, exact=is_typed, nested=nested)
    identity = guess_column("id", settings.id_column, known if settings.id_column else likely, exact=is_typed)
    date = guess_column("date", settings.date_column, known if settings.date_column else likely, exact=is_typed)
    shared = {"text": text, "id": identity, "date": date}
    own = find_own_columns(own_looks, shared, asked)
    # What is the text of one input may be something else in another, and is carried through then.
    used = {source.name: {text, identity, date} for source in inputs} | {name: set(rest) for name, *rest in own}
    for path in settings.keep:
        if path not in names:
            guess_column("keep", path, known, exact=is_typed)
    # What leads to a text is carried through, too.
    led = {text} if settings.texts else set()
    spare = {n for source, look in own_looks.items() for n in look.names if n not in used[source] - led}
    paths = list(settings.keep) or [name for name in names if name in spare]
    schemas = schemas if is_typed else []
    texts = {text, *(own_text for _, own_text, *_ in own)}
    kept, has_other, schema = _make_schema(paths, inputs, settings, reserved=reserved, schemas=schemas, texts=texts)
    return Columns(text, identity, date, kept, has_other, schema, settings.source, own)


def _make_schema(
    paths: Sequence[str],
    inputs: Sequence[Input],
    settings: Settings,
    *,
    reserved: Sequence[str],
    schemas: list[Any],
    texts: Collection[str],
) -> tuple[tuple[tuple[str, str], ...], bool, str]:
    """Return the carried columns with their new names, whether there is one for the rest, and the schema of all."""
    arrow = import_arrow()
    has_other = not settings.keep and any(source.format in {"jsonl", "json"} for source in inputs)
    has_other = has_other and OTHER not in reserved
    kept = _name_kept(paths, (*reserved, OTHER) if has_other else reserved)
    # A column that holds the text, too, is carried as JSON without it.
    leading = {path for path, _ in kept if any(text.startswith(f"{path}.") for text in texts)}
    as_json = settings.output_format == "jsonl"
    fields = [
        (name, choose_types(schemas, path, as_json=as_json) if schemas and path not in leading else arrow.string())
        for path, name in kept
    ]
    fields += [(OTHER, arrow.string())] if has_other else []
    return tuple(kept), has_other, encode_schema(arrow.schema(fields))


def _name_kept(paths: Sequence[str], reserved: Sequence[str]) -> list[tuple[str, str]]:
    kept, taken = [], {name.lower() for name in reserved}
    for path in paths:
        name = path
        while name.lower() in taken:
            # DuckDB and Spark do not tell columns apart by their case.
            name += "_kept"
        taken.add(name.lower())
        kept.append((path, name))
    return kept


def has_rows(inputs: Sequence[Input], settings: Settings) -> bool:
    """Return whether there is anything in the inputs, good or bad; a header alone is nothing.

    Raises:
        ArchiveInputError: an input cannot be read.
    """
    shards = (plan_input(stamp_input(source), settings, lambda _: None) for source in inputs)
    return any(next(found, None) is not None for found in shards)


def _make_empty_columns(settings: Settings, reserved: Sequence[str]) -> Columns:
    """Return the columns of inputs without a row, so that a day without articles has a table like any other."""
    kept = _name_kept(settings.keep, reserved)
    arrow = import_arrow()
    schema = encode_schema(arrow.schema([(name, arrow.string()) for _, name in kept]))
    return Columns(settings.text_column or "text", "", "", tuple(kept), has_other=False, encoded_schema=schema)


def find_nested(looked: Sequence[Look]) -> set[str]:
    """Return the columns that hold objects or lists in every input that has them."""
    plain = {name for look in looked for name in look.names if name not in look.nested}
    return {name for look in looked for name in look.nested} - plain


def find_own_columns(
    looked: Mapping[str, Look], shared: Mapping[str, str], settings: Settings
) -> tuple[tuple[str, str, str, str], ...]:
    """Return the inputs that call text, id or date otherwise than most, and how; what the user named is so in all.

    Args:
        looked: at each input, by its name.
        shared: the columns of the archive by kind; empty where it has none.
        settings: as the user chose them.
    """
    asked = {"text": settings.text_column, "id": settings.id_column, "date": settings.date_column}
    found = []
    for name, look in looked.items():
        likely = [column for column in look.names if column not in look.nested]
        own = dict(shared)
        for kind, column in shared.items():
            is_there = column in look.names or column.partition(".")[0] in look.names
            if column and not asked[kind] and not is_there:
                own[kind] = (
                    find_source_column(settings.source, kind, likely) or guess_column(kind, "", likely) or column
                )
        if own != shared:
            found.append((name, own["text"], own["id"], own["date"]))
    return tuple(found)


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
        if not totals[0]:
            # A table without rows has a part that says what its columns are.
            yield _dump(asdict(Shard(0, 0, 0, 1)))
            totals[0] = 1
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
    columns["own"] = tuple(tuple(names) for names in columns["own"])
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
