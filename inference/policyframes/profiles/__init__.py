"""Passages' scores -> shares with intervals, by document, group and aspect; comparison and change.

The core of every table, picture and page: it knows of no file and prints nothing.
"""

from policyframes.profiles.change import Change
from policyframes.profiles.collection import CollectedDocument, Collection, PlacedPassage
from policyframes.profiles.comparison import Comparison, compare
from policyframes.profiles.profile import MIN_PASSAGES, Profile
from policyframes.profiles.shares import Share

__all__ = [
    "MIN_PASSAGES",
    "Change",
    "CollectedDocument",
    "Collection",
    "Comparison",
    "PlacedPassage",
    "Profile",
    "Share",
    "compare",
]
