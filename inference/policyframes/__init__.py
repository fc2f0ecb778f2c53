"""policyframes: measure how policy texts frame their subject.

    from policyframes import load, read_document
    scorer = load()
    scorer.score(["The two governments will plan together and share the cost."])
    scorer.score_document(read_document("strategy.pdf"))

    from policyframes import collect
    collect(["nss-2017.pdf", "nss-2022.pdf"], aspects=["mexico", "border"]).compare(by="year")

Names are imported on first use, so that `import policyframes` costs nothing and pulls in no reader.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from policyframes._version import __version__

if TYPE_CHECKING:
    from policyframes.documents import Document, read_document
    from policyframes.errors import PolicyFramesError
    from policyframes.passages import Passage, split_passages
    from policyframes.profiles import Collection, Comparison, Profile, Share, collect, compare
    from policyframes.scorer import Score, ScoredDocument, Scorer, load
    from policyframes.taxonomy import Taxonomy, load_taxonomy

_HOMES = {
    "Collection": "profiles",
    "Comparison": "profiles",
    "Document": "documents",
    "Passage": "passages",
    "PolicyFramesError": "errors",
    "Profile": "profiles",
    "Score": "scorer",
    "ScoredDocument": "scorer",
    "Scorer": "scorer",
    "Share": "profiles",
    "Taxonomy": "taxonomy",
    "collect": "profiles",
    "compare": "profiles",
    "load": "scorer",
    "load_taxonomy": "taxonomy",
    "read_document": "documents",
    "split_passages": "passages",
}

__all__ = [
    "Collection",
    "Comparison",
    "Document",
    "Passage",
    "PolicyFramesError",
    "Profile",
    "Score",
    "ScoredDocument",
    "Scorer",
    "Share",
    "Taxonomy",
    "__version__",
    "collect",
    "compare",
    "load",
    "load_taxonomy",
    "read_document",
    "split_passages",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  (PEP 562: any public object)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
