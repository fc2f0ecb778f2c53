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
Values = dict[str, Sequence[object]]
"""By name of the column."""


@dataclass(frozen=True)
class ScoredArticles:
    """A articles with n passages in all, each of them with at least one.

    Attributes:
        names: of the articles.
        cuts: for each article start, end and number of words of its passages.
        passages: texts of the n passages in order.
        decisions: on them.
        framings: ids of the L framings.
    """

    names: Sequence[str]
    cuts: Sequence[Sequence[Cut]]
    passages: Sequence[str]
    decisions: Decisions
    framings: tuple[str, ...]

    @cached_property
    def counts(self) -> list[dict[str, int]]:
        """Return for each article its passages by framing, `none` and `uncertain`, and all of them."""
        kinds = (*self.framings, NONE, UNCERTAIN, PASSAGES)
        rows = zip(self._counts.tolist(), self._sizes, strict=True)
        return [dict(zip(kinds, (*row, size), strict=True)) for row, size in rows]

    @cached_property
    def _sizes(self) -> list[int]:
        return [len(cuts) for cuts in self.cuts]

    @cached_property
    def _starts(self) -> npt.NDArray[np.intp]:
        return np.cumsum([0, *self._sizes[:-1]], dtype=np.intp)

    @cached_property
    def _counts(self) -> npt.NDArray[np.intp]:
        """Return each article's passages by framing, then `none` and `uncertain`, shape (A, L + 2)."""
        found = self.decisions
        present, uncertain = found.present, found.uncertain.any(axis=1)
        flags = np.column_stack([present, ~present.any(axis=1), uncertain]).astype(np.intp)
        return np.asarray(np.add.reduceat(flags, self._starts, axis=0))

    def list_documents(self) -> Values:
        """Return the columns that say what each article's passages come to.

        The primary framing is the one that most passages carry, of several the one with the higher mean probability.
        """
        found, sizes = self.decisions, self._sizes
        none = np.prod(1 - found.probabilities, axis=1)
        totals = np.add.reduceat(np.column_stack([found.probabilities, none]), self._starts, axis=0)
        means = totals / np.array(sizes)[:, None]
        columns: Values = {
            PASSAGES: sizes,
            "words": [sum([words for _, _, words in cuts]) for cuts in self.cuts],
            "primary": self._list_primary(means),
        }
        for kind, counts in zip((*self.framings, NONE, UNCERTAIN), self._counts.T.tolist(), strict=True):
            columns[kind] = counts
            columns[f"share_{kind}"] = [round_number(n / size) for n, size in zip(counts, sizes, strict=True)]
            if kind in self.framings:
                columns[f"has_{kind}"] = [n > 0 for n in counts]
        for kind, values in zip((*self.framings, NONE), means.T.tolist(), strict=True):
            columns[f"p_{kind}"] = [round_number(value) for value in values]
        return columns

    def _list_primary(self, means: npt.NDArray[np.float64]) -> list[str | None]:
        counts = self._counts[:, : len(self.framings)]
        # A mean probability is at most 1: it can tell equal counts apart, and no more.
        commonest = np.argmax(2 * counts + means[:, : len(self.framings)], axis=1)
        chosen: list[int] = np.where(counts.any(axis=1), commonest, -1).tolist()
        return [self.framings[index] if index >= 0 else None for index in chosen]

    def list_passages(self) -> Values:
        """Return the columns of the passages."""
        found, framings = self.decisions, self.framings
        present, uncertain = found.present.tolist(), found.uncertain.tolist()
        probabilities = found.probabilities.tolist()
        cuts = [cut for of_article in self.cuts for cut in of_article]
        start, end, words = zip(*cuts, strict=True)
        sizes = self._sizes
        columns: Values = {
            "document": [name for name, size in zip(self.names, sizes, strict=True) for name in repeat(name, size)],
            "passage": [number for size in sizes for number in range(1, size + 1)],
            "start": start,
            "end": end,
            "words": words,
            "framings": [list(compress(framings, row)) for row in present],
            "primary": found.list_primary(framings),
            "uncertain": [list(compress(framings, row)) for row in uncertain],
            "tier": found.list_tiers(),
            NONE: [int(not any(row)) for row in present],
            "text": self.passages,
        }
        for index, framing in enumerate(framings):
            columns[f"p_{framing}"] = [round_number(row[index]) for row in probabilities]
            columns[framing] = [int(row[index]) for row in present]
        return columns


def slice_texts(texts: Sequence[str], cuts: Sequence[Sequence[Cut]]) -> list[str]:
    """Return the texts of all passages of some articles."""
    return [text[start:end] for text, of_text in zip(texts, cuts, strict=True) for start, end, _ in of_text]


def extend_columns(columns: dict[str, list[object]], more: Values) -> None:
    """Add the values of a batch to those of the batches before it."""
    for name, values in more.items():
        columns.setdefault(name, []).extend(values)
