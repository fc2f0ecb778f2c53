"""Builders: a tiny bundle whose decisions can be told by eye, and documents from text."""

from __future__ import annotations

import numpy as np

from policyframes.bundle import Bundle, FramingSettings
from policyframes.documents.document import Document

WORDS = {"threat": (6, -2, -2), "court": (-2, 6, -2), "partner": (-2, -2, 6), "border": (1, 0, 0), "the": (0, 0, 0)}


def make_bundle(**changes) -> Bundle:
    fields = {
        "name": "tiny-v1",
        "kind": "ngram-linear",
        "framings": {
            name: FramingSettings(threshold=0.5, slope=1.0, offset=0.0, uncertain_from=0.4, uncertain_to=0.6)
            for name in ("securitized", "governance", "partnership")
        },
        "promised_precision": 0.9,
        "features": {"word_ngrams": [1, 1], "char_ngrams": None},
        "tensors": {
            "coefficients": np.array(list(WORDS.values()), dtype=np.float32),
            "idf": np.ones(len(WORDS), dtype=np.float32),
            "intercepts": np.full(3, -1.0, dtype=np.float32),
        },
        "vocabulary": tuple(WORDS),
        "provenance": {"seed": 1},
        "metrics": {},
        "card": "# Tiny\n",
    }
    return Bundle(**{**fields, **changes})


def make_document(text: str, **changes) -> Document:
    return Document(**{"id": "doc", "text": text, "format": "txt", "source": "doc.txt", **changes})
