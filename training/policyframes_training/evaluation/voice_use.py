"""What reading voices is worth in use: on all passages, with framings that a model decided, and for own-voice profiles.

Scores and measures; it fits nothing and writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from policyframes.scorer import Scorer
from policyframes.voice import VoiceReader
from policyframes_training.corpus.corpus import Corpus, PassageSet
from policyframes_training.corpus.voice_corpus import read_coded_voices
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.figures import RESAMPLES
from policyframes_training.evaluation.measurement import find_parts
from policyframes_training.evaluation.resampling import Flags, Floats, divide, draw_weights, summarise
from policyframes_training.labels.coded import load_labels

# With fewer reported passages one more error moves F1 by several points: it is not to be shown.
FEWEST_REPORTED = 10


@dataclass(frozen=True)
class VoiceUse:
    """The figures of one group of passages, with and without a framing.

    Attributes:
        group: `rewrites`, `originals`, `both`, or a kind of document such as `news` (both origins).
        passages: number of passages.
        documents: number of documents that they stem from.
        reported: number of them that are coded reported.
        found: number of them that are read as reported.
        f1: of `reported`, in the passages that the scorer gives a framing; all others are read as own.
        precision: likewise: of the passages that an own-voice profile drops, the share that it should.
        recall: likewise.
        ignored: how far the profile of all passages is from that of the passages coded own: the mean over the framings
            of the absolute difference of their shares, with the codes' framings, 0 to 1.
        read: how far the profile of the passages read as own is from it.
        gained: `ignored` less `read`; below 0 where reading voices makes it worse.
        shares: by framing its share, by the codes, in all passages, in those coded own, and in those read as own.
    """

    group: str
    passages: int
    documents: int
    reported: int
    found: int
    f1: Estimate
    precision: Estimate
    recall: Estimate
    ignored: Estimate
    read: Estimate
    gained: Estimate
    shares: Mapping[str, tuple[float, float, float]]


def measure_voice_use(
    reader: VoiceReader, scorer: Scorer, corpus: Corpus, *, seed: int, resamples: int = RESAMPLES
) -> tuple[VoiceUse, ...]:
    """Measure on the whole test split, its origins, and each kind of document.

    Args:
        reader: of voices.
        scorer: that decides which passages carry a framing.
        corpus: from `read_corpus`, coded for framings.
        seed: of the resampling of documents.
        resamples: number of resamples.
    """
    test = corpus.passages("test")
    coded = read_coded_voices(corpus.splits["test"])
    framed = [bool(score.framings) for score in scorer.score(test.texts)]
    found = np.array([voice.voice == "reported" for voice in reader.read(test.texts, framed)], dtype=np.bool_)
    groups = {**find_parts(test, is_ours=corpus.labels_folder is not None), **_find_kinds(corpus, test)}
    return tuple(
        _measure_group(group, test.select(mask), coded[mask], found[mask], weighing=(seed, resamples))
        for group, mask in groups.items()
    )


def _find_kinds(corpus: Corpus, test: PassageSet) -> Mapping[str, Flags]:
    if corpus.labels_folder is None:
        return {}
    catalogue = load_labels(corpus.labels_folder).catalogue
    kinds = np.array([catalogue[name].kind if name in catalogue else "" for name in test.documents])
    return {str(kind): kinds == kind for kind in np.unique(kinds) if kind}


def _measure_group(
    group: str, passages: PassageSet, coded: Flags, found: Flags, *, weighing: tuple[int, int]
) -> VoiceUse:
    seed, resamples = weighing
    weights = draw_weights(passages.documents, seed=seed, resamples=resamples)
    hits = weights @ (coded & found)
    kept = (np.ones_like(coded), ~coded, ~found)
    everything, true, own = (_draw_shares(passages.targets, chosen, weights) for chosen in kept)
    ignored, read = (np.abs(shares - true).mean(axis=1) for shares in (everything, own))
    return VoiceUse(
        group=group,
        passages=len(passages),
        documents=len(set(passages.documents)),
        reported=int(coded.sum()),
        found=int(found.sum()),
        f1=summarise(divide(2 * hits, weights @ coded + weights @ found)),
        precision=summarise(divide(hits, weights @ found)),
        recall=summarise(divide(hits, weights @ coded)),
        ignored=summarise(ignored),
        read=summarise(read),
        gained=summarise(ignored - read),
        shares={
            framing: (float(everything[0, column]), float(true[0, column]), float(own[0, column]))
            for column, framing in enumerate(passages.framings)
        },
    )


def _draw_shares(targets: Flags, kept: Flags, weights: Floats) -> Floats:
    """Return the share of each framing in the kept passages, shape (R + 1, L)."""
    return divide(weights @ (targets & kept[:, None]), (weights @ kept)[:, None] * np.ones(targets.shape[1]))
