"""Uncoded passages of documents whose coded ones train: what a teacher scores and the fast tier learns from.

Documents of validation and test are never read here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from policyframes.documents import read_document
from policyframes.errors import DocumentError
from policyframes.language import is_foreign
from policyframes.passages import split_passages
from policyframes_training.corpus.corpus import Corpus


@dataclass(frozen=True)
class Uncoded:
    """Passages as the scorer cuts them, each wording once.

    Attributes:
        texts: n texts, in the order of the documents' names.
        documents: document of each.
        left_out: documents that were not read, each with the reason.
    """

    texts: tuple[str, ...]
    documents: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def sha256(self) -> str:
        """Return the hash of texts and documents in their order."""
        lines = (f"{document}\t{text}" for document, text in zip(self.documents, self.texts, strict=True))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def collect_uncoded(corpus: Corpus, documents: Path, report: Callable[[str], None] = lambda _: None) -> Uncoded:
    """Cut the documents of the training split into passages.

    Args:
        corpus: says which documents train.
        documents: folder with copies of them as `<id>.txt`.
        report: is told how far it is.
    """
    names = sorted(set(corpus.splits["train"]["document"]))
    texts: list[str] = []
    sources: list[str] = []
    left_out: list[tuple[str, str]] = []
    seen: set[str] = set()
    for count, name in enumerate(names, start=1):
        path = documents / f"{name}.txt"
        if not path.is_file():
            left_out.append((name, "there is no copy"))
            continue
        try:
            document = read_document(path)
        except DocumentError as error:
            left_out.append((name, str(error)))
            continue
        if is_foreign(document.text):
            left_out.append((name, "it does not look English"))
            continue
        for text in _take_new((p.text for p in split_passages(document).passages), seen):
            texts.append(text)
            sources.append(name)
        if count % 100 == 0:
            report(f"cut {count} of {len(names)} documents into passages")
    return Uncoded(tuple(texts), tuple(sources), tuple(left_out))


def _take_new(texts: Iterable[str], seen: set[str]) -> list[str]:
    taken = []
    for text in texts:
        wording = " ".join(text.lower().split())
        if wording not in seen:
            seen.add(wording)
            taken.append(text)
    return taken
