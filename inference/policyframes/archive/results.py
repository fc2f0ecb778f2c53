"""Reads what a finished job left: its manifest and summary, and columns of its documents, one part at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from policyframes.archive.arrow import import_arrow
from policyframes.archive.manifest import read_manifest
from policyframes.archive.summary import CHECKSUMS, SUMMARY
from policyframes.errors import ArchiveIntegrityError, UsageError

Choice = Callable[[Sequence[str]], Sequence[str]]


def read_finished(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the manifest and the summary of a finished job.

    Raises:
        UsageError: there is none, or it is not finished.
        ArchiveChangedError: it is of another version.
    """
    run = read_manifest(folder) if folder.is_dir() else None
    if run is None or not (folder / SUMMARY).is_file():
        raise UsageError(
            where=str(folder),
            found="results of an archive that are not finished" if run else "no results of an archive",
            allowed="a folder that `policyframes archive score` has finished, with summary.json in it",
            remedy="Type the command of the job again: it goes on where it stopped." if run else "Check the path.",
        )
    summary: dict[str, Any] = json.loads((folder / SUMMARY).read_bytes())
    return run, summary


def read_documents(folder: Path, output_format: str, choose: Choice) -> Iterator[Mapping[str, list[Any]]]:
    """Yield some columns of the documents, part by part.

    Args:
        folder: of the results.
        output_format: of the parts.
        choose: given the names of all columns, says which are wanted.

    Raises:
        ArchiveIntegrityError: a part is not what was written.
    """
    for line in (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines():
        expected, _, name = line.partition("  ")
        if not name.startswith("documents."):
            continue
        path = folder / name
        data = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(data).hexdigest() != expected:
            raise ArchiveIntegrityError(
                where=str(path),
                found="not what the job wrote" if data else "no such part",
                allowed="the parts as they were written",
                remedy="Type the command of the job again: what is damaged is made anew.",
            )
        if output_format == "jsonl":
            rows = [json.loads(row) for row in data.split(b"\n")[:-1]]
            if rows:
                yield {name: [row.get(name) for row in rows] for name in choose(list(rows[0]))}
            continue
        parquet = import_arrow("pyarrow.parquet")
        part = parquet.ParquetFile(import_arrow().BufferReader(data), page_checksum_verification=True)
        wanted = choose(list(part.schema_arrow.names))
        yield part.read(columns=list(wanted), use_threads=False).select(list(wanted)).to_pydict()
