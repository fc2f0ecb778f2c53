"""What a report needs of every article, in some forty bytes each: lengths, scores, counts, and what groups it.

Scores stand in the documents in four decimals; held as whole numbers they lose nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from policyframes.archive.periods import PERIODS, find_column, find_period
from policyframes.archive.results import read_documents
from policyframes.errors import UsageError

MISSING = "(none)"
MOST_GROUPS = 2_000
_LONGEST_NAME = 200
_UNIT = 10_000

Numbers = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Pool:
    """Some articles, copies left out but for their number.

    Attributes:
        sizes: passages of each.
        means: of the scores of its passages, by kind; a kind without scores is absent.
        counts: of its passages that the model decided, by kind.
        duplicates: copies that were left out.
    """

    sizes: Numbers
    means: Mapping[str, Numbers]
    counts: Mapping[str, Numbers]
    duplicates: int = 0


@dataclass(frozen=True)
class Part:
    """One of the things that groups are made of.

    Attributes:
        by: as the user asked.
        column: of the documents.
        names: of the groups, in the order in which they were met.
        codes: place in the names of the group of each article.
    """

    by: str
    column: str
    names: tuple[str, ...]
    codes: npt.NDArray[np.int32]

    @property
    def is_timed(self) -> bool:
        """Return whether the groups are periods."""
        return is_timed(self.by, self.column)


class Gathered:
    """All articles of a job, copies among them."""

    def __init__(
        self, columns: Mapping[str, npt.NDArray[Any]], kinds: Sequence[str], parts: Mapping[str, Part]
    ) -> None:
        self._columns = columns
        self._kinds = kinds
        self.parts = parts

    def take(self, rows: Indices | Flags | slice) -> Pool:
        """Return some of the articles."""
        copies = self._columns["is_duplicate"][rows]
        kept = ~copies

        def read(name: str) -> Numbers:
            found: Numbers = self._columns[name][rows][kept].astype(np.float64)
            return found

        scored = [kind for kind in self._kinds if f"p_{kind}" in self._columns]
        return Pool(
            sizes=read("passages"),
            means={kind: read(f"p_{kind}") / _UNIT for kind in scored},
            counts={kind: read(kind) for kind in self._kinds},
            duplicates=int(np.count_nonzero(copies)),
        )


def is_timed(by: str, column: str) -> bool:
    """Return whether the groups made of a column are periods."""
    return by in PERIODS and column == "date"


def gather_articles(folder: Path, output_format: str, parts: Sequence[str], kinds: Sequence[str]) -> Gathered:
    """Return what the report needs of all articles.

    Args:
        folder: of the results.
        output_format: of their parts.
        parts: what groups are made of: `month`, `year`, `outlet`, or names of columns.
        kinds: framings, `none`, `uncertain`.

    Raises:
        UsageError: there is no such column, or it has more values than a report can hold.
        ArchiveIntegrityError: a part is not what was written.
    """
    columns: dict[str, str] = {}

    def choose(names: Sequence[str]) -> list[str]:
        columns.update({by: _require_column(folder, by, names) for by in parts})
        wanted = {"passages", "is_duplicate", *columns.values(), *kinds, *(f"p_{kind}" for kind in kinds)}
        return [name for name in names if name in wanted]

    chunks: dict[str, list[npt.NDArray[Any]]] = {}
    codes: dict[str, dict[str, int]] = {by: {} for by in parts}
    for part in read_documents(folder, output_format, choose):
        count = len(part["passages"])
        for name, values in _pack_numbers(part, kinds, count).items():
            chunks.setdefault(name, []).append(values)
        for by in parts:
            found = _code_groups(part[columns[by]], codes[by], by=by, column=columns[by])
            chunks.setdefault(f"by {by}", []).append(found)
            _check_count(by, len(codes[by]))
    joined = {name: np.concatenate(chunks.pop(name)) for name in list(chunks)}
    return Gathered(
        joined,
        kinds,
        {by: Part(by, columns[by], tuple(codes[by]), joined.pop(f"by {by}")) for by in parts if by in columns},
    )


def _pack_numbers(part: Mapping[str, list[Any]], kinds: Sequence[str], count: int) -> dict[str, npt.NDArray[Any]]:
    packed: dict[str, npt.NDArray[Any]] = {
        "passages": np.array(part["passages"], dtype=np.uint32),
        "is_duplicate": np.array(part.get("is_duplicate", [False] * count), dtype=np.bool_),
    }
    for kind in kinds:
        packed[kind] = np.array(part[kind], dtype=np.uint32)
        if f"p_{kind}" in part:
            packed[f"p_{kind}"] = np.rint(np.array(part[f"p_{kind}"], dtype=np.float64) * _UNIT).astype(np.uint16)
    return packed


def _code_groups(values: Sequence[Any], codes: dict[str, int], *, by: str, column: str) -> npt.NDArray[np.int32]:
    names = (find_period(value, by) for value in values) if is_timed(by, column) else map(name_group, values)
    return np.array([codes.setdefault(name, len(codes)) for name in names], dtype=np.int32)


def name_group(value: object) -> str:
    """Return the name of the group of a value."""
    text = "" if value is None else " ".join(str(value).split())
    return text[:_LONGEST_NAME] or MISSING


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


def _check_count(by: str, count: int) -> None:
    if count > MOST_GROUPS:
        raise UsageError(
            where=f"--by {by}",
            found=f"more than {MOST_GROUPS} groups",
            allowed=f"at most {MOST_GROUPS} different values",
            remedy="Choose another column, such as month or outlet.",
        )
