"""Which passages speak of an aspect, and where: whole words, their inflections, and the user's own terms.

Looks at words alone; says nothing about how the aspect is framed.
"""

from __future__ import annotations

from policyframes.aspects.additions import read_aspects
from policyframes.aspects.finder import AspectFinder, Mention, find_aspects

__all__ = ["AspectFinder", "Mention", "find_aspects", "read_aspects"]
