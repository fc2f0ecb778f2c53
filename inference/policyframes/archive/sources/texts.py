"""`--texts`: a table of the user's own texts, joined by address or id to an export that holds metadata alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from policyframes.archive.arrow import import_arrow
from policyframes.archive.columns import Columns, encode_schema, guess_column, require_text
from policyframes.archive.inputs import Input, find_inputs, stamp_input
from policyframes.archive.plan import Plan, make_changed_error
from policyframes.archive.readers.formats import find_names, open_reader, plan_input
from policyframes.archive.rows import Batch, Code, Fault, Row, show_value
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard
from policyframes.archive.sources.presets import find_address, find_id
from policyframes.archive.sources.text_index import TextIndex, build_index, digest_name, is_index_of
from policyframes.errors import UsageError

INDEX = "texts.sqlite"
_ADDRESSES = ("url", "link", "address", "SOURCEURL", "DocumentIdentifier", "guid")
_FORMATS = {"csv", "jsonl", "json", "parquet"}
_MOST_SHOWN = 3


@dataclass(frozen=True)
class Join:
    """How a table of texts is joined to an export.

    Attributes:
        table: the table, with its hash.
        is_address: rows and texts are matched by their address; else by their id.
        row_column: of the export, that holds the address or id.
        columns: of the table.
        index: file that holds the texts.
        shards: of the table; needed only to make the index.
    """

    table: Input
    is_address: bool
    row_column: str
    columns: Columns
    index: Path
    shards: tuple[Shard, ...] = ()

    def describe(self) -> dict[str, object]:
        """Return what the run manifest says of it."""
        table = self.table
        return {
            "name": table.name,
            "format": table.format,
            "compression": table.compression,
            "bytes": table.bytes,
            "sha256": table.sha256,
            "text": self.columns.text,
            "joined": {"by": "address" if self.is_address else "id", "from": self.row_column, "to": self.columns.id},
        }


def lead_to_texts(settings: Settings, join: Join | None) -> Settings:
    """Return the settings by which an export is read: what leads to a text stands for it until it is looked up."""
    return settings if join is None else replace(settings, text_column=join.row_column)


def plan_join(path: str, inputs: Sequence[Input], settings: Settings, folder: Path) -> Join:
    """Return how a table of texts is joined to the inputs, and the shards that it is read in.

    Args:
        path: of the table.
        inputs: exports without texts.
        settings: of the job; `text_column` is of the table.
        folder: for the index.

    Raises:
        UsageError: it is no table, is one of the inputs, or has no column that could be joined.
        ArchiveInputError: it cannot be read, or changed meanwhile.
    """
    found, _ = find_inputs([path])
    if len(found) != 1 or found[0].format not in _FORMATS:
        raise UsageError(
            where=f"--texts {path}",
            found="no table",
            allowed="one .csv, .tsv, .jsonl, .json or .parquet file, the first four also as .gz or .zst",
            remedy="Write the texts as a table with the columns url and text.",
        )
    if found[0].path in {source.path for source in inputs}:
        raise UsageError(
            where=f"--texts {path}",
            found="a table that is one of the inputs too",
            allowed="metadata as the input, texts with --texts",
            remedy="Give the export as the input; or, if it has texts itself, leave --texts out.",
        )
    reading = _make_reading(settings)
    names = find_names(found[0], reading).names
    known = list(dict.fromkeys(name for source in inputs for name in find_names(source, settings).names))
    text = require_text(settings.text_column, names)
    column, row_column, is_address = _choose_keys(names, known, settings)
    if not (column and row_column):
        raise UsageError(
            where=f"--texts {path}",
            found=f"nothing to join by: columns {', '.join(names[:8])}",
            allowed=f"url, or the ids of the export: {', '.join(known[:8])}",
            remedy="Call the column of the addresses url; an export needs a header.",
        )
    table = stamp_input(found[0])
    digests: list[str] = []
    shards = tuple(plan_input(table, reading, digests.append))
    if stamp_input(table) != table:
        raise make_changed_error(table)
    columns = Columns(text, column, "", (), has_other=False, encoded_schema=encode_schema(import_arrow().schema([])))
    table = replace(table, sha256=digests[0])
    # Whole: on a cluster it is opened from elsewhere.
    return Join(table, is_address, row_column, columns, folder.resolve() / INDEX, shards)


def _choose_keys(names: Sequence[str], known: Sequence[str], settings: Settings) -> tuple[str, str, bool]:
    """Return the column of the texts, that of the export, and whether they hold addresses."""
    by_lower = {name.lower(): name for name in reversed(names)}
    address = next((by_lower[name.lower()] for name in _ADDRESSES if name.lower() in by_lower), "")
    row_address = find_address(settings.source, known)
    if address and row_address:
        return address, row_address, True
    identity = settings.id_column or find_id(settings.source, known)
    return by_lower.get(identity.lower(), "") or guess_column("id", "", names), identity, False


@dataclass
class _Faults:
    """How many rows of a table are of no use, and why the first of them are not."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def note(self, reason: str) -> None:
        """Count a row."""
        self.count += 1
        if len(self.first) < _MOST_SHOWN:
            self.first.append(reason)


def _make_reading(settings: Settings) -> Settings:
    return replace(settings, source="", records="", id_column="", date_column="", keep=())


def fill_index(join: Join, settings: Settings, say: Callable[[str], None]) -> None:
    """Write the index of a table unless it is there, and say what is wrong with the table's rows.

    Raises:
        ArchiveInputError: the table cannot be read.
        ArchiveOutputError: the disk refuses.
    """
    about = {"sha256": join.table.sha256, "text": join.columns.text, "key": join.columns.id}
    about["by"] = "address" if join.is_address else "id"
    if is_index_of(join.index, about):
        return
    faults = _Faults()
    build_index(join.index, _read_texts(join, settings, faults), about)
    if faults.count:
        say(f"{join.table.name}: {faults.count} rows give no text to any article: {'; '.join(faults.first)}")
    index = TextIndex(join.index)
    count, copies = index.find_copies(_MOST_SHOWN)
    index.close()
    if count:
        kind = "addresses" if join.is_address else "ids"
        say(f"{join.table.name}: {count} {kind} occur more than once, the first text of each counts: {_join(copies)}")


def _read_texts(join: Join, settings: Settings, faults: _Faults) -> Iterator[tuple[bytes, str, str | None]]:
    reader = open_reader(join.table, join.columns, _make_reading(settings))
    try:
        for shard in join.shards:
            for batch in reader.read(shard):
                for row in batch.rows:
                    key = None if row.fault else digest_name(row.id, is_address=join.is_address)
                    if key is None:
                        reason = row.fault.message if row.fault else f"nothing in column {join.columns.id!r}"
                        faults.note(f"row {row.number}, {reason}")
                        continue
                    yield key, show_value(row.id), _read_text(row, faults)
    finally:
        reader.close()


def _read_text(row: Row, faults: _Faults) -> str | None:
    if isinstance(row.text, str):
        try:
            row.text.encode()
        except UnicodeEncodeError:
            faults.note(f"row {row.number}, half of a character in the text")
            return None
        return row.text
    faults.note(f"row {row.number}, no text")
    return None


def count_matches(join: Join, plan: Plan, settings: Settings) -> dict[str, object]:
    """Return how many rows have a text, and how many texts have a row; nothing is scored, the export is read once.

    Raises:
        ArchiveInputError: an input cannot be read.
    """
    counts = {"rows": 0, "rows_with_text": 0}
    index = TextIndex(join.index)

    def use() -> Iterator[bytes]:
        last, reader = -1, None
        for shard in plan.read_shards():
            if reader is None or shard.input != last:
                if reader is not None:
                    reader.close()
                last, reader = shard.input, open_reader(plan.inputs[shard.input], plan.columns, settings)
            for batch in reader.read(shard):
                keys = [digest_name(row.text, is_address=join.is_address) for row in batch.rows if not row.fault]
                found = index.find(key for key in keys if key)
                counts["rows"] += len(batch.rows)
                counts["rows_with_text"] += sum(found.get(key) is not None for key in keys if key)
                yield from found
        if reader is not None:
            reader.close()

    try:
        unused, names = index.find_unused(use(), _MOST_SHOWN)
    finally:
        index.close()
    return {**counts, "texts_without_row": unused, "such_as": names}


def describe_matches(table: str, counts: dict[str, object]) -> str:
    """Return the counts for people."""
    text = f"{table}: {counts['rows_with_text']} of {counts['rows']} rows have a text"
    names = counts["such_as"]
    if isinstance(names, list) and names:
        text += f"; {counts['texts_without_row']} texts have no row and are not scored: {_join(names)}"
    return text


def _join(names: Sequence[str]) -> str:
    return ", ".join(names)


class TextJoiner:
    """Puts texts into the rows of an export.

    Args:
        join: how.
    """

    def __init__(self, join: Join) -> None:
        self._join = join
        self._index = TextIndex(join.index)

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def fill(self, batch: Batch) -> Batch:
        """Return a batch with texts in place of addresses or ids; rows without a text get a fault.

        Raises:
            ArchiveInputError: the index cannot be read.
        """
        keys = [digest_name(row.text, is_address=self._join.is_address) for row in batch.rows]
        found = self._index.find(key for key in keys if key)
        rows = [self._fill_row(row, key, found) for row, key in zip(batch.rows, keys, strict=True)]
        return Batch(rows, batch.kept)

    def _fill_row(self, row: Row, key: bytes | None, found: dict[bytes, str | None]) -> Row:
        if row.fault is not None and row.fault.code != Code.MISSING_TEXT:
            return row
        if key is None or row.fault is not None:
            message = f"nothing in column {self._join.row_column!r} to find a text by"
            return row._replace(text=None, fault=Fault(Code.TEXT_NOT_GIVEN, message, show_value(row.text)))
        if key not in found:
            message = f"{self._join.table.name} has no text for it"
            return row._replace(text=None, fault=Fault(Code.TEXT_NOT_GIVEN, message, show_value(row.text)))
        return row._replace(text=found[key])
