"""Shares of groups of articles, from the parts of a finished job, one part at a time.

The estimate is that of profiles: it needs sums over passages and the articles' lengths, which documents hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from policyframes.archive.arrow import import_arrow
from policyframes.archive.manifest import read_manifest
from policyframes.archive.periods import PERIODS, UNDATED, find_column, find_period
from policyframes.archive.summary import CHECKSUMS, SUMMARY
from policyframes.archive.tables import UNCERTAIN
from policyframes.errors import ArchiveIntegrityError, UsageError
from policyframes.profiles.errors import ErrorTable, list_kinds
from policyframes.profiles.shares import MIN_PASSAGES, STRETCH, Method, Sample, Share, bound_proportion, bound_share

ALL = "all"
MISSING = "(none)"
MOST_GROUPS = 2_000


@dataclass
class Tally:
    """What the shares of a group are made of.

    Attributes:
        documents: articles, copies left out.
        duplicates: articles left out because they are copies.
        passages: of the articles.
        squares: sum over the articles of the number of passages times that number, or times 20 where it is more.
        counts: passages by kind that the model decided.
        sums: of the passages' scores, by kind.
    """

    documents: int = 0
    duplicates: int = 0
    passages: int = 0
    squares: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class GroupShares:
    """The shares of a group.

    Attributes:
        name: of the group.
        documents: articles, copies left out.
        duplicates: copies, left out.
        shares: by kind: framings, `none`, `uncertain`.
    """

    name: str
    documents: int
    duplicates: int
    shares: Mapping[str, Share]

    @property
    def passages(self) -> int:
        """Return the number of passages."""
        return next(iter(self.shares.values())).passages


@dataclass(frozen=True)
class ArchiveShares:
    """What the report of an archive shows.

    Attributes:
        by: as the user asked.
        column: that the groups are made of.
        framings: ids.
        total: of all articles.
        groups: periods in their order, `undated` last; other groups by size.
        run: the manifest of the job.
        summary: the summary of the job.
        is_adjusted: whether the shares are corrected for the model's errors; else they are counted.
        has_clusters: whether copies were looked for.
    """

    by: str
    column: str
    framings: tuple[str, ...]
    total: GroupShares
    groups: tuple[GroupShares, ...]
    run: Mapping[str, Any]
    summary: Mapping[str, Any]
    is_adjusted: bool
    has_clusters: bool

    @property
    def is_timed(self) -> bool:
        """Return whether the groups are periods."""
        return self.by in PERIODS and self.column == "date"


def measure_archive(folder: Path, by: str, errors: ErrorTable | None) -> ArchiveShares:
    """Return the shares of the groups of a finished job.

    Args:
        folder: of the results.
        by: `month`, `year`, `outlet`, or the name of a column of the documents.
        errors: of the bundle that scored; None to count.

    Raises:
        UsageError: there is no finished job, no such column, or there are more groups than a report can hold.
        ArchiveIntegrityError: a part is not what was written.
    """
    run, summary = read_finished(folder)
    framings = tuple(run["model"]["framings"])
    kinds = (*list_kinds(framings), UNCERTAIN)
    column, tallies = _tally(folder, run["settings"]["output_format"], by, kinds)
    groups = [_estimate(name, tally, kinds, errors) for name, tally in tallies.items()]
    found = ArchiveShares(
        by=by,
        column=column,
        framings=framings,
        total=_estimate(ALL, _add_up(tallies.values(), kinds), kinds, errors),
        groups=tuple(groups),
        run=run,
        summary=summary,
        is_adjusted=errors is not None,
        has_clusters=bool(run["settings"].get("dedupe")),
    )
    if found.is_timed:
        groups.sort(key=lambda group: (group.name == UNDATED, group.name))
    else:
        groups.sort(key=lambda group: (-group.passages, group.name))
    return replace(found, groups=tuple(groups))


def _tally(folder: Path, output_format: str, by: str, kinds: Sequence[str]) -> tuple[str, dict[str, Tally]]:
    column = ""
    tallies: dict[str, Tally] = {}
    for names, rows in read_documents(folder, output_format, by, kinds):
        column = column or _require_column(folder, by, names)
        _count_rows(rows, tallies, kinds, by=by, column=column)
        if len(tallies) > MOST_GROUPS:
            raise UsageError(
                where=f"--by {by}",
                found=f"more than {MOST_GROUPS} groups",
                allowed=f"a column of at most {MOST_GROUPS} different values",
                remedy="Choose another column, such as month or outlet.",
            )
    return column, tallies


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


def read_documents(
    folder: Path, output_format: str, by: str, kinds: Sequence[str]
) -> Iterator[tuple[list[str], list[dict[str, Any]]]]:
    """Yield, for each part, the names of all columns, and its rows with the columns that shares are made of.

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
                yield list(rows[0]), rows
            continue
        parquet = import_arrow("pyarrow.parquet")
        part = parquet.ParquetFile(import_arrow().BufferReader(data), page_checksum_verification=True)
        names = list(part.schema_arrow.names)
        wanted = {"passages", "is_duplicate", find_column(by, names), *kinds, *(f"p_{kind}" for kind in kinds)}
        table = part.read(columns=[n for n in names if n in wanted], use_threads=False)
        yield names, table.to_pylist()


def _require_column(folder: Path, by: str, names: Sequence[str]) -> str:
    column = find_column(by, names)
    if not column:
        raise UsageError(
            where=f"--by {by} of {folder}",
            found="no such column",
            allowed="month, year, outlet, or " + ", ".join(names),
            remedy="Name another column, or carry it through with --keep when you score.",
        )
    return column


def _count_rows(
    rows: Sequence[Mapping[str, Any]], tallies: dict[str, Tally], kinds: Sequence[str], *, by: str, column: str
) -> None:
    is_timed = by in PERIODS and column == "date"
    for row in rows:
        value = row.get(column)
        name = find_period(value, by) if is_timed else _name_group(value)
        tally = tallies.setdefault(name, Tally())
        if row.get("is_duplicate"):
            tally.duplicates += 1
            continue
        passages = row["passages"]
        tally.documents += 1
        tally.passages += passages
        tally.squares += passages * min(passages, STRETCH)
        for kind in kinds:
            tally.counts[kind] = tally.counts.get(kind, 0) + row[kind]
            if f"p_{kind}" in row:
                tally.sums[kind] = tally.sums.get(kind, 0.0) + row[f"p_{kind}"] * passages


def _name_group(value: object) -> str:
    text = "" if value is None else str(value).strip()
    return text[:200] or MISSING


def _add_up(tallies: Iterable[Tally], kinds: Sequence[str]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.documents += tally.documents
        total.duplicates += tally.duplicates
        total.passages += tally.passages
        total.squares += tally.squares
        for kind in kinds:
            total.counts[kind] = total.counts.get(kind, 0) + tally.counts.get(kind, 0)
            if kind in tally.sums:
                total.sums[kind] = total.sums.get(kind, 0.0) + tally.sums[kind]
    return total


def _estimate(name: str, tally: Tally, kinds: Sequence[str], errors: ErrorTable | None) -> GroupShares:
    """Return the shares of a group, as `profiles.estimate_shares` has them from the passages themselves."""
    n = tally.passages
    known = errors.kinds if errors is not None else {}
    shares = {}
    for kind in kinds:
        count = tally.counts.get(kind, 0)
        method: Method = "adjusted" if kind in known and kind in tally.sums else "counted"
        if n < MIN_PASSAGES:
            shares[kind] = Share(kind, count, n, None, None, None, method)
        elif method == "adjusted":
            sample = Sample(tally.sums[kind] / n, n, tally.squares / n**2 - 1 / n)
            shares[kind] = Share(kind, count, n, *bound_share(sample, known[kind]), method)
        else:
            shares[kind] = Share(kind, count, n, count / n, *bound_proportion(count, n), method)
    return GroupShares(name, tally.documents, tally.duplicates, shares)
