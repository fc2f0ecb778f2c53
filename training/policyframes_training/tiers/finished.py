"""An encoder that was trained before, taken in place of a fit: only its folds are left to be fitted.

Folds may take longer than the encoder itself. One that was trained with `--folds 0` is looked at first, and held out
from train when there is time for it, on another machine too: its weights stay as they are.
"""

from __future__ import annotations

from pathlib import Path

from policyframes.bundle import Bundle, load_bundle
from policyframes.errors import UsageError
from policyframes_training.corpus.corpus import Corpus
from policyframes_training.encoder.network import load_base
from policyframes_training.encoder.settings import EncoderSettings
from policyframes_training.tiers.card_settings import read_settings

# Of the provenance: what was learned from, and how chance fell.
_SAME = {
    "corpus_sha256": "coded passages",
    "further_sha256": "passages for learning alone",
    "taxonomy_sha256": "taxonomy",
    "seed": "seed",
}
_KIND = "encoder-onnx"


def load_finished(folder: Path, corpus: Corpus, settings: EncoderSettings, *, seed: int) -> Bundle:
    """Return the bundle, which must be what training by this recipe on these passages makes.

    Args:
        folder: of the bundle.
        corpus: what it must have learned from.
        settings: by which it must have been fitted.
        seed: likewise.

    Raises:
        BundleError: it is missing or damaged.
        UsageError: it was trained on other passages, by another recipe, or is no encoder.
        TrainingError: the base cannot be loaded.
    """
    bundle = load_bundle(folder)
    if bundle.kind != _KIND:
        raise _refuse(bundle, f"it is of the kind {bundle.kind}")
    facts = (corpus.sha256, corpus.further_sha256, corpus.taxonomy_sha256, seed)
    now = dict(zip(_SAME, facts, strict=True))
    differing = [words for name, words in _SAME.items() if (bundle.provenance.get(name) or "") != (now[name] or "")]
    then, wanted = read_settings(bundle, EncoderSettings).as_params(), settings.as_params()
    # The name of the base says less than its weights do.
    differing += [name for name, value in wanted.items() if name != "base" and then[name] != value]
    if bundle.provenance.get("base_sha256") != load_base(settings).sha256:
        differing.append("base")
    if differing:
        raise _refuse(bundle, f"it was trained with other {', '.join(differing)}")
    return bundle


def check_taught(bundle: Bundle, taught_sha256: str, training: str) -> None:
    """Check that a finished bundle learned from the teacher that its folds would learn from.

    Args:
        bundle: from `load_finished`.
        taught_sha256: hash of the taught rows, as its provenance has it; empty for none.
        training: what its card must say that it learned from, for bundles from before there was such a hash.

    Raises:
        UsageError: it learned from another, or from none.
    """
    stated = bundle.provenance.get("taught_sha256")
    same = " ".join(training.split()) in " ".join(bundle.card.split()) if stated is None else stated == taught_sha256
    if not same:
        raise _refuse(bundle, "it was trained with another teacher, or other passages of it")


def _refuse(bundle: Bundle, found: str) -> UsageError:
    return UsageError(
        where=f"finished bundle '{bundle.name}'",
        found=found,
        allowed="the encoder that the same command made, but for --folds",
        remedy="Give the labels, documents, base, values and teacher of its training, or leave --finished out.",
    )
