"""Passages' scores -> shares with intervals, by document, group and aspect; comparison and change.

The core of every table, picture and page: it prints and draws nothing, and writes no file.
"""

from policyframes.profiles.assembly import assemble_collection, collect
from policyframes.profiles.change import Change
from policyframes.profiles.collection import CollectedDocument, Collection, PlacedPassage
from policyframes.profiles.comparison import BY_DOCUMENT, Comparison, compare
from policyframes.profiles.metadata import Metadata, check_column, gather_metadata
from policyframes.profiles.profile import Profile
from policyframes.profiles.shares import MIN_PASSAGES, Share

__all__ = [
    "BY_DOCUMENT",
    "MIN_PASSAGES",
    "Change",
    "CollectedDocument",
    "Collection",
    "Comparison",
    "Metadata",
    "PlacedPassage",
    "Profile",
    "Share",
    "assemble_collection",
    "check_column",
    "collect",
    "compare",
    "gather_metadata",
]
