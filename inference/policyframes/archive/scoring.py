"""One shard -> its rows scored, as bytes ready to be written. Pure: the same shard always gives the same bytes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from policyframes._version import __version__
from policyframes.archive.arrow import import_arrow
from policyframes.archive.articles import Article, check_row
from policyframes.archive.columns import Columns
from policyframes.archive.duplicates.signatures import sign_text
from policyframes.archive.inputs import Input, stamp_input
from policyframes.archive.plan import make_changed_error
from policyframes.archive.readers.formats import Reader, open_reader
from policyframes.archive.rows import HINTS, Batch, Code, Fault, Row
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard
from policyframes.archive.sources.texts import Join, TextJoiner
from policyframes.archive.tables import (
    NONE,
    UNCERTAIN,
    encode_table,
    make_document_schema,
    make_passage_schema,
    make_table,
    name_document_columns,
    round_number,
)
from policyframes.documents.document import Document
from policyframes.passages import Passage, cut_passages
from policyframes.profiles.errors import measure_kind
from policyframes.scorer import Score, Scorer

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
class Entry:
    """A line of the quarantine, and at which row of its shard it stands."""

    position: int
    fields: Mapping[str, object]

    @property
    def code(self) -> str:
        """Return why."""
        return str(self.fields["code"])

    @property
    def rows(self) -> int:
        """Return how many rows it stands for."""
        return int(str(self.fields["rows"]))


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
        settings, has_ids = self._task.settings, bool(self._task.columns.id)
        chosen: list[tuple[int, Row, Article, tuple[Passage, ...]]] = []
        for index, row in enumerate(batch.rows):
            position = work.note(row)
            article: Article | Fault = check_row(row, settings, has_ids=has_ids)
            if isinstance(article, Article):
                identity = article.id or _name_article(work.source, row)
                passages = cut_passages(Document(identity, article.text, "txt", work.source.name))
                if passages:
                    work.positions.append(position)
                    chosen.append((index, row, article, passages))
                    continue
                article = Fault(Code.NO_PASSAGES, "there is no running text in it", article.text[:200])
            work.entries.append(make_entry(position, work.source.name, row, article))
        texts = [passage.text for _, _, _, passages in chosen for passage in passages]
        start = time.perf_counter()
        # An encoder finishes what it was given before a signal stops it, so it is given little at a time.
        calls = (texts[first : first + _AT_ONCE] for first in range(0, len(texts), _AT_ONCE))
        scores = [score for call in calls for score in self._scorer.score(call)]
        work.model_seconds += time.perf_counter() - start
        taken = 0
        for _, row, article, passages in chosen:
            of_article = scores[taken : taken + len(passages)]
            taken += len(passages)
            identity = article.id or _name_article(work.source, row)
            self._add_article(work, row, identity, article, list(zip(passages, of_article, strict=True)))
        if chosen:
            work.kept.append(batch.kept.take([index for index, _, _, _ in chosen]))

    def _add_article(
        self, work: _Work, row: Row, identity: str, article: Article, scored: list[tuple[Passage, Score]]
    ) -> None:
        counts = count_passages([score for _, score in scored], self._scorer.framings)
        work.counts.append({**counts, MARKUP: 1} if article.had_markup else counts)
        if self._task.columns.id:
            work.digests.append(hashlib.blake2b(identity.encode(), digest_size=DIGEST).digest())
        if self._task.settings.dedupe:
            work.signatures.append(sign_text(article.text))
        work.documents.append(
            {
                "document": identity,
                "date": article.date,
                "source": work.source.name,
                "row": row.number,
                **summarise_article(scored, counts, self._scorer.framings),
                **self._model,
            }
        )
        if self._task.settings.passages:
            work.passages += [make_passage_row(identity, passage, score) for passage, score in scored]

    def _finish(self, shard: Shard, work: _Work, seconds: float) -> ShardResult:
        settings = self._task.settings
        arrow = import_arrow()
        own = make_table(work.documents, self._own_schema())
        empty = self._task.columns.schema.empty_table()
        kept = arrow.concat_tables(work.kept) if work.kept else empty
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
            first=work.first,
            last=work.last,
            signatures=b"".join(work.signatures),
            model_seconds=work.model_seconds,
            seconds=seconds,
        )

    def _own_schema(self) -> Any:  # noqa: ANN401  (pyarrow has no types)
        names = [name for part in name_document_columns(self._scorer.framings) for name in part]
        return import_arrow().schema([self._document_schema.field(name) for name in names])


@dataclass
class _Work:
    """A shard in the making."""

    source: Input
    rows: int = 0
    seen: int = 0
    first: str = ""
    last: str = ""
    model_seconds: float = 0.0
    kept: list[Any] = field(default_factory=list)
    documents: list[dict[str, object]] = field(default_factory=list)
    passages: list[dict[str, object]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    signatures: list[bytes] = field(default_factory=list)
    counts: list[dict[str, int]] = field(default_factory=list)

    def note(self, row: Row) -> int:
        """Count a row and return its position in the shard."""
        address = make_address(self.source.name, row)
        self.first = self.first or address
        self.last = address
        self.rows += row.fault.rows if row.fault else 1
        self.seen += 1
        return self.seen - 1


def make_address(source: str, row: Row) -> str:
    """Return where a row is, for people."""
    return f"{source}, row {row.number}" + (f", {row.place}" if row.place else "")


def _name_article(source: Input, row: Row) -> str:
    return f"{source.name}:{row.number}" + (f".{row.item}" if row.item else "")


def make_entry(position: int, source: str, row: Row, fault: Fault) -> Entry:
    """Return the quarantine's line of a row."""
    known = row.id if isinstance(row.id, str | int) and not isinstance(row.id, bool) else None
    shown = None if known is None else str(known)[:200].encode("utf-8", "replace").decode()
    fields = {
        "source": source,
        "row": row.number,
        "place": row.place,
        "id": shown,
        "code": str(fault.code),
        "message": fault.message,
        "hint": HINTS[fault.code],
        "value": fault.value,
        "rows": fault.rows,
    }
    return Entry(position, fields)


def count_passages(scores: Sequence[Score], framings: Sequence[str]) -> dict[str, int]:
    """Return how many passages there are, by framing, without one, and uncertain."""
    counts = dict.fromkeys((*framings, NONE, UNCERTAIN), 0)
    for score in scores:
        for framing in score.framings:
            counts[framing] += 1
        counts[NONE] += not score.framings
        counts[UNCERTAIN] += bool(score.uncertain)
    counts["passages"] = len(scores)
    return counts


def summarise_article(
    scored: Sequence[tuple[Passage, Score]], counts: Mapping[str, int], framings: Sequence[str]
) -> dict[str, object]:
    """Return what a document's row says of its passages.

    The primary framing is the one that most passages carry, of several the one with the higher mean probability.
    """
    total = len(scored)
    probabilities = [score.probabilities for _, score in scored]
    means = {name: sum([row[name] for row in probabilities]) / total for name in framings}
    present = [name for name in framings if counts[name]]
    kinds = (*framings, NONE, UNCERTAIN)
    return {
        "passages": total,
        "words": sum([passage.words for passage, _ in scored]),
        **{kind: counts[kind] for kind in kinds},
        **{f"share_{kind}": round_number(counts[kind] / total) for kind in kinds},
        **{f"has_{name}": bool(counts[name]) for name in framings},
        **{f"p_{name}": round_number(means[name]) for name in framings},
        "p_none": round_number(sum([measure_kind(score, NONE) for _, score in scored]) / total),
        "primary": max(present, key=lambda name: (counts[name], means[name])) if present else None,
    }


def make_passage_row(document: str, passage: Passage, score: Score) -> dict[str, object]:
    """Return the row of a passage."""
    return {
        "document": document,
        "passage": passage.number,
        "start": passage.start,
        "end": passage.end,
        "words": passage.words,
        "framings": list(score.framings),
        "primary": score.primary,
        "uncertain": list(score.uncertain),
        "tier": score.tier,
        **{f"p_{name}": round_number(value) for name, value in score.probabilities.items()},
        **{name: int(name in score.framings) for name in score.probabilities},
        "none": int(score.none),
        "text": passage.text,
    }
