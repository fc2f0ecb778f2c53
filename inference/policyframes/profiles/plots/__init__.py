"""Pictures of results: each returns matplotlib's Axes, takes axes of the caller, and computes no share itself.

matplotlib is imported when the first picture is drawn. The session's settings stay as they are.
"""

from policyframes.profiles.plots.bars import plot_shares
from policyframes.profiles.plots.changes import plot_changes
from policyframes.profiles.plots.heatmap import plot_heatmap
from policyframes.profiles.plots.strip import plot_strip
from policyframes.profiles.plots.ternary import plot_ternary
from policyframes.profiles.plots.theme import DEFAULT_THEME, Look, Theme
from policyframes.profiles.plots.timeline import plot_timeline

__all__ = [
    "DEFAULT_THEME",
    "Look",
    "Theme",
    "plot_changes",
    "plot_heatmap",
    "plot_shares",
    "plot_strip",
    "plot_ternary",
    "plot_timeline",
]
