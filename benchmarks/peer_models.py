"""The contenders without a transformer behind one interface: train, load, label.

Imports a library only where it is used. Knows of no clock, no process and no table: peer_worker.py and peers.py do.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import Any, Protocol

import numpy as np

SEED = 20261121
_NONE = "none"
_PUBLIC_THRESHOLD = 0.5

Rows = list[list[float]]


@dataclass(frozen=True)
class Task:
    """What a contender is given beside its folder.

    Attributes:
        framings: ids of the framings, in the order of all targets and probabilities.
        base: folder of the pretrained sentence encoder; None where none was given.
        weights: folder of a fine-tuned encoder, see `save_encoder`; None where none was given.
        max_tokens: number of tokens of a passage that a transformer reads.
    """

    framings: tuple[str, ...]
    base: str | None
    weights: str | None
    max_tokens: int


@dataclass(frozen=True)
class Examples:
    """Texts with their 0/1 targets, one column per framing."""

    texts: list[str]
    targets: list[list[int]]


class Contender(Protocol):
    """One way of labelling passages."""

    def train(self, train: Examples, validation: Examples, folder: Path) -> None:
        """Learn and leave everything that `load` needs in the folder."""

    def load(self, folder: Path) -> None:
        """Make ready to score, as a user of the library would."""

    def probabilities(self, texts: Sequence[str]) -> Rows:
        """Return one row per text, one column per framing."""

    def label(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the framings of each text by the contender's own thresholds: what is timed."""


class Labeller:
    """The part that all peers share: the public threshold 0.5."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def probabilities(self, texts: Sequence[str]) -> Rows:
        """Return one row per text."""
        raise NotImplementedError

    def label(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the framings with a probability of at least 0.5."""
        names = self.task.framings
        return [
            [name for name, value in zip(names, row, strict=True) if value >= _PUBLIC_THRESHOLD]
            for row in self.probabilities(texts)
        ]


class Ours:
    """A bundle of this repository, by the public interface."""

    def __init__(self, task: Task, *, runtime: str = "", **choice: str) -> None:
        self.task = task
        self.runtime = runtime
        self.choice = choice
        self.scorer: Any = None

    def train(self, train: Examples, validation: Examples, folder: Path) -> None:
        """Do nothing: a bundle ships trained."""

    def load(self, folder: Path) -> None:  # noqa: ARG002  (a bundle is found by name)
        """Load the bundle."""
        if self.runtime:
            os.environ["POLICYFRAMES_RUNTIME"] = self.runtime
        import policyframes  # noqa: PLC0415  (a contender's imports are part of its cold start)

        self.scorer = policyframes.load(**self.choice)

    def probabilities(self, texts: Sequence[str]) -> Rows:
        """Return the calibrated probabilities."""
        columns = [self.scorer.framings.index(name) for name in self.task.framings]
        rows: Rows = self.scorer.decide(texts).probabilities[:, columns].tolist()
        return rows

    def label(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the framings by the bundle's thresholds."""
        return [list(compress(self.scorer.framings, row)) for row in self.scorer.decide(texts).present.tolist()]


class SklearnLinear(Labeller):
    """TF-IDF of words and pairs of words, one logistic regression per framing."""

    def train(self, train: Examples, validation: Examples, folder: Path) -> None:  # noqa: ARG002
        """Fit with the library's defaults; keep arrays, which load faster than a pickle."""
        from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

        vectorizer = TfidfVectorizer(ngram_range=(1, 2))
        features = vectorizer.fit_transform(train.texts)
        targets = np.array(train.targets)
        heads = [LogisticRegression().fit(features, targets[:, j]) for j in range(targets.shape[1])]
        np.savez(
            folder / "model.npz",
            idf=vectorizer.idf_,
            coef=np.concatenate([head.coef_ for head in heads]),
            intercept=np.concatenate([head.intercept_ for head in heads]),
        )
        (folder / "vocabulary.json").write_text(json.dumps(list(vectorizer.get_feature_names_out())), encoding="utf-8")

    def load(self, folder: Path) -> None:
        """Put the fitted arrays back into the library's own estimators."""
        from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

        terms = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        arrays = np.load(folder / "model.npz")
        self.vectorizer = TfidfVectorizer(ngram_range=(1, 2), vocabulary=terms)
        self.vectorizer.idf_ = arrays["idf"]
        self.heads = []
        for coef, intercept in zip(arrays["coef"], arrays["intercept"], strict=True):
            head = LogisticRegression()
            head.classes_, head.coef_, head.intercept_ = np.array([0, 1]), coef[None, :], np.array([intercept])
            self.heads.append(head)

    def probabilities(self, texts: Sequence[str]) -> Rows:
        """Return the columns of `predict_proba`."""
        features = self.vectorizer.transform(texts)
        rows: Rows = np.stack([head.predict_proba(features)[:, 1] for head in self.heads], axis=1).tolist()
        return rows


class FastText(Labeller):
    """Supervised fastText with one sigmoid per label (`loss="ova"`)."""

    def __init__(self, task: Task, *, tuned: bool) -> None:
        super().__init__(task)
        self.tuned = tuned

    def train(self, train: Examples, validation: Examples, folder: Path) -> None:  # noqa: ARG002
        """Fit: the library's defaults, or the values of its multi-label tutorial."""
        import fasttext  # noqa: PLC0415

        lines = []
        for text, row in zip(train.texts, train.targets, strict=True):
            # A line without a label would be left out of training.
            names = [name for name, value in zip(self.task.framings, row, strict=True) if value] or [_NONE]
            lines.append(" ".join([*(f"__label__{name}" for name in names), self._prepare(text)]))
        random.Random(SEED).shuffle(lines)  # noqa: S311  (an order, no secret)
        source = folder / "train.txt"
        source.write_text("\n".join(lines) + "\n", encoding="utf-8")
        settings = {"lr": 0.5, "epoch": 25, "wordNgrams": 2, "bucket": 200_000} if self.tuned else {}
        # One thread: more than one makes every fit another one.
        model = fasttext.train_supervised(str(source), loss="ova", thread=1, seed=SEED, verbose=0, **settings)
        model.save_model(str(folder / "model.bin"))
        source.unlink()

    def load(self, folder: Path) -> None:
        """Load the binary file."""
        import fasttext  # noqa: PLC0415

        self.model = fasttext.load_model(str(folder / "model.bin"))
        self.columns = {f"__label__{name}": column for column, name in enumerate(self.task.framings)}

    def probabilities(self, texts: Sequence[str]) -> Rows:
        """Return the scores of all labels; by `model.f`, because `predict` of the last release fails with numpy 2."""
        rows = []
        for text in texts:
            row = [0.0] * len(self.columns)
            for value, label in self.model.f.predict(self._prepare(text) + "\n", -1, 0.0, "strict"):
                if label in self.columns:
                    row[self.columns[label]] = value
            rows.append(row)
        return rows

    def _prepare(self, text: str) -> str:
        if self.tuned:
            text = re.sub(r"([.!?,'/()])", r" \1 ", text.lower())
        return text.replace("\n", " ").replace("\r", " ")


class Model2Vec(Labeller):
    """Static embeddings distilled from the base encoder, fine-tuned by the library's own classifier."""

    def train(self, train: Examples, validation: Examples, folder: Path) -> None:  # noqa: ARG002
        """Distil and fit with the library's defaults."""
        from model2vec.distill import distill  # noqa: PLC0415
        from model2vec.train import StaticModelForClassification  # noqa: PLC0415

        names = self.task.framings
        labels = [[name for name, value in zip(names, row, strict=True) if value] for row in train.targets]
        static = distill(model_name=self.task.base, device="cpu")
        model = StaticModelForClassification.from_static_model(model=static)
        model.fit(list(train.texts), labels, device="cpu", random_seed=SEED % 2**31)
        model.to_pipeline().save_pretrained(str(folder))
        (folder / "classes.json").write_text(json.dumps([str(name) for name in model.classes_]), encoding="utf-8")

    def load(self, folder: Path) -> None:
        """Load without torch."""
        from model2vec.inference import StaticModelPipeline  # noqa: PLC0415

        self.model = StaticModelPipeline.from_pretrained(str(folder))
        classes = json.loads((folder / "classes.json").read_text(encoding="utf-8"))
        self.order = [classes.index(name) for name in self.task.framings]

    def probabilities(self, texts: Sequence[str]) -> Rows:
        """Return `predict_proba` with its columns in our order."""
        rows: Rows = np.asarray(self.model.predict_proba(list(texts)))[:, self.order].tolist()
        return rows


class Spacy(Labeller):
    """`textcat_multilabel` on a blank English pipeline, trained as `spacy train` does."""

    def __init__(self, task: Task, *, ensemble: bool) -> None:
        super().__init__(task)
        self.ensemble = ensemble

    def train(self, train: Examples, validation: Examples, folder: Path) -> None:
        """Run `spacy train` on the configuration of `spacy init config`, with its early stopping on validation."""
        import spacy  # noqa: PLC0415
        from spacy.cli.init_config import init_config  # noqa: PLC0415
        from spacy.cli.train import train as run_training  # noqa: PLC0415
        from spacy.tokens import DocBin  # noqa: PLC0415

        blank = spacy.blank("en")
        for side, examples in (("train", train), ("dev", validation)):
            docs = []
            for text, row in zip(examples.texts, examples.targets, strict=True):
                doc = blank.make_doc(text)
                doc.cats = dict(zip(self.task.framings, map(float, row), strict=True))
                docs.append(doc)
            DocBin(docs=docs).to_disk(folder / f"{side}.spacy")
        config = init_config(lang="en", pipeline=["textcat_multilabel"], optimize="efficiency")
        if self.ensemble:
            blank.add_pipe("textcat_multilabel")
            config["components"]["textcat_multilabel"] = blank.config["components"]["textcat_multilabel"]
        config["training"]["seed"] = SEED
        config.to_disk(folder / "config.cfg")
        paths = {"paths.train": str(folder / "train.spacy"), "paths.dev": str(folder / "dev.spacy")}
        run_training(folder / "config.cfg", folder / "run", overrides=paths)
        (folder / "run" / "model-best").rename(folder / "model")
        shutil.rmtree(folder / "run")
        for name in ("train.spacy", "dev.spacy"):
            (folder / name).unlink()

    def load(self, folder: Path) -> None:
        """Load the best model of the run."""
        import spacy  # noqa: PLC0415

        self.pipeline = spacy.load(folder / "model")

    def probabilities(self, texts: Sequence[str]) -> Rows:
        """Return the categories of `nlp.pipe`."""
        return [[doc.cats[name] for name in self.task.framings] for doc in self.pipeline.pipe(texts)]
