"""The lines of the table: every contender with its settings in words. Imports no library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from peer_encoders import BATCH, SETFIT_STEPS, Pipeline, SetFit, TorchEncoder
from peer_models import Contender, FastText, Model2Vec, Ours, SklearnLinear, Spacy, Task

Kind = Literal["ours", "peer", "same weights"]


@dataclass(frozen=True)
class Entry:
    """A line of the table.

    Attributes:
        name: what `--only` takes.
        title: what it is, with every setting that differs from the library's defaults.
        kind: `ours`; `peer`; `same weights` for our encoder's weights run by others.
        threaded: whether more cores can change its speed.
        slow: whether it is timed on the smaller number of passages.
        module: what has to be importable.
        make: returns the contender.
        needs: `base` or `weights`, where it cannot do without.
        model: name of the folder that it loads; contenders of one folder are trained once.
    """

    name: str
    title: str
    kind: Kind
    threaded: bool
    slow: bool
    module: str
    make: Callable[[Task], Contender]
    needs: str = ""
    model: str = ""


def _ours(**choice: str) -> Callable[[Task], Contender]:
    return lambda task: Ours(task, **choice)


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "fast-v3",
        "ours: fast tier",
        "ours",
        threaded=True,
        slow=False,
        module="policyframes",
        make=_ours(bundle="fast-v3"),
    ),
    Entry(
        "encoder-v4",
        "ours: encoder tier",
        "ours",
        threaded=True,
        slow=True,
        module="policyframes",
        make=_ours(runtime="onnxruntime", bundle="encoder-v4"),
    ),
    Entry(
        "encoder-openvino",
        "ours: encoder tier, run by OpenVINO",
        "ours",
        threaded=True,
        slow=True,
        module="policyframes",
        make=_ours(runtime="openvino", bundle="encoder-v4"),
        model="encoder-v4",
    ),
    Entry(
        "encoder-large-v1",
        "ours: larger encoder tier, that of quality best",
        "ours",
        threaded=True,
        slow=True,
        module="policyframes",
        make=_ours(runtime="onnxruntime", bundle="encoder-large-v1"),
    ),
    Entry(
        "encoder-large-openvino",
        "ours: larger encoder tier, run by OpenVINO",
        "ours",
        threaded=True,
        slow=True,
        module="policyframes",
        make=_ours(runtime="openvino", bundle="encoder-large-v1"),
        model="encoder-large-v1",
    ),
    Entry(
        "cascade-balanced",
        "ours: cascade, quality balanced",
        "ours",
        threaded=True,
        slow=True,
        module="policyframes",
        make=_ours(runtime="onnxruntime", bundle="cascade-v4", quality="balanced"),
        model="cascade-v4",
    ),
    Entry(
        "cascade-best",
        "ours: cascade, quality best",
        "ours",
        threaded=True,
        slow=True,
        module="policyframes",
        make=_ours(runtime="onnxruntime", bundle="cascade-large-v1", quality="best"),
        model="cascade-large-v1",
    ),
    Entry(
        "sklearn",
        "scikit-learn TF-IDF of words and pairs + logistic regression; defaults",
        "peer",
        threaded=False,
        slow=False,
        module="sklearn",
        make=SklearnLinear,
    ),
    Entry(
        "fasttext",
        "fastText, loss ova, one training thread; else defaults",
        "peer",
        threaded=False,
        slow=False,
        module="fasttext",
        make=lambda task: FastText(task, tuned=False),
    ),
    Entry(
        "fasttext-tutorial",
        "fastText, its tutorial's values: ova, pairs of words, lr 0.5, 25 epochs, 200,000 buckets",
        "peer",
        threaded=False,
        slow=False,
        module="fasttext",
        make=lambda task: FastText(task, tuned=True),
    ),
    Entry(
        "model2vec",
        "model2vec: distilled from the base, StaticModelForClassification; defaults",
        "peer",
        threaded=True,
        slow=False,
        module="model2vec",
        make=Model2Vec,
        needs="base",
    ),
    Entry(
        "spacy-bow",
        "spaCy textcat_multilabel, bag of words (`spacy init config`, efficiency)",
        "peer",
        threaded=False,
        slow=False,
        module="spacy",
        make=lambda task: Spacy(task, ensemble=False),
    ),
    Entry(
        "spacy-ensemble",
        "spaCy textcat_multilabel, its default architecture (ensemble)",
        "peer",
        threaded=True,
        slow=False,
        module="spacy",
        make=lambda task: Spacy(task, ensemble=True),
    ),
    Entry(
        "setfit",
        f"SetFit on the base, one-vs-rest; defaults, but {SETFIT_STEPS} steps of 16 pairs",
        "peer",
        threaded=True,
        slow=True,
        module="setfit",
        make=SetFit,
        needs="base",
    ),
    Entry(
        "torch-sorted",
        "torch fp32, batches of 32 sorted by length",
        "same weights",
        threaded=True,
        slow=True,
        module="transformers",
        make=TorchEncoder,
        needs="base",
        model="torch-encoder",
    ),
    Entry(
        "pipeline",
        "transformers pipeline, fp32, its default batch of 1",
        "same weights",
        threaded=True,
        slow=True,
        module="transformers",
        make=lambda task: Pipeline(task, batch=1),
        needs="base",
        model="torch-encoder",
    ),
    Entry(
        "pipeline-32",
        "transformers pipeline, fp32, batches of 32",
        "same weights",
        threaded=True,
        slow=True,
        module="transformers",
        make=lambda task: Pipeline(task, batch=BATCH),
        needs="base",
        model="torch-encoder",
    ),
)


def find_entry(name: str) -> Entry:
    """Return the entry of that name."""
    return next(entry for entry in ENTRIES if entry.name == name)
