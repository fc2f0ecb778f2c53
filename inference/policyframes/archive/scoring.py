"""One shard -> its rows scored, as bytes ready to be written. Pure: the same shard always gives the same bytes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from policyframes._version import __version__
from policyframes.archive.aggregation import ScoredArticles, Values, extend_columns, slice_texts
from policyframes.archive.arrow import import_arrow
from policyframes.archive.articles import Article, check_row
from policyframes.archive.columns import Columns
from policyframes.archive.duplicates.signatures import sign_text
from policyframes.archive.entries import Entry, make_address, make_entry
from policyframes.archive.inputs import Input, stamp_input
from policyframes.archive.plan import make_changed_error
from policyframes.archive.readers.formats import Reader, open_reader
from policyframes.archive.rows import Batch, Code, Fault, Row
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard
from policyframes.archive.sources.texts import Join, TextJoiner
from policyframes.archive.tables import (
    encode_table,
    make_document_schema,
    make_passage_schema,
    make_table,
    name_document_columns,
)
from policyframes.decisions import Decisions, join_decisions
from policyframes.passages import Cut, cut_texts
from policyframes.scorer import Scorer

DIGEST = 16
MARKUP = "had markup"
"""Among the counts of an article out of whose text markup was taken; no framing has a blank in its name."""
_AT_ONCE = 128


@dataclass(frozen=True)
class Task:
    """What a worker needs to know to score any shard of a job; the model it loads by itself.

    Attributes:
        inputs: of the plan.
        columns: of the plan.
        settings: of the job.
        bundle: folder or name of the bundle; empty: the default.
        join: of the rows with texts of a table; None: the rows have texts.
    """

    inputs: tuple[Input, ...]
    columns: Columns
    settings: Settings
    bundle: str = ""
    join: Join | None = None


@dataclass(frozen=True)
class ShardResult:
    """A shard as it is to be written.

    Attributes:
        number: of the shard.
        rows: that were read.
        documents: bytes of its part.
        passages: bytes of its part; None where passages are not written.
        entries: of the quarantine, in order.
        positions: of the documents' rows in the shard.
        digests: 16 bytes for each document's id; empty where there are no ids.
        counts: for each document its passages, by framing, `none`, `uncertain`, and `passages`; `MARKUP` where it had.
        first: address of the first row.
        last: address of the last row.
        signatures: of the documents' texts, by which copies are found; empty where they are not looked for.
        model_seconds: spent in the model.
        seconds: spent in all.
    """

    number: int
    rows: int
    documents: bytes
    passages: bytes | None
    entries: tuple[Entry, ...]
    positions: tuple[int, ...]
    digests: bytes
    counts: tuple[Mapping[str, int], ...]
    first: str
    last: str
    signatures: bytes = b""
    model_seconds: float = 0.0
    seconds: float = 0.0


class ShardScorer:
    """Scores shards of one job; keeps its inputs open, so that going forward is cheap.

    Args:
        task: the job.
        scorer: from `policyframes.load`.
    """

    def __init__(self, task: Task, scorer: Scorer) -> None:
        self._task = task
        self._scorer = scorer
        self._readers: dict[int, Reader] = {}
        self._texts = TextJoiner(task.join) if task.join else None
        framings = scorer.framings
        self._model = {
            "bundle": scorer.bundle.name,
            "bundle_id": scorer.bundle.id,
            "quality": scorer.quality,
            "version": __version__,
        }
        self._document_schema = make_document_schema(framings, task.columns)
        names = [name for part in name_document_columns(framings) for name in part]
        self._own_schema = import_arrow().schema([self._document_schema.field(name) for name in names])
        self._passage_schema = make_passage_schema(framings)

    def close(self) -> None:
        """Close the inputs."""
        self._close_readers()
        if self._texts is not None:
            self._texts.close()

    def _close_readers(self) -> None:
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()

    def score(self, shard: Shard) -> ShardResult:
        """Read and score a shard.

        Raises:
            ArchiveInputError: an input cannot be read, or has changed.
            BundleError: the model cannot run.
        """
        start = time.perf_counter()
        source = self._task.inputs[shard.input]
        if source.format != "texts" and stamp_input(source) != source:
            raise make_changed_error(source)
        if shard.input not in self._readers:
            self._close_readers()
            self._readers[shard.input] = open_reader(source, self._task.columns, self._task.settings)
        work = _Work(source)
        for batch in self._readers[shard.input].read(shard) if shard.rows else ():
            self._score_batch(batch if self._texts is None else self._texts.fill(batch), work)
        return self._finish(shard, work, time.perf_counter() - start)

    def _score_batch(self, batch: Batch, work: _Work) -> None:
        source = work.source
        settings, has_ids = self._task.settings, bool(self._task.columns.id)
        checked = [(work.note(row), row, check_row(row, settings, has_ids=has_ids)) for row in batch.rows]
        cuts = iter(cut_texts([article.text for _, _, article in checked if isinstance(article, Article)]))
        chosen: list[_Chosen] = []
        for place, (position, row, article) in enumerate(checked):
            of_article = next(cuts) if isinstance(article, Article) else []
            if isinstance(article, Article) and of_article:
                work.positions.append(position)
                chosen.append(_Chosen(place, row, article.id or _name_article(source, row), article, of_article))
                continue
            fault = article if isinstance(article, Fault) else _make_empty(article)
            work.entries.append(make_entry(position, source.name, row, fault))
        if chosen:
            self._add_articles(work, chosen)
            is_all = len(chosen) == len(batch.rows)
            work.kept.append(batch.kept if is_all else batch.kept.take([one.place for one in chosen]))

    def _add_articles(self, work: _Work, chosen: Sequence[_Chosen]) -> None:
        names, texts = [one.name for one in chosen], [one.article.text for one in chosen]
        cuts = [one.cuts for one in chosen]
        passages = slice_texts(texts, cuts)
        start = time.perf_counter()
        decisions = self._decide(passages)
        work.model_seconds += time.perf_counter() - start
        scored = ScoredArticles(names, cuts, passages, decisions, self._scorer.framings)
        marked = [one.article.had_markup for one in chosen]
        work.counts += [
            {**counts, MARKUP: 1} if had_markup else counts
            for counts, had_markup in zip(scored.counts, marked, strict=True)
        ]
        if self._task.columns.id:
            work.digests += [hashlib.blake2b(name.encode(), digest_size=DIGEST).digest() for name in names]
        if self._task.settings.dedupe:
            work.signatures += [sign_text(text) for text in texts]
        documents: Values = {
            "document": names,
            "date": [one.article.date for one in chosen],
            "source": [work.source.name] * len(chosen),
            "row": [one.row.number for one in chosen],
            **scored.list_documents(),
            **{name: [value] * len(chosen) for name, value in self._model.items()},
        }
        extend_columns(work.documents, documents)
        if self._task.settings.passages:
            extend_columns(work.passages, scored.list_passages())

    def _decide(self, texts: Sequence[str]) -> Decisions:
        # An encoder finishes what it was given before a signal stops it, so it is given little at a time.
        parts = [self._scorer.decide(texts[first : first + _AT_ONCE]) for first in range(0, len(texts), _AT_ONCE)]
        return join_decisions(parts)

    def _finish(self, shard: Shard, work: _Work, seconds: float) -> ShardResult:
        settings = self._task.settings
        own = make_table(work.documents, self._own_schema)
        arrow = import_arrow()
        kept = arrow.concat_tables(work.kept) if work.kept else self._task.columns.schema.empty_table()
        arrays = [
            own.column(name) if name in own.column_names else kept.column(name) for name in self._document_schema.names
        ]
        documents = arrow.Table.from_arrays(arrays, schema=self._document_schema)
        passages = make_table(work.passages, self._passage_schema) if settings.passages else None
        return ShardResult(
            number=shard.number,
            rows=work.rows,
            documents=encode_table(documents, settings.output_format),
            passages=None if passages is None else encode_table(passages, settings.output_format),
            entries=tuple(work.entries),
            positions=tuple(work.positions),
            digests=b"".join(work.digests),
            counts=tuple(work.counts),
            first=_address(work, work.first),
            last=_address(work, work.last),
            signatures=b"".join(work.signatures),
            model_seconds=work.model_seconds,
            seconds=seconds,
        )


class _Chosen(NamedTuple):
    """An article that is scored, and where its row stands in the batch."""

    place: int
    row: Row
    name: str
    article: Article
    cuts: list[Cut]


@dataclass
class _Work:
    """A shard in the making."""

    source: Input
    rows: int = 0
    seen: int = 0
    first: Row | None = None
    last: Row | None = None
    model_seconds: float = 0.0
    kept: list[Any] = field(default_factory=list)
    documents: dict[str, list[object]] = field(default_factory=dict)
    passages: dict[str, list[object]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    signatures: list[bytes] = field(default_factory=list)
    counts: list[dict[str, int]] = field(default_factory=list)

    def note(self, row: Row) -> int:
        """Count a row and return its position in the shard."""
        self.first = self.first or row
        self.last = row
        self.rows += row.fault.rows if row.fault else 1
        self.seen += 1
        return self.seen - 1


def _address(work: _Work, row: Row | None) -> str:
    return "" if row is None else make_address(work.source.name, row)


def _make_empty(article: Article) -> Fault:
    return Fault(Code.NO_PASSAGES, "there is no running text in it", article.text[:200])


def _name_article(source: Input, row: Row) -> str:
    return f"{source.name}:{row.number}" + (f".{row.item}" if row.item else "")
