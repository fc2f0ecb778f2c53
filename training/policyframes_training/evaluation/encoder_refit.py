"""The recipe of an encoder on other passages, for measures that need many fits. What a fit said is kept, no model is.

An encoder takes minutes where a linear fit takes a second: each fit has a folder of its own that says what it was of,
so that a measure that was cut off goes on with the fit that it was at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from policyframes.bundle import Bundle
from policyframes.errors import UsageError
from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.corpus.learnable import rename
from policyframes_training.encoder.checkpoints import claim_folder, hash_job
from policyframes_training.encoder.data import make_rows
from policyframes_training.encoder.encoder import drop_model, find_scores, fit_encoder, score_once
from policyframes_training.encoder.network import load_base, name_weights
from policyframes_training.encoder.settings import EncoderSettings, Workplace
from policyframes_training.evaluation.refits import Bench, decide_anew
from policyframes_training.evaluation.resampling import Decisions

# A few hundred passages make a handful of steps an epoch, from which no encoder learns; it then reads them more often.
# About as many steps as one epoch of the passages that ship.
FEWEST_STEPS = 160


@dataclass(frozen=True)
class EncoderRefit:
    """The recipe of an `encoder-onnx` bundle on other passages, its thresholds chosen anew.

    The fitted network decides itself; it is not rounded and exported as a bundle's is.

    Attributes:
        settings: of the fit.
        base_sha256: hash of the pretrained weights.
        seed: of the fit.
        place: folder of the fits, device, report.
    """

    settings: EncoderSettings
    base_sha256: str
    seed: int
    place: Workplace

    def __call__(self, train: PassageSet, validation: PassageSet, scored: PassageSet) -> Decisions:
        """Fit on train, calibrate and set thresholds on validation, and decide about the scored passages.

        There is no band: all decisions are sure.

        Raises:
            TrainingError: a framing is present in all passages of train or of validation, or in none.
            RefusedError: the folder of the fits holds something else.
            OutputError: it cannot be written.
        """
        settings = stretch_epochs(self.settings, len(train) * (1 + self.settings.renamed))
        learned = train
        for copy in rename(train, self.seed, settings.renamed):
            learned += copy
        rows = make_rows(learned, settings)
        # What teaches nobody here shows in no fit, and other names in the rows.
        recipe = {**settings.as_recipe(self.base_sha256), "teacher_weight": None, "renamed": None}
        facts = {"settings": recipe, "seed": self.seed, "rows": rows.sha256}
        key = hash_job({**facts, "validation": make_rows(validation, settings).sha256, "scored": scored.texts})
        claim_folder(self.place.folder, hash_job({"tier": "refits"}))
        here = self.place.enter(key[:16])
        said = find_scores(here, validation.texts, scored.texts, vocabulary=settings.vocabulary)
        if said is None:
            model = fit_encoder(rows, validation, settings, seed=self.seed, place=here)
            said = score_once(model, validation.texts, scored.texts, place=here)
            drop_model(here)
        return decide_anew(said[0], validation, said[1])


def make_encoder_refit(bundle: Bundle, settings: EncoderSettings, bench: Bench, *, seed: int) -> EncoderRefit:
    """Return the recipe of an encoder's bundle, from the settings of its card.

    Raises:
        UsageError: a value makes no sense, or the base is another than the bundle's.
        TrainingError: the base cannot be loaded.
    """
    settings = replace(settings, base=bench.base or settings.base).with_values(bench.values)
    base_sha256 = load_base(settings).sha256
    stated = str(bundle.provenance.get("base_sha256") or base_sha256)
    if base_sha256 != stated:
        raise UsageError(
            where=f"pretrained weights '{name_weights(settings.base, base_sha256)}'",
            found=f"a file of weights with the hash {base_sha256[:12]}",
            allowed=f"those that {bundle.name} was fine-tuned from, {stated[:12]}"
            f" ({bundle.provenance.get('base', 'without a name')})",
            remedy="Give their folder with --base.",
        )
    return EncoderRefit(settings, base_sha256, seed, bench.place)


def stretch_epochs(settings: EncoderSettings, passages: int) -> EncoderSettings:
    """Return the settings with as many epochs as it takes to make `FEWEST_STEPS` steps."""
    steps = math.ceil(passages / settings.batch_size)
    return replace(settings, epochs=max(settings.epochs, math.ceil(FEWEST_STEPS / steps)))
