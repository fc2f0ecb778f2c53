"""Whose framing a passage gives: its author's own, or one that it reports. Decides no framing and drops no passage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from policyframes.bundle import Bundle, load_bundle
from policyframes.errors import BundleForeignError, UsageError
from policyframes.resources import models_folder
from policyframes.scorer import Scorer
from policyframes.texts import require_texts
from policyframes.voice_cues import CUES_VERSION, add_cues

DEFAULT_VOICE = "voice-v1"
REPORTED = "reported"


@dataclass(frozen=True)
class Voice:
    """In whose voice a passage frames its subject.

    Attributes:
        voice: `own`, the author's, or `reported`, somebody else's whom the passage quotes, sums up or criticises.
        probability: calibrated probability of `reported`, given that the passage frames its subject at all; 0 where
            the caller says that it does not.
    """

    voice: Literal["own", "reported"]
    probability: float


class VoiceReader:
    """Reads voices with one bundle. Make one with `load_voice`.

    Attributes:
        bundle: what it reads with.
    """

    def __init__(self, bundle: Bundle) -> None:
        if bundle.framing_ids != (REPORTED,) or bundle.provenance.get("cues") != CUES_VERSION:
            raise BundleForeignError(
                where=bundle.name,
                found=f"it marks {', '.join(bundle.framing_ids)}, with cues {bundle.provenance.get('cues')!r}",
                allowed=f"a bundle that `policyframes train voice` made, of the cues {CUES_VERSION}",
                remedy=f"Leave the bundle out: {DEFAULT_VOICE} ships with this version.",
            )
        self.bundle = bundle
        self._scorer = Scorer(bundle)

    def read(self, texts: Sequence[str], framed: Sequence[bool] | None = None) -> list[Voice]:
        """Say in whose voice passages are.

        By the codebook (boundary 24) a passage without a framing is in its author's own voice. The bundle has learned
        from passages with a framing alone and cannot know this: tell it with `framed`.

        Args:
            texts: one passage each.
            framed: whether each passage carries a framing, such as `bool(score.framings)`; all do unless given.

        Returns:
            One voice per text, in the order of the texts.

        Raises:
            UsageError: a single string was given where a list of them is meant, an entry is no text, or `framed` has
                another length.
        """
        texts = require_texts(texts, "VoiceReader.read")
        if framed is not None and len(framed) != len(texts):
            raise UsageError(
                where="VoiceReader.read",
                found=f"{len(texts)} texts and {len(framed)} entries of framed",
                allowed="one entry a text",
                remedy="Leave framed out, or give one truth value for each text.",
            )
        flags = framed if framed is not None else [True] * len(texts)
        scores = self._scorer.score([add_cues(text) for text in texts])
        return [
            Voice("reported" if REPORTED in score.framings else "own", score.probabilities[REPORTED])
            if flag
            else Voice("own", 0.0)
            for score, flag in zip(scores, flags, strict=True)
        ]


def load_voice(bundle: Path | str | None = None) -> VoiceReader:
    """Load a bundle for voices and return its reader.

    Args:
        bundle: folder of a bundle that `policyframes train voice` made; without it the one that ships.

    Raises:
        BundleError: the bundle is missing, damaged or incomplete, or marks something else than reported framings.
    """
    return VoiceReader(load_bundle(bundle if bundle is not None else models_folder() / DEFAULT_VOICE))
