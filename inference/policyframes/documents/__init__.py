"""Any supported file to a `Document`. Imports no parsing library: those load in a child process only."""

from policyframes.documents.canonical import canonicalise
from policyframes.documents.document import Block, BlockKind, Document, Dropped
from policyframes.documents.formats import FORMATS
from policyframes.documents.limits import DEFAULT_LIMITS, Limits
from policyframes.documents.reader import read_document

__all__ = [
    "DEFAULT_LIMITS",
    "FORMATS",
    "Block",
    "BlockKind",
    "Document",
    "Dropped",
    "Limits",
    "canonicalise",
    "read_document",
]
