"""Evidence: which words and sentences of a passage carry its score. What it means is in docs/evidence.md."""

from __future__ import annotations

from policyframes.evidence.explanation import explain
from policyframes.evidence.marks import Evidence, Mark, Run, mark_text

__all__ = ["Evidence", "Mark", "Run", "explain", "mark_text"]
