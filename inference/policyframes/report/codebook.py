"""codebook.md: what the framings, the aspects and the other words of the results mean."""

from __future__ import annotations

from policyframes.profiles.collection import Collection
from policyframes.report.explanation import NO_DEFINITION, has_own_framings
from policyframes.taxonomy import Aspect, load_taxonomy

_PLAIN = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>#|~"})


def write_codebook(collection: Collection) -> str:
    """Return the definitions of what the results of this collection speak of, as Markdown."""
    framings = {framing.id: framing for framing in load_taxonomy().framings}
    lines = [
        "# Codebook",
        "",
        _name_version(collection),
        "",
        "## Framings",
        "",
        "A passage may carry one framing, several, or none.",
        "",
    ]
    for name in collection.framings:
        label, definition = (
            (framings[name].label, framings[name].definition) if name in framings else (name, NO_DEFINITION)
        )
        lines += [f"- **{_escape(label)}** (`{name}`): {_escape(definition)}"]
    lines += [
        "- **None** (`none`): no framing is decided in the passage.",
        "- **Uncertain** (`uncertain`): the model could not settle at least one framing of the passage.",
    ]
    if collection.aspects:
        lines += [
            "",
            "## Aspects",
            "",
            "A passage speaks of an aspect when it holds one of its terms as a whole word, ",
        ]
        lines[-1] += "in any of its inflections."
        for aspect in collection.aspects:
            lines += ["", *_describe(aspect)]
    return "\n".join(lines) + "\n"


def _name_version(collection: Collection) -> str:
    name = collection.bundle.name
    if has_own_framings(collection.bundle):
        return f"The bundle is {name}, made for framings of its own."
    return f"Version {load_taxonomy().version} of the codebook; the bundle is {name}."


def _describe(aspect: Aspect) -> list[str]:
    lines = [f"### {_escape(aspect.label)} (`{aspect.id}`)", "", _escape(aspect.definition), ""]
    lines += [f"Terms: {_escape(', '.join(aspect.terms))}."]
    if aspect.excluded:
        lines += [f"Not: {_escape(', '.join(aspect.excluded))}."]
    return lines


def _escape(text: str) -> str:
    return " ".join(text.split()).translate(_PLAIN)
