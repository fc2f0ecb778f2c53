"""The settings that a bundle was trained by, read back from the table in its card."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from typing import Any, overload

from policyframes.bundle import Bundle
from policyframes.errors import UsageError
from policyframes_training.encoder.settings import EncoderSettings
from policyframes_training.linear.settings import LinearSettings

# Without these a fit would be another than the bundle's.
_NEEDED = {
    LinearSettings: ("ngram-linear", {"word_ngrams", "char_ngrams", "min_documents", "strength"}),
    EncoderSettings: ("encoder-onnx", {"base", "max_tokens", "epochs", "batch_size", "learning_rate"}),
}
_ROW = re.compile(r"^\| (\w+) \| (.+) \|$", re.MULTILINE)


@overload
def read_settings(bundle: Bundle, kind: type[LinearSettings]) -> LinearSettings: ...


@overload
def read_settings(bundle: Bundle, kind: type[EncoderSettings]) -> EncoderSettings: ...


def read_settings(bundle: Bundle, kind: type[LinearSettings | EncoderSettings]) -> LinearSettings | EncoderSettings:
    """Return the settings of the fit. One that an older card does not name has its default.

    Args:
        bundle: of the fast tier or the encoder.
        kind: which settings; those of the bundle's kind.

    Raises:
        UsageError: the bundle is of another kind, or its card does not say.
    """
    name, needed = _NEEDED[kind]
    stated = dict(_ROW.findall(bundle.card))
    if bundle.kind != name or not stated.keys() >= needed:
        raise UsageError(
            where=f"bundle '{bundle.name}'",
            found=f"the kind {bundle.kind}, and in its card {len(needed & stated.keys())} of {len(needed)} settings"
            " that a fit needs",
            allowed=f"for fits anew, a bundle of the kind {name} whose card holds the table of settings",
            remedy="Measure transfer, learning curve and refits on the fast tier or on the encoder.",
        )
    types = {one.name: str(one.type) for one in fields(kind) if one.name in stated}
    try:
        values: dict[str, Any] = {
            name: stated[name] if held == "str" else ast.literal_eval(stated[name]) for name, held in types.items()
        }
        return kind(**values)
    except (ValueError, SyntaxError) as error:
        raise UsageError(
            where=f"card of bundle '{bundle.name}'",
            found=f"a setting that cannot be read ({error})",
            allowed="the table of settings as training writes it",
            remedy="Train the bundle anew.",
        ) from error
