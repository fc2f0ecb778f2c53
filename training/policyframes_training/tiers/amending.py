"""How a bundle errs, fitted anew from what its training left, and written into the bundle that is there.

Weights, settings, figures and card stay as they are; with them every score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from policyframes.bundle import Bundle, load_bundle, save_bundle
from policyframes_training.corpus.corpus import Corpus
from policyframes_training.evaluation.measurement import check_framings
from policyframes_training.tiers.cascade import read_held_out
from policyframes_training.tiers.errors import fit_cascade_errors, fit_tier_errors
from policyframes_training.tiers.lesson import LESSON, load_cross_fit, save_cross_fit
from policyframes_training.tiers.recording import Plan


def amend_errors(plan: Plan) -> tuple[Bundle, ...]:
    """Fit the errors of a bundle, and of a cascade's parts, write them, and return the bundles as they are now.

    A bundle's id changes with its manifest. So of a cascade the parts are written first and it last, and the lessons
    in the work folder are told the new ids. A cascade whose part is amended by itself no longer fits that part.

    Args:
        plan: its `output` is the folder of the bundle.

    Raises:
        BundleError: the bundle is missing or damaged.
        LabelsError: the labels or the documents cannot be read.
        TrainingError: the training left no lesson in the work folder, or one about others.
        OutputError: a folder cannot be written.
        UsageError: the labels have other framings.
    """
    bundle = load_bundle(plan.output)
    corpus = plan.read_corpus()
    check_framings(bundle, corpus.framings)
    if bundle.kind != "cascade":
        return (_amend_tier(plan, corpus, bundle, plan.output),)
    home = plan.output.resolve().parent
    held_out = {part: read_held_out(plan, corpus, tier) for part, tier in bundle.parts.items()}
    parts = {part: _amend_tier(plan, corpus, tier, home / tier.name) for part, tier in bundle.parts.items()}
    errors = fit_cascade_errors(bundle, held_out["fast"], held_out["encoder"], corpus)
    return (*parts.values(), _amend_cascade(plan, bundle, parts, errors))


def _amend_tier(plan: Plan, corpus: Corpus, bundle: Bundle, folder: Path) -> Bundle:
    validation, train = read_held_out(plan, corpus, bundle)
    amended = replace(bundle, errors=fit_tier_errors(bundle.framings, validation, train, corpus))
    bundle_id = save_bundle(amended, folder, overwrite=True)
    path = plan.find_work_folder(bundle.name) / LESSON
    save_cross_fit(replace(load_cross_fit(path, corpus), bundle=bundle_id), path)
    return replace(amended, id=bundle_id)


def _amend_cascade(plan: Plan, bundle: Bundle, parts: Mapping[str, Bundle], errors: Mapping[str, object]) -> Bundle:
    named = {part: {"name": tier.name, "id": tier.id} for part, tier in parts.items()}
    amended = replace(bundle, parts=dict(parts), features={**bundle.features, "parts": named}, errors=errors)
    return replace(amended, id=save_bundle(amended, plan.output, overwrite=True))
