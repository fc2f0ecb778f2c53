"""Coded passages -> the same passages coded for voice: one "framing", `reported`, and texts with their cues.

Passages without a framing are left out: by the codebook (boundary 24) they are in their author's own voice, so that
there is nothing to learn from them and nothing to measure on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from datasets import Dataset, DatasetDict, Features, Sequence, Value

from policyframes.errors import TrainingError
from policyframes.voice import REPORTED
from policyframes.voice_cues import add_cues
from policyframes_training.corpus.corpus import Corpus, hash_corpus
from policyframes_training.estimates import Estimate
from policyframes_training.labels.coded import SIDES, VOICES, Side, load_labels
from policyframes_training.labels.voice_agreement import measure_voice_agreement

_FEATURES = Features(
    {
        "id": Value("string"),
        "text": Value("string"),
        "framings": Sequence(Value("string")),
        REPORTED: Value("int8"),
        "primary": Value("string"),
        "voice": Value("string"),
        "doubt": Value("int8"),
        "document": Value("string"),
        "origin": Value("string"),
    }
)


@dataclass(frozen=True)
class VoiceCorpus(Corpus):
    """A corpus whose only framing is `reported`; see `code_voices`."""

    @cached_property
    def second_coder(self) -> Mapping[str, Estimate]:
        """Return what a second coder reaches on voice: F1 of `reported`, also as `macro`, and the share of equal codes.

        On all passages that both coded and that the first gave a framing, of any split. Empty where there is no second
        coding.
        """
        return measure_voice_agreement(load_labels(self.labels_folder)) if self.labels_folder else {}


def code_voices(corpus: Corpus) -> VoiceCorpus:
    """Return the passages of a corpus that carry a framing, coded for voice, with the cues in their texts.

    Raises:
        TrainingError: the voice of a passage is not known.
    """
    sides: dict[Side, list[dict[str, Any]]] = {side: _code_side(corpus.splits[side]) for side in SIDES}
    return VoiceCorpus(
        splits=DatasetDict({side: Dataset.from_list(sides[side], features=_FEATURES) for side in SIDES}),
        framings=(REPORTED,),
        unresolved=corpus.unresolved,
        sha256=hash_corpus(sides),
        split_sha256=corpus.split_sha256,
        taxonomy_sha256=corpus.taxonomy_sha256,
        frozen=corpus.frozen,
        with_originals=corpus.with_originals,
        groups=corpus.groups,
        labels_folder=corpus.labels_folder,
        notes=corpus.notes,
    )


def read_coded_voices(split: Dataset) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return whether each passage of a split is coded `reported`, shape (n,)."""
    return np.array([voice == REPORTED for voice in split["voice"]], dtype=np.bool_)


def _code_side(split: Dataset) -> list[dict[str, Any]]:
    rows = [row for row in split if row["framings"]]
    for row in rows:
        if row["voice"] not in VOICES:
            raise TrainingError(
                where=f"passage {row['id']}",
                found=f"the voice {row['voice']!r}",
                allowed=f"{' or '.join(VOICES)}, for every passage with a framing",
                remedy="Fill the column `voice`.",
            )
    return [_code_row(row) for row in rows]


def _code_row(row: Mapping[str, Any]) -> dict[str, Any]:
    is_reported = row["voice"] == REPORTED
    return {
        "id": row["id"],
        "text": add_cues(row["text"]),
        "framings": [REPORTED] if is_reported else [],
        REPORTED: int(is_reported),
        "primary": REPORTED if is_reported else None,
        "voice": row["voice"],
        "doubt": row["doubt"],
        "document": row["document"],
        "origin": row["origin"],
    }
