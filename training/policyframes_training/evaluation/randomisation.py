"""Whether evidence hangs on what a model has learnt: marks of the same model with its weights shuffled must differ.

Shuffles copies in memory and compares weights of words; a shuffled bundle is never saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper
from scipy.stats import spearmanr

from policyframes.bundle import Bundle
from policyframes.scorer import Scorer
from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.resampling import divide, draw_weights, summarise

# Smaller tensors of a graph are shapes, scales and the like, without which it would not run.
_LEAST_SIZE = 1_000

Floats = npt.NDArray[np.float64]


def shuffle_bundle(bundle: Bundle, *, seed: int) -> Bundle:
    """Return a copy that has learnt nothing: each of its weights is another's.

    Of an n-gram model the coefficients change places within a framing; of an encoder the numbers of each large tensor
    change places, the embeddings among them; of a cascade both parts are shuffled.
    """
    chance = np.random.default_rng(seed)
    if bundle.kind == "cascade":
        parts = {name: shuffle_bundle(part, seed=seed) for name, part in bundle.parts.items()}
        return replace(bundle, parts=parts)
    if bundle.kind == "ngram-linear":
        coefficients = chance.permuted(bundle.tensors["coefficients"], axis=0)
        return replace(bundle, tensors={**bundle.tensors, "coefficients": coefficients})
    return replace(bundle, files={**bundle.files, "model.onnx": _shuffle_graph(bundle.files, chance)})


def correlate_shuffled(
    scorer: Scorer, passages: PassageSet, *, seed: int, resamples: int = 1_000, limit: int | None = None
) -> Estimate:
    """Return the mean rank correlation of the weights of words with those of the shuffled model.

    The parameter randomisation test of Adebayo et al. 2018, "Sanity checks for saliency maps": evidence that came out
    alike would be of the text and the method, not of the model. Spearman's correlation for each decision "present",
    over the words of its passage.

    Args:
        scorer: whose evidence is checked.
        passages: of the test split, as a rule.
        seed: of the shuffling, of the sample and of the resampling.
        resamples: of the documents, for the 95 % interval.
        limit: so many passages at most, drawn at random.
    """
    rows = np.arange(len(passages))
    if limit is not None and limit < len(rows):
        rows = np.sort(np.random.default_rng(seed).choice(rows, limit, replace=False))
    texts = [passages.texts[i] for i in rows]
    scores = scorer.score(texts)
    tiers = [score.tier if score.framings else None for score in scores]
    shuffled = Scorer(shuffle_bundle(scorer.bundle, seed=seed), scorer.quality)
    found, other = scorer.weigher.weigh(texts, tiers), shuffled.weigher.weigh(texts, tiers)
    correlations: list[float] = []
    documents: list[str] = []
    for row, score, ours, theirs in zip(rows, scores, found, other, strict=True):
        for column in (scorer.framings.index(framing) for framing in score.framings):
            pair = (ours.by_word[:, column], theirs.by_word[:, column])
            # Of weights that are all alike there is no order to compare.
            if all(np.ptp(weights) > 0 for weights in pair if weights.size) and pair[0].size:
                correlations.append(float(spearmanr(*pair).statistic))
                documents.append(passages.documents[row])
    if not correlations:
        return Estimate(float("nan"), float("nan"), float("nan"))
    weights = draw_weights(tuple(documents), seed=seed, resamples=resamples)
    return summarise(divide(weights @ np.array(correlations), weights.sum(axis=1)))


def _shuffle_graph(files: Mapping[str, bytes], chance: np.random.Generator) -> bytes:
    model = onnx.load_from_string(files["model.onnx"])
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.size >= _LEAST_SIZE:
            mixed = chance.permutation(values.reshape(-1)).reshape(values.shape)
            tensor.CopyFrom(numpy_helper.from_array(mixed, tensor.name))
    return bytes(model.SerializeToString())
