"""Texts -> token windows, rows and batches for the encoder. Knows of no network and fits nothing."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch.utils.data import Dataset, Sampler

from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.corpus.held_out import TaughtPassages
from policyframes_training.encoder.settings import EncoderSettings

# Two neighbouring windows of a long passage share a quarter of their tokens, as in the backend that scores.
_OVERLAP = 4

# Batches are padded to a multiple of this.
_LENGTH_STEP = 16

# Rows of like length are sought among this many batches: enough to spare padding, few enough to stay mixed.
_POOLED_BATCHES = 32

Floats = npt.NDArray[np.float64]
Row = dict[str, Any]


@dataclass(frozen=True)
class TrainingRows:
    """What the encoder learns from, for n rows and L framings.

    Attributes:
        framings: ids of the L framings.
        texts: one passage each.
        targets: probability of each framing, shape (n, L): 0 or 1 from a coder, anything between from a teacher.
        weights: how much each row counts, shape (n,).
    """

    framings: tuple[str, ...]
    texts: tuple[str, ...]
    targets: Floats
    weights: Floats

    def __len__(self) -> int:
        return len(self.texts)

    def __add__(self, other: TrainingRows) -> TrainingRows:
        """Return both sets of rows as one."""
        return TrainingRows(
            self.framings,
            self.texts + other.texts,
            np.concatenate([self.targets, other.targets]),
            np.concatenate([self.weights, other.weights]),
        )

    @property
    def sha256(self) -> str:
        """Return a hash of everything in the rows, their order included."""
        digest = hashlib.sha256(repr((self.framings, self.texts)).encode())
        for array in (self.targets, self.weights):
            digest.update(np.ascontiguousarray(array, dtype=np.float64).tobytes())
        return digest.hexdigest()


def make_rows(passages: PassageSet, settings: EncoderSettings) -> TrainingRows:
    """Return coded passages as rows, weighted by doubt and origin."""
    weights = np.where(passages.is_original, settings.original_weight, 1.0) * settings.doubt_weight**passages.doubt
    return TrainingRows(passages.framings, passages.texts, passages.targets.astype(np.float64), weights)


def make_taught_rows(passages: TaughtPassages, framings: tuple[str, ...], settings: EncoderSettings) -> TrainingRows:
    """Return uncoded passages as rows whose targets are a teacher's probabilities.

    Hinton, Vinyals and Dean (2015), "Distilling the knowledge in a neural network", section 2, at temperature 1.
    """
    weights = np.full(len(passages.texts), settings.teacher_weight)
    return TrainingRows(framings, passages.texts, passages.probabilities, weights)


def prepare_tokenizer(serialised: str) -> Tokenizer:
    """Return a tokenizer from its JSON without the padding and truncation that such files often hold."""
    tokenizer = Tokenizer.from_str(serialised)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def split_windows(tokenizer: Tokenizer, texts: Sequence[str], max_tokens: int) -> list[list[list[int]]]:
    """Return for each text the token ids of its windows, one window where the text is short enough.

    The windows are those of `policyframes.backends.encoder`.

    Args:
        tokenizer: from `prepare_tokenizer`; it is left as it was.
        texts: one passage each.
        max_tokens: longest window, special tokens included.
    """
    tokenizer.enable_truncation(max_tokens, stride=max_tokens // _OVERLAP)
    try:
        encoded = tokenizer.encode_batch(list(texts))
    finally:
        tokenizer.no_truncation()
    return [[list(part.ids) for part in (encoding, *encoding.overflowing)] for encoding in encoded]


def pad_batch(windows: Sequence[Sequence[int]]) -> dict[str, torch.Tensor]:
    """Return `input_ids` and `attention_mask`, int64, shape (windows, tokens); padding has id 0 and mask 0."""
    # Few lengths: the CPU's library prepares itself anew for each shape that it has not met.
    longest = -(-max(map(len, windows)) // _LENGTH_STEP) * _LENGTH_STEP
    ids = torch.zeros((len(windows), longest), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, window in enumerate(windows):
        ids[row, : len(window)] = torch.tensor(window, dtype=torch.int64)
        mask[row, : len(window)] = 1
    return {"input_ids": ids, "attention_mask": mask}


class RowDataset(Dataset[Row]):
    """Training rows as tokens; of a text longer than a window, the first window."""

    def __init__(self, rows: TrainingRows, tokenizer: Tokenizer, max_tokens: int) -> None:
        self.windows = [windows[0] for windows in split_windows(tokenizer, rows.texts, max_tokens)]
        self._targets = torch.tensor(rows.targets, dtype=torch.float32)
        self._weights = torch.tensor(rows.weights, dtype=torch.float32)

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, index: int) -> Row:
        """Return one row."""
        return {"window": self.windows[index], "labels": self._targets[index], "weights": self._weights[index]}


def collate_rows(rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
    """Return a batch, padded to little more than its longest row."""
    return {
        **pad_batch([row["window"] for row in rows]),
        "labels": torch.stack([row["labels"] for row in rows]),
        "weights": torch.stack([row["weights"] for row in rows]),
    }


class LikeLengths(Sampler[int]):
    """Rows in an order in which each batch holds rows of like length, another order in each epoch.

    The order follows from seed and epoch alone, so that a run that goes on in the middle of an epoch sees the rows
    that it would have seen. (The Trainer's own `group_by_length` draws from the state that all chance comes from, and
    gives its batches longest first.)
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self._lengths, self._batch_size, self._seed, self._epoch = tuple(lengths), batch_size, seed, 0

    def __len__(self) -> int:
        return len(self._lengths)

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """Return the numbers of the rows, batch after batch."""
        chance = random.Random(f"{self._seed}/{self._epoch}")  # noqa: S311  (order of rows, no secret)
        order = list(range(len(self._lengths)))
        chance.shuffle(order)
        pool = self._batch_size * _POOLED_BATCHES
        batches: list[list[int]] = []
        for start in range(0, len(order), pool):
            alike = sorted(order[start : start + pool], key=self._lengths.__getitem__)
            batches += [alike[i : i + self._batch_size] for i in range(0, len(alike), self._batch_size)]
        # Only the last batch that is drawn may be short: a short one elsewhere would shift all that follow.
        short = [batch for batch in batches if len(batch) < self._batch_size]
        whole = [batch for batch in batches if len(batch) == self._batch_size]
        chance.shuffle(whole)
        return iter([row for batch in whole + short for row in batch])
