"""codebook.md: what the framings, the aspects and the other words of the results mean."""

from __future__ import annotations

from policyframes.profiles.collection import Collection
from policyframes.taxonomy import Aspect, load_taxonomy

_PLAIN = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>#|~"})


def write_codebook(collection: Collection) -> str:
    """Return the definitions of what the results of this collection speak of, as Markdown."""
    taxonomy = load_taxonomy()
    framings = {framing.id: framing for framing in taxonomy.framings}
    lines = [
        "# Codebook",
        "",
        f"Version {taxonomy.version} of the codebook; the bundle is {collection.bundle.name}.",
        "",
        "## Framings",
        "",
        "A passage may carry one framing, several, or none.",
        "",
    ]
    for name in collection.framings:
        label, definition = (framings[name].label, framings[name].definition) if name in framings else (name, "")
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


def _describe(aspect: Aspect) -> list[str]:
    lines = [f"### {_escape(aspect.label)} (`{aspect.id}`)", "", _escape(aspect.definition), ""]
    lines += [f"Terms: {_escape(', '.join(aspect.terms))}."]
    if aspect.excluded:
        lines += [f"Not: {_escape(', '.join(aspect.excluded))}."]
    return lines


def _escape(text: str) -> str:
    return " ".join(text.split()).translate(_PLAIN)
