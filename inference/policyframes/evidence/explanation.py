"""Texts to evidence: has each passage weighed by the tier that read it, and marks what speaks for the framings.

Decides nothing about a framing, and draws nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from policyframes.errors import UsageError
from policyframes.evidence.marks import Evidence
from policyframes.evidence.selection import mark_sentences, mark_words
from policyframes.texts import require_texts

if TYPE_CHECKING:
    from policyframes.scorer import Scorer


def explain(scorer: Scorer, texts: Sequence[str], framings: Sequence[str] | None = None) -> list[dict[str, Evidence]]:
    """Find which words and sentences of passages carry their scores.

    Args:
        scorer: from `policyframes.load`; a passage is explained with the tier that read it.
        texts: one passage each, as they were scored.
        framings: ids of the framings to explain in every text; None: those decided in each.

    Returns:
        For each text its evidence by framing, in the order of the bundle's framings.

    Raises:
        UsageError: something else than a list of texts was given, or the bundle has no such framing.
        MissingExtraError: an encoder read a passage, and its libraries are not installed.
    """
    unknown = [framing for framing in framings or () if framing not in scorer.framings]
    if unknown or isinstance(framings, str):
        raise UsageError(
            where="explain",
            found=f"the framing {unknown[0] if unknown else framings!r}",
            allowed=f"a list of some of {', '.join(scorer.framings)}",
            remedy="Leave it out for those that are decided in each text.",
        )
    texts = require_texts(texts, "explain")
    scores = scorer.score(texts)
    wanted = [
        tuple(name for name in scorer.framings if name in (score.framings if framings is None else framings))
        for score in scores
    ]
    tiers = [score.tier if names else None for score, names in zip(scores, wanted, strict=True)]
    weighed = scorer.weigher.weigh(texts, tiers)
    return [
        {
            name: Evidence(
                framing=name,
                words=mark_words(text, weights.words, weights.by_word[:, column]),
                sentences=mark_sentences(weights.sentences, weights.by_sentence[:, column]),
            )
            for column, name in enumerate(scorer.framings)
            if name in names
        }
        for text, names, weights in zip(texts, wanted, weighed, strict=True)
    ]
