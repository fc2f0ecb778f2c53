"""What the card of a voice model says that those of the tiers do not."""

from __future__ import annotations

from collections.abc import Sequence

from policyframes.bundle import Bundle
from policyframes_training.corpus.voice_corpus import VoiceCorpus
from policyframes_training.evaluation.voice_use import FEWEST_REPORTED, VoiceUse
from policyframes_training.labels.coded import SIDES
from policyframes_training.tiers.card import TierTexts, render_estimate

_USE = """To take profiles over what authors say in their own voice, in texts that report what others say, news above
all; read with `VoiceReader`, which writes cues behind each passage first. It says nothing of passages without a
framing: by the codebook those are in their author's own voice. Profiles do not ask for it unless told to.

    from policyframes.voice import load_voice
    load_voice().read(["The minister called the migrants a danger to the nation."])
"""

_LIMITS = (
    """It reads signs, not who says what: indirect speech without a verb of saying, irony, and a framing that is
  criticised without being quoted escape it.""",
    "It reads one passage at a time: a speaker named in the passage before is not known to it.",
    """In rewrites most quotation marks are gone, and in a speech that somebody else printed the first person is the
  speaker's.""",
    "Its probability is given that the passage carries a framing.",
)


def describe_voice(bundle: Bundle, corpus: VoiceCorpus, use: Sequence[VoiceUse], *, folds: int) -> TierTexts:
    """Return the texts of a voice model.

    Args:
        bundle: of the model.
        corpus: that it learned from.
        use: what it is worth in use; empty where that was not measured.
        folds: into how many parts train was cut to set the band.
    """
    counts = ", ".join(f"{int(corpus.passages(side).targets.sum())} of {side}" for side in SIDES)
    longest = bundle.features["word_ngrams"][1]
    terms = "single words" if longest == 1 else f"runs of one to {longest} words"
    return TierTexts(
        tag="tf-idf",
        kind=f"TF-IDF over {terms} and over cues that reading writes behind each\npassage (quotation marks, how much is"
        " quoted, verbs of saying, the first person), and one logistic regression, in\n"
        f"{len(bundle.vocabulary):,} terms; scores on a CPU with numpy alone.",
        limits=_LIMITS,
        training=f"It\nlearned from the codes of voice in passages that carry a framing, and from no others. Coded"
        f" `reported` are\n{counts}.",
        choice="Settings were chosen by average precision on validation:",
        held_out=f"validation by this model,\ntrain by {folds} models, each fitted without one part of it,"
        " linked documents kept together",
        sections=(_describe_use(use),) if use else (),
        task="Voice of a framing in policy passages: reported or own",
        lead="Marks whether a passage of policy text reports the framing that it carries (`reported`) or gives it in"
        " its\nauthor's own voice.",
        use=_USE,
        measured_on="On the passages of the test split that carry a framing.",
    )


def _describe_use(use: Sequence[VoiceUse]) -> str:
    rows = "\n".join(_describe_group(one) for one in use)
    return f"""## In use: all passages of the test split

As profiles use it: read are the passages that the fast bundle gives a framing, all others are own. The last three
columns are how far, in points of share and as the mean over the framings, a profile of all passages is from the profile
of those coded own (voice ignored), how far the profile of those read as own is from it (voice read), and what that
gains; framings are the codes' throughout. F1 is `-` where fewer than {FEWEST_REPORTED} passages are coded reported. The
kinds are those of labels/documents.csv, in both origins. Shares by framing stand in bundle.json.

| | passages | coded reported | read as reported | F1 | precision | recall | voice ignored | voice read | gained |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
{rows}
"""


def _describe_group(one: VoiceUse) -> str:
    known = one.reported >= FEWEST_REPORTED
    figures = " | ".join(render_estimate(figure) if known else "-" for figure in (one.f1, one.precision, one.recall))
    ignored, read, gained, low, high = (
        f"{100 * value:.1f}"
        for value in (one.ignored.value, one.read.value, one.gained.value, one.gained.low, one.gained.high)
    )
    counts = f"{one.passages:,} | {one.reported} | {one.found}"
    return f"| {one.group} | {counts} | {figures} | {ignored} | {read} | {gained} [{low}, {high}] |"
