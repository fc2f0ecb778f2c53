"""What joins two tiers."""

from __future__ import annotations

import numpy as np
import pytest

from policyframes.bundle import FramingSettings
from policyframes.errors import TrainingError
from policyframes_training.corpus.held_out import HeldOut
from policyframes_training.tiers.routing import blend, choose_route, fit_blend, measure_macro_f1, trace_tradeoff

FRAMINGS = ("danger", "system")
PLAIN = {name: FramingSettings(0.5, 1.0, 0.0, 0.5, 0.5) for name in FRAMINGS}


@pytest.fixture(scope="module")
def tiers():
    """Return a weak fast tier and a strong encoder that err on different passages."""
    generator = np.random.default_rng(0)
    targets = generator.random((2_000, 2)) < 0.4
    truth = np.where(targets, 1.0, -1.0)
    documents = tuple(f"d{i // 10}" for i in range(2_000))
    fast = truth + generator.normal(0, 1.2, truth.shape)
    encoder = 2 * truth + generator.normal(0, 1.2, truth.shape)
    return HeldOut(fast, targets, documents), HeldOut(encoder, targets, documents)


def test_the_better_tier_weighs_more_and_both_together_beat_either(tiers):
    fast, encoder = tiers
    weights = fit_blend(fast, encoder, FRAMINGS)
    together = measure_macro_f1(blend(fast.logits, encoder.logits, weights) > 0, fast.targets)

    assert all(weight > other > 0 for weight, other in zip(weights[1], weights[0], strict=True))
    assert (
        together > measure_macro_f1(encoder.logits > 0, fast.targets) > measure_macro_f1(fast.logits > 0, fast.targets)
    )


def test_a_tier_that_says_the_contrary_weighs_nothing(tiers):
    fast, encoder = tiers
    contrary = HeldOut(-fast.logits, fast.targets, fast.documents)

    assert fit_blend(contrary, encoder, FRAMINGS)[0] == [0.0, 0.0]


def test_a_framing_that_no_passage_carries_cannot_be_weighed(tiers):
    fast, encoder = tiers
    absent = HeldOut(fast.logits, np.zeros_like(fast.targets), fast.documents)

    with pytest.raises(TrainingError, match="present in 0 of 2000"):
        fit_blend(absent, encoder, FRAMINGS)


@pytest.mark.parametrize("share", [0.05, 0.18, 0.5])
def test_the_route_sends_no_more_than_its_share_and_nearly_that(tiers, share):
    fast, _ = tiers
    route = choose_route(fast.logits, PLAIN, share=share)
    probabilities = 1 / (1 + np.exp(-fast.logits))
    bounds = np.array([route[name] for name in FRAMINGS])
    routed = ((probabilities >= bounds[:, 0]) & (probabilities < bounds[:, 1])).any(axis=1).mean()

    # The bounds are rounded, so one passage more may lie between them.
    assert share - 0.01 < routed <= share + 0.001


def test_the_route_lies_around_the_threshold(tiers):
    settings = {name: FramingSettings(0.3, 1.0, 0.0, 0.3, 0.3) for name in FRAMINGS}

    for start, end in choose_route(tiers[0].logits, settings, share=0.2).values():
        assert start < 0.3 < end


def test_the_tradeoff_starts_at_the_fast_tier_and_ends_at_both(tiers):
    fast, encoder = tiers
    blended = blend(fast.logits, encoder.logits, fit_blend(fast, encoder, FRAMINGS))
    points = trace_tradeoff(fast, blended, PLAIN, PLAIN, shares=(0.0, 0.2, 1.0))

    assert points[0].macro_f1 == measure_macro_f1(fast.logits >= 0, fast.targets)
    assert points[2].macro_f1 == measure_macro_f1(blended >= 0, fast.targets)
    assert points[0].macro_f1 < points[1].macro_f1 < points[2].macro_f1
    # The least certain fifth is where asking pays: it buys more than a fifth of the gain.
    gain = points[2].macro_f1 - points[0].macro_f1
    assert points[1].macro_f1 - points[0].macro_f1 > 0.3 * gain
