"""A Parquet file: its schema, its row groups, its record batches.

Strings are read as dictionaries, so that a long value that is repeated a million times is held once. Where values are
not shared, what the footer says of sizes tells how many rows are unpacked at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from policyframes.archive.arrow import import_arrow
from policyframes.archive.input_files import DamagedInputError, InputFile, damage_errors
from policyframes.archive.inputs import Input
from policyframes.archive.rows import BATCH
from policyframes.errors import ArchiveInputError, UsageError

# Uncompressed bytes that are read at once, as far as the footer is to be believed.
_BATCH_BYTES = 32 * 1024 * 1024


class ParquetSource:
    """One Parquet file.

    Args:
        source: the file.
        names: columns to read; None: all.

    Raises:
        DamagedInputError: it is no Parquet file that can be read.
        ArchiveInputError: the disk cannot be read.
        UsageError: two columns have one name.
    """

    def __init__(self, source: Input, names: list[str] | None = None) -> None:
        self.damage = damage_errors()
        self._arrow = import_arrow()
        parquet = import_arrow("pyarrow.parquet")
        self._raw = InputFile(source.path)
        stream = self._arrow.PythonFile(self._raw, mode="r")
        try:
            plain = parquet.ParquetFile(stream)
            schema = plain.schema_arrow
            _refuse_twins(source, schema.names)
            wanted = schema.names if names is None else names
            self.names = [name for name in wanted if find_type(schema, name) is not None]
            roots = [name if name in schema.names else name.partition(".")[0] for name in self.names]
            self._roots = list(dict.fromkeys(roots))
            strings = [name for name in self._roots if _is_string(schema.field(name).type)]
            options = {"read_dictionary": strings, "page_checksum_verification": True, "pre_buffer": False}
            self.file = parquet.ParquetFile(stream, metadata=plain.metadata, **options)
            self.schema = schema
        except (ArchiveInputError, UsageError):
            self._raw.close()
            raise
        except self.damage as error:
            self._raw.close()
            raise DamagedInputError(
                f"no Parquet file, or cut off: no row of it can be read ({_shorten(error)})"
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def sizes(self) -> list[tuple[int, int]]:
        """Return rows and uncompressed bytes, as stated, of each row group."""
        metadata = self.file.metadata
        groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
        return [(group.num_rows, group.total_byte_size) for group in groups]

    def measure_rows(self, group: int) -> tuple[int, int]:
        """Return the rows of a row group, and the bytes of each on average, unpacked, in the columns that are read.

        Both are what the footer states.

        Raises:
            DamagedInputError: the footer cannot be read.
        """
        try:
            metadata = self.file.metadata.row_group(group)
            columns = [metadata.column(index) for index in range(metadata.num_columns)]
            # A column's own name may hold dots, too.
            begins = tuple(f"{root}." for root in self._roots)
            read = [column for column in columns if f"{column.path_in_schema}.".startswith(begins)]
            size = sum(max(column.total_uncompressed_size, 0) for column in read)
        except self.damage as error:
            raise DamagedInputError(f"the footer is damaged ({_shorten(error)})") from error
        return metadata.num_rows, size // max(metadata.num_rows, 1)

    def iterate(self, group: int) -> Iterator[Any]:
        """Yield the record batches of a row group.

        Raises:
            DamagedInputError: the rest of the row group cannot be read.
        """
        rows = max(1, min(BATCH, _BATCH_BYTES // max(self.measure_rows(group)[1], 1)))
        try:
            pieces = self.file.iter_batches(batch_size=rows, row_groups=[group], columns=self._roots, use_threads=False)
            yield from pieces if self._roots == self.names else map(self._unfold, pieces)
        except ArchiveInputError:
            raise
        except self.damage as error:
            raise DamagedInputError(f"the row group is damaged from here on ({_shorten(error)})") from error

    def _unfold(self, piece: Any) -> Any:  # noqa: ANN401  (pyarrow has no types)
        """Return a batch whose columns are what dotted paths lead to within structs."""
        compute = import_arrow("pyarrow.compute")
        arrays = []
        for name in self.names:
            if name in piece.schema.names:
                arrays.append(piece.column(name))
                continue
            root, *fields = name.split(".")
            leaf = compute.struct_field(piece.column(root), fields)
            arrays.append(leaf.dictionary_encode() if _is_string(leaf.type) else leaf)
        return self._arrow.RecordBatch.from_arrays(arrays, names=self.names)


def _refuse_twins(source: Input, names: list[str]) -> None:
    twin = next((name for name, count in Counter(names).items() if count > 1), None)
    if twin is not None:
        raise UsageError(
            where=source.path,
            found=f"two columns are called {twin!r}",
            allowed="tables whose columns have different names",
            remedy="Rename one of them and write the file again.",
        )


def _shorten(error: Exception) -> str:
    return " ".join(str(error).split())[:150]


def _is_string(kind: Any) -> bool:  # noqa: ANN401  (pyarrow has no types)
    types = import_arrow("pyarrow.types")
    return bool(types.is_string(kind) or types.is_large_string(kind))


def find_type(schema: Any, path: str) -> Any:  # noqa: ANN401  (pyarrow has no types)
    """Return the type of a column, or of what a dotted path leads to within structs; None where there is none."""
    if path in schema.names:
        return schema.field(path).type
    root, *fields = path.split(".")
    kind: Any = schema.field(root).type if root in schema.names else None
    for name in fields:
        index = kind.get_field_index(name) if import_arrow("pyarrow.types").is_struct(kind) else -1
        kind = kind.field(index).type if index >= 0 else None
        if kind is None:
            return None
    return kind


def list_paths(schema: Any) -> list[str]:  # noqa: ANN401  (pyarrow has no types)
    """Return the columns, and in the place of each struct the dotted paths to what is in it."""
    paths: list[str] = []
    pending = [(field.name, field.type) for field in reversed(schema)]
    while pending:
        path, kind = pending.pop()
        if import_arrow("pyarrow.types").is_struct(kind):
            pending += [(f"{path}.{kind.field(n).name}", kind.field(n).type) for n in reversed(range(kind.num_fields))]
        else:
            paths.append(path)
    return paths


def find_nested(schema: Any) -> frozenset[str]:  # noqa: ANN401  (pyarrow has no types)
    """Return the columns of structs, maps and lists."""
    return frozenset(field.name for field in schema if import_arrow("pyarrow.types").is_nested(field.type))


def read_schema(source: Input) -> Any:  # noqa: ANN401  (pyarrow has no types)
    """Return the schema of a file; None where it cannot be read."""
    try:
        file = ParquetSource(source)
    except DamagedInputError:
        return None
    file.close()
    return file.schema


def choose_types(schemas: list[Any], name: str, *, as_json: bool) -> Any:  # noqa: ANN401  (pyarrow has no types)
    """Return the type that a column is carried in: its own where all files agree, else text."""
    arrow = import_arrow()
    found = {str(kind): kind for schema in schemas if (kind := find_type(schema, name)) is not None}
    kind = next(iter(found.values())) if len(found) == 1 else arrow.string()
    if arrow.types.is_dictionary(kind):
        kind = kind.value_type
    if arrow.types.is_null(kind):
        return arrow.string()
    is_plain = arrow.types.is_primitive(kind) and not arrow.types.is_temporal(kind)
    return kind if not as_json or is_plain else arrow.string()
