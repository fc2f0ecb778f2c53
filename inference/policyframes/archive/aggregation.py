"""Passages of articles -> the columns of documents and of passages; a batch at a time, a column at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress, repeat

import numpy as np
import numpy.typing as npt

from policyframes.archive.tables import NONE, UNCERTAIN, round_number
from policyframes.decisions import Decisions
from policyframes.passages import Cut

PASSAGES = "passages"
Columns = dict[str, Sequence[object]]
"""Values by name of the column."""


@dataclass(frozen=True)
class ScoredArticles:
    """A articles with n passages in all, each of them with at least one.

    Attributes:
        names: of the articles.
        texts: of the articles.
        cuts: for each article start, end and number of words of its passages.
        decisions: on the n passages in order.
        framings: ids of the L framings.
    """

    names: Sequence[str]
    texts: Sequence[str]
    cuts: Sequence[Sequence[Cut]]
    decisions: Decisions
    framings: tuple[str, ...]

    @cached_property
    def counts(self) -> list[dict[str, int]]:
        """Return for each article its passages by framing, `none` and `uncertain`, and all of them."""
        kinds = (*self.framings, NONE, UNCERTAIN, PASSAGES)
        return [dict(zip(kinds, (*row, size), strict=True)) for row, size in zip(self._rows, self._sizes, strict=True)]

    @cached_property
    def _sizes(self) -> list[int]:
        return [len(cuts) for cuts in self.cuts]

    @cached_property
    def _starts(self) -> npt.NDArray[np.intp]:
        return np.cumsum([0, *self._sizes[:-1]], dtype=np.intp)

    @cached_property
    def _rows(self) -> list[list[int]]:
        """Return for each article its passages by framing, then `none` and `uncertain`."""
        found = self.decisions
        present, uncertain = found.present, found.uncertain.any(axis=1)
        flags = np.column_stack([present, ~present.any(axis=1), uncertain]).astype(np.intp)
        rows: list[list[int]] = np.add.reduceat(flags, self._starts, axis=0).tolist()
        return rows

    def list_documents(self) -> Columns:
        """Return the columns that say what each article's passages come to.

        The primary framing is the one that most passages carry, of several the one with the higher mean probability.
        """
        found, sizes, rows = self.decisions, self._sizes, self._rows
        none = np.prod(1 - found.probabilities, axis=1)
        totals = np.add.reduceat(np.column_stack([found.probabilities, none]), self._starts, axis=0)
        means = totals / np.array(sizes)[:, None]
        columns: Columns = {
            PASSAGES: sizes,
            "words": [sum([words for _, _, words in cuts]) for cuts in self.cuts],
            "primary": self._list_primary(means),
        }
        for kind, counts in zip((*self.framings, NONE, UNCERTAIN), zip(*rows, strict=True), strict=True):
            columns[kind] = counts
            columns[f"share_{kind}"] = [round_number(n / size) for n, size in zip(counts, sizes, strict=True)]
            if kind in self.framings:
                columns[f"has_{kind}"] = [n > 0 for n in counts]
        for kind, values in zip((*self.framings, NONE), zip(*means.tolist(), strict=True), strict=True):
            columns[f"p_{kind}"] = [round_number(value) for value in values]
        return columns

    def _list_primary(self, means: npt.NDArray[np.float64]) -> list[str | None]:
        counts = np.array(self._rows)[:, : len(self.framings)]
        # A mean probability is at most 1: it can tell equal counts apart, and no more.
        chosen = np.argmax(2 * counts + means[:, : len(self.framings)], axis=1).tolist()
        is_any = [any(row) for row in counts.tolist()]
        return [self.framings[index] if there else None for index, there in zip(chosen, is_any, strict=True)]

    def list_passages(self) -> Columns:
        """Return the columns of the passages."""
        found, framings = self.decisions, self.framings
        present, uncertain = found.present.tolist(), found.uncertain.tolist()
        probabilities = found.probabilities.tolist()
        cuts = [cut for of_article in self.cuts for cut in of_article]
        start, end, words = zip(*cuts, strict=True)
        sizes = self._sizes
        columns: Columns = {
            "document": [name for name, size in zip(self.names, sizes, strict=True) for name in repeat(name, size)],
            "passage": [number for size in sizes for number in range(1, size + 1)],
            "start": start,
            "end": end,
            "words": words,
            "framings": [list(compress(framings, row)) for row in present],
            "primary": [
                framings[max(compress(range(len(row)), row), key=values.__getitem__)] if any(row) else None
                for row, values in zip(present, probabilities, strict=True)
            ],
            "uncertain": [list(compress(framings, row)) for row in uncertain],
            "tier": ["encoder" if by_encoder else "fast" for by_encoder in found.by_encoder.tolist()],
            NONE: [int(not any(row)) for row in present],
            "text": self.list_texts(),
        }
        for index, framing in enumerate(framings):
            columns[f"p_{framing}"] = [round_number(row[index]) for row in probabilities]
            columns[framing] = [int(row[index]) for row in present]
        return columns

    def list_texts(self) -> list[str]:
        """Return the texts of the passages."""
        return slice_texts(self.texts, self.cuts)


def slice_texts(texts: Sequence[str], cuts: Sequence[Sequence[Cut]]) -> list[str]:
    """Return the texts of all passages of some articles."""
    return [text[start:end] for text, of_text in zip(texts, cuts, strict=True) for start, end, _ in of_text]


def extend_columns(columns: dict[str, list[object]], more: Columns) -> None:
    """Add the values of a batch to those of the batches before it."""
    for name, values in more.items():
        columns.setdefault(name, []).extend(values)
