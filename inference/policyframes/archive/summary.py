"""What a finished job leaves beside its parts: quarantine.jsonl, summary.json, checksums, README.txt."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from policyframes.archive.ledger import Entry
from policyframes.archive.storage import Disk

SUMMARY = "summary.json"
QUARANTINE = "quarantine.jsonl"
CHECKSUMS = "checksums.sha256"
README = "README.txt"
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Summary:
    """A finished job in numbers.

    Attributes:
        rows: read; the sum of scored and quarantined.
        scored: rows of the documents.
        quarantined: rows that quarantine.jsonl accounts for.
        passages: scored passages, those of copies too.
        counts: of these by framing, `none`, `uncertain`.
        shares: the same as shares of all passages, those of copies left out; None where there are no passages.
        faults: quarantined rows by code.
        duplicates: scored rows that are copies of an earlier one; 0 where copies were not looked for.
        markup: scored rows out of whose text markup (HTML) was taken.
        duplicate_passages: passages of the copies.
    """

    rows: int
    scored: int
    quarantined: int
    passages: int
    counts: Mapping[str, int]
    shares: Mapping[str, float | None]
    faults: Mapping[str, int]
    duplicates: int = 0
    markup: int = 0
    duplicate_passages: int = 0


def summarise(entries: Sequence[Entry]) -> Summary:
    """Return the sums over all shards."""
    counts: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    copies: Counter[str] = Counter()
    for entry in entries:
        counts.update(entry.counts)
        faults.update(entry.faults)
        copies.update(entry.duplicate_counts)
    passages = sum(entry.passages for entry in entries)
    return Summary(
        rows=sum(entry.rows for entry in entries),
        scored=sum(entry.scored for entry in entries),
        quarantined=sum(entry.quarantined for entry in entries),
        passages=passages,
        counts=dict(counts),
        shares={kind: _divide(count - copies[kind], passages - copies["passages"]) for kind, count in counts.items()},
        faults=dict(sorted(faults.items())),
        duplicates=sum(entry.duplicates for entry in entries),
        markup=sum(entry.markup for entry in entries),
        duplicate_passages=copies["passages"],
    )


def _divide(count: int, passages: int) -> float | None:
    return round(count / passages, 4) if passages else None


def write_summary(folder: Path, entries: Sequence[Entry], disk: Disk, output_format: str) -> Summary:
    """Write what tells of the whole job; summary.json last, so that it says that the job is finished.

    Raises:
        ArchiveOutputError: the disk refuses.
    """
    summary = summarise(entries)
    disk.write_file(folder / QUARANTINE, _join(folder, entries))
    lines = (f"{r.sha256}  {r.path}\n" for e in entries for k, r in e.files.items() if k in {"documents", "passages"})
    disk.write_file(folder / CHECKSUMS, ["".join(lines).encode()])
    disk.write_file(folder / README, [_README.format(format=output_format, reading=_READING[output_format]).encode()])
    disk.write_file(folder / SUMMARY, [json.dumps(asdict(summary), indent=1).encode() + b"\n"])
    return summary


def _join(folder: Path, entries: Sequence[Entry]) -> Iterator[bytes]:
    for entry in entries:
        if record := entry.files.get("quarantine"):
            with (folder / record.path).open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    yield chunk


_READING = {
    "parquet": """\
    Python   pandas.read_parquet("documents.parquet")
    R        arrow::open_dataset("documents.parquet")
    DuckDB   SELECT * FROM 'documents.parquet/*.parquet'
    Spark    spark.read.parquet("documents.parquet")
""",
    "jsonl": """\
    Python   pandas.concat(pandas.read_json(p, lines=True) for p in sorted(Path("documents.jsonl").glob("*.jsonl")))
    R        arrow::open_dataset("documents.jsonl", format = "json")
    DuckDB   SELECT * FROM 'documents.jsonl/*.jsonl'
    Spark    spark.read.json("documents.jsonl")
""",
}
_README = """\
What is in this folder

documents.{format}/   one row an article, in the order of the input. The folder is one table in several parts:
{reading}passages.{format}/    one row a passage, where passages were asked for
quarantine.jsonl    the rows that were not scored, each with its place, a code, what was found and what to do
summary.json        the numbers: rows = scored + quarantined. It is written last: without it the run is not finished
run.json            model, settings, code and inputs, with their hashes
checksums.sha256    hashes of all parts: sha256sum -c checksums.sha256
_work/              what the run needs to go on after a stop; may go once summary.json is there

Columns of the documents

document, date, source, row   id, date and place of the article
(your own columns)            carried through as they were
passages, words               what the article was cut into
securitized, governance, partnership, none, uncertain   passages that carry it; a passage may carry several
share_...                     the same as a share of the article's passages
has_...                       whether at least one passage carries it
p_...                         mean probability over the passages; of none, that no framing is there
primary                       the framing of most passages; empty where no passage carries one
bundle, bundle_id, quality, version   what scored it; quality is empty where the bundle has one tier, as fast-v3
cluster, is_duplicate         with --dedupe: id of the first article of which this is a copy, or its own; whether it is
                              a copy. In summary.json passages and counts hold copies too; the shares leave them out:
                              they are of passages - duplicate_passages

The shares count what a model decided. They carry its errors: docs/archives.md says how to report them.
"""
