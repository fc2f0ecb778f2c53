"""What the card of each tier says that those of the others do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tokenizers import Tokenizer

from policyframes.backends import Quality
from policyframes.bundle import Bundle
from policyframes_training.corpus.held_out import Lesson
from policyframes_training.linear.linear import FOLDS
from policyframes_training.tiers.card import TierTexts, render_estimate
from policyframes_training.tiers.export import Measured
from policyframes_training.tiers.routing import Tradeoff

_TOGETHER = "linked\ndocuments kept together"


def describe_fast(bundle: Bundle, *, lesson: Lesson | None, folds: int = FOLDS, names: bool = True) -> TierTexts:
    """Return the texts of the fast tier.

    Args:
        bundle: of the tier.
        lesson: what it learned from a teacher; None for nothing.
        folds: into how many parts train was cut to set the bands.
        names: whether its vocabulary may hold names.
    """
    blind = "" if names else ", and no names of\ncountries, organizations, persons or parties, nor years"
    terms = _describe_terms(bundle)
    return TierTexts(
        tag="tf-idf",
        kind=f"TF-IDF over {terms} and one logistic regression per framing,\n"
        f"in {len(bundle.vocabulary):,} terms; scores on a CPU with numpy alone.",
        limits=(
            f'It reads {terms}, not clauses: negation ("no threat"), who says it, and who acts on whom escape it.',
            "It has a vocabulary of its time. Names and terms newer than its documents count for nothing.",
        ),
        training=f"It\nlearned from their codes{_describe_lesson(lesson)}. Its vocabulary holds\n{terms} and nothing"
        f" longer{blind}.",
        choice="Settings were chosen by mean average precision on validation:",
        held_out=_describe_held_out(folds, lesson),
    )


def describe_encoder(
    bundle: Bundle, params: Mapping[str, object], *, folds: int, lesson: Lesson | None = None
) -> TierTexts:
    """Return the texts of the encoder.

    Args:
        bundle: of the tier.
        params: those of `EncoderSettings`.
        folds: into how many parts train was cut to set the bands; 0 for none.
        lesson: what it learned from a teacher; None for nothing.
    """
    base = str(params["base"])
    layers = f"the lower {params['layers']} layers of " if params["layers"] else ""
    read = Tokenizer.from_buffer(bundle.files["tokenizer.json"]).get_vocab_size()
    pieces = f"\nwith {read:,} of its pieces of words, " if params["vocabulary"] else " "
    few = params["bits"] == 4  # noqa: PLR2004  (no other number is stored but eight)
    bits = "four bits (eight where their blocks do not fit)" if few else "eight bits"
    megabytes = round(sum(len(data) for data in bundle.files.values()) / 1e6)
    return TierTexts(
        tag="onnx",
        kind=f"A transformer, {layers}{base}{pieces}fine-tuned on\ncoded passages: the mean over its tokens and one"
        f" linear layer, matrices and embeddings in {bits}, {megabytes} MB in one\nONNX file. It reads"
        f" {bundle.features['max_tokens']} tokens at once and longer passages in windows. Scores on a CPU with"
        " onnxruntime.",
        limits=(
            "It reads one passage at a time: what stands around it, and who speaks where it does not say, escape it.",
            "What the pretrained weights hold of the world and its prejudices came with them.",
        ),
        training=describe_learning(lesson),
        choice="The epoch with the highest mean average\nprecision on validation was kept.",
        held_out=_describe_held_out(folds, lesson),
        base=base if "/" in base else None,
        hashes=f"Pretrained weights `{bundle.provenance['base_sha256']}`,\n",
    )


def describe_cascade(
    bundle: Bundle, measured: Mapping[Quality, Measured], tradeoff: Sequence[Tradeoff], *, share: float
) -> TierTexts:
    """Return the texts of the cascade.

    Args:
        bundle: of the cascade.
        measured: by quality.
        tradeoff: what it gives at each share, on passages that neither tier was fitted on.
        share: of the passages that the encoder may read at the quality `balanced`.
    """
    fast, encoder = (bundle.parts[part].name for part in ("fast", "encoder"))
    return TierTexts(
        tag="cascade",
        kind=f"{fast} reads every passage, {encoder} those that the\nquality asks for: none (`fast`), those that the"
        " fast tier is least sure of (`balanced`), all (`best`). Both bundles lie\nbeside this one.",
        limits=(
            f"The limits of {fast} and of {encoder} are its own; see their cards.",
            "At `balanced` the framings of one document are read by two models; at `best` by both together.",
        ),
        training="Its\ntwo parts learned from them; the cascade itself learned the weights of their logits and whom to"
        " ask, from passages\nthat neither part had seen.",
        choice=f"`balanced` is set so that the encoder reads at most {share:.0%}\nof those passages.",
        held_out="each by parts of the cascade that\nwere fitted without it, linked documents kept together",
        sections=(_describe_qualities(measured), _describe_tradeoff(tradeoff)),
    )


def _describe_terms(bundle: Bundle) -> str:
    longest = bundle.features["word_ngrams"][1]
    words = "single words" if longest == 1 else f"runs of one to {longest} words"
    return f"{words} and parts of words" if bundle.features["char_ngrams"] else words


def describe_learning(lesson: Lesson | None) -> str:
    """Return what the card of an encoder says that it learned from."""
    return f"It\nlearned from their codes{_describe_lesson(lesson)}."


def _describe_lesson(lesson: Lesson | None) -> str:
    if lesson is None:
        return ""
    # One that has read all of train is a bundle, and named as such.
    tuned = f"an encoder fine-tuned from {lesson.teacher}" if lesson.teacher else "an encoder"
    teacher = f"{lesson.teacher}, which has read all of these codes" if lesson.has_read_all else tuned
    swapped = (
        f"; in {lesson.swapped:,} of\nthem the names were swapped after it had read them" if lesson.swapped else ""
    )
    return (
        f" and, on {len(lesson.taught.texts):,} uncoded passages of the same documents, from the\nprobabilities of"
        f" {teacher} (distillation{swapped})"
    )


def _describe_held_out(folds: int, lesson: Lesson | None) -> str:
    if not folds:
        return "validation by this model"
    taught = ""
    if lesson is not None and lesson.fold_teacher:
        taught = f" and taught by one fine-tuned from\n{lesson.fold_teacher} that had not seen it either"
    elif lesson is not None and not lesson.by_fold:
        taught = " and taught by\nnobody, since the teacher has read its codes"
    return f"validation by this model, train by {folds} models, each fitted without one part of it{taught}, {_TOGETHER}"


def _describe_qualities(measured: Mapping[Quality, Measured]) -> str:
    lines = ["## Qualities\n", "Macro-F1 on test; the figures further down are those of `balanced`.\n"]
    parts = list(next(iter(measured.values())).test)
    lines += [f"| quality | {' | '.join(parts)} |", f"| --- |{' --- |' * len(parts)}"]
    for quality, figures in measured.items():
        cells = [render_estimate(figures.test[part].overall["macro_f1"]) for part in parts]
        lines.append(f"| {quality} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _describe_tradeoff(tradeoff: Sequence[Tradeoff]) -> str:
    rows = "\n".join(f"| {point.share:.0%} | {point.macro_f1:.3f} |" for point in tradeoff)
    return f"""## What the encoder's share buys

Macro-F1 on the passages that the cascade was set on, by the share of them that the encoder reads, least certain first:

| share | macro-F1 |
| --- | --- |
{rows}
"""
