"""Results -> files and a line in the ledger. Files first, each whole; then the line, which makes them count."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from policyframes.archive.duplicates.clusters import Clusters
from policyframes.archive.duplicates.signatures import SIGNATURE
from policyframes.archive.entries import Entry as QuarantineEntry
from policyframes.archive.ledger import Entry, FileRecord, Ledger
from policyframes.archive.rows import HINTS, Code
from policyframes.archive.scoring import DIGEST, MARKUP, ShardResult
from policyframes.archive.seen import SeenIds
from policyframes.archive.settings import OutputFormat
from policyframes.archive.storage import Disk
from policyframes.archive.tables import add_places, drop_rows, read_column
from policyframes.errors import ArchiveIntegrityError

WORK = "_work"
_PASSAGES = "passages"


class Committer:
    """Writes the shards of a job, in order.

    Args:
        folder: of the output.
        disk: that writes.
        ledger: that makes a shard count.
        output_format: of the parts.
        dedupe: find copies of articles.
    """

    def __init__(
        self, folder: Path, disk: Disk, ledger: Ledger, output_format: OutputFormat, *, dedupe: bool = False
    ) -> None:
        self._folder = folder
        self._disk = disk
        self._ledger = ledger
        self._format = output_format
        self._seen = SeenIds()
        self._clusters = Clusters() if dedupe else None
        names = [f"documents.{output_format}", f"{WORK}/quarantine", f"{WORK}/ids"]
        for name in (*names, f"{WORK}/signatures") if dedupe else names:
            disk.make_folder(folder / name)

    def recall(self, entry: Entry) -> None:
        """Learn the ids and the clusters of a shard that was written before."""
        if record := entry.files.get("ids"):
            self._seen.add((self._folder / record.path).read_bytes())
        signatures = entry.files.get("signatures")
        if self._clusters is not None and signatures is not None:
            documents = (self._folder / entry.files["documents"].path).read_bytes()
            ids, duplicates = (read_column(documents, name, self._format) for name in ("document", "is_duplicate"))
            self._clusters.recall(ids, (self._folder / signatures.path).read_bytes(), duplicates)

    def commit(self, result: ShardResult, expected: int) -> Entry:
        """Write a shard.

        Args:
            result: of the shard.
            expected: rows that the plan counted; -1 where it could not.

        Raises:
            ArchiveIntegrityError: rows do not add up.
            ArchiveOutputError: the disk refuses.
        """
        result = self._quarantine_duplicates(result)
        quarantined = sum(entry.rows for entry in result.entries)
        if result.rows != len(result.counts) + quarantined or expected not in {-1, result.rows}:
            raise ArchiveIntegrityError(
                where=f"shard {result.number} ({result.first} to {result.last})",
                found=f"{result.rows} rows read of {expected}, {len(result.counts)} scored, {quarantined} quarantined",
                allowed="rows read = rows scored + rows quarantined = rows planned",
                remedy="This is a fault of policyframes or an input that changed; please report it with this message.",
            )
        result, copies = self._place_documents(result)
        files = {kind: self._write(path, data) for kind, path, data in self._list_files(result)}
        totals: Counter[str] = Counter()
        for counts in result.counts:
            totals.update(counts)
        entry = Entry(
            shard=result.number,
            rows=result.rows,
            scored=len(result.counts),
            quarantined=quarantined,
            passages=totals.pop(_PASSAGES, 0),
            markup=totals.pop(MARKUP, 0),
            counts=dict(totals),
            faults=count_faults(result.entries),
            first=result.first,
            last=result.last,
            files=files,
            duplicates=len(copies),
            duplicate_counts=_add_copies(copies),
        )
        self._ledger.append(entry)
        self._seen.add(result.digests)
        return entry

    def _list_files(self, result: ShardResult) -> Iterable[tuple[str, str, bytes]]:
        name = f"part-{result.number:05d}"
        yield "documents", f"documents.{self._format}/{name}.{self._format}", result.documents
        if result.passages is not None:
            yield _PASSAGES, f"passages.{self._format}/{name}.{self._format}", result.passages
        if result.entries:
            lines = (json.dumps(entry.fields, ensure_ascii=False) + "\n" for entry in result.entries)
            yield "quarantine", f"{WORK}/quarantine/{name}.jsonl", "".join(lines).encode()
        if result.digests:
            yield "ids", f"{WORK}/ids/{name}.bin", result.digests
        if result.signatures:
            yield "signatures", f"{WORK}/signatures/{name}.bin", result.signatures

    def _write(self, path: str, data: bytes) -> FileRecord:
        target = self._folder / path
        self._disk.write_file(target, [data])
        return FileRecord(path, len(data), hashlib.sha256(data).hexdigest())

    def _place_documents(self, result: ShardResult) -> tuple[ShardResult, list[Mapping[str, int]]]:
        """Return a shard with the clusters of its documents, and the counts of those that are copies."""
        if self._clusters is None:
            return result, []
        ids = read_column(result.documents, "document", self._format)
        places = self._clusters.place(ids, result.signatures)
        copies = [counts for counts, place in zip(result.counts, places, strict=True) if place.is_duplicate]
        return replace(result, documents=add_places(result.documents, places, self._format)), copies

    def _quarantine_duplicates(self, result: ShardResult) -> ShardResult:
        doomed = self._seen.find_seen(result.digests)
        return _drop_documents(result, doomed, self._format) if doomed else result


def count_faults(entries: Iterable[QuarantineEntry]) -> dict[str, int]:
    """Return how many rows are quarantined, by code, in the order of the codes' names."""
    counts: Counter[str] = Counter()
    for entry in entries:
        counts[entry.code] += entry.rows
    return dict(sorted(counts.items()))


def _add_copies(copies: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for counts in copies:
        total.update(counts)
    total.pop(MARKUP, 0)
    return dict(+total)


def _drop_documents(result: ShardResult, doomed: list[int], output_format: OutputFormat) -> ShardResult:
    gone = set(doomed)
    columns = {name: read_column(result.documents, name, output_format) for name in ("document", "source", "row")}
    entries = [
        QuarantineEntry(result.positions[index], _describe_duplicate({name: columns[name][index] for name in columns}))
        for index in doomed
    ]
    passages = result.passages
    if passages is not None:
        starts = [0]
        for counts in result.counts:
            starts.append(starts[-1] + counts[_PASSAGES])
        rows = {row for index in doomed for row in range(starts[index], starts[index + 1])}
        passages = drop_rows(passages, rows, output_format)
    left = [index for index in range(len(result.counts)) if index not in gone]
    return ShardResult(
        number=result.number,
        rows=result.rows,
        documents=drop_rows(result.documents, gone, output_format),
        passages=passages,
        entries=tuple(sorted((*result.entries, *entries), key=lambda entry: entry.position)),
        positions=tuple(result.positions[index] for index in left),
        digests=b"".join(result.digests[DIGEST * index : DIGEST * (index + 1)] for index in left),
        signatures=b"".join(result.signatures[SIGNATURE * index : SIGNATURE * (index + 1)] for index in left),
        counts=tuple(result.counts[index] for index in left),
        first=result.first,
        last=result.last,
    )


def _describe_duplicate(row: Mapping[str, object]) -> dict[str, object]:
    identity = str(row["document"])
    return {
        "source": row["source"],
        "row": row["row"],
        "place": "",
        "id": identity[:200],
        "code": str(Code.DUPLICATE_ID),
        "message": "the id occurred before",
        "hint": HINTS[Code.DUPLICATE_ID],
        "value": identity[:200],
        "rows": 1,
    }
