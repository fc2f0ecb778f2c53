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
_SAME = ("corpus_sha256", "further_sha256", "taxonomy_sha256", "seed")


def load_finished(folder: Path, corpus: Corpus, settings: EncoderSettings, *, seed: int, training: str) -> Bundle:
    """Return the bundle, which must be what training by this recipe on these passages makes.

    Args:
        folder: of the bundle.
        corpus: what it must have learned from.
        settings: by which it must have been fitted.
        seed: likewise.
        training: what its card must say that it learned from, see `TierTexts`; this tells a teacher.

    Raises:
        BundleError: it is missing or damaged.
        UsageError: it was trained on other passages, by another recipe, or is no encoder.
        TrainingError: the base cannot be loaded.
    """
    bundle = load_bundle(folder)
    now = {
        "corpus_sha256": corpus.sha256,
        "further_sha256": corpus.further_sha256,
        "taxonomy_sha256": corpus.taxonomy_sha256,
        "seed": seed,
    }
    differing = [name for name in _SAME if (bundle.provenance.get(name) or "") != (now[name] or "")]
    then, wanted = read_settings(bundle, EncoderSettings).as_params(), settings.as_params()
    # The name of the base says less than its weights do.
    differing += [name for name, value in wanted.items() if name != "base" and then[name] != value]
    if bundle.provenance.get("base_sha256") != load_base(settings).sha256:
        differing.append("base")
    if " ".join(training.split()) not in " ".join(bundle.card.split()):
        differing.append("teacher")
    if differing:
        raise UsageError(
            where=f"finished bundle '{bundle.name}'",
            found=f"it was trained with another {', another '.join(differing)}",
            allowed="what the same command made, but for --folds",
            remedy="Give the labels, documents, base, values and teacher that it was trained with, or leave --finished"
            " out.",
        )
    return bundle
