from __future__ import annotations

import time

import numpy as np
import pytest

from policyframes.bundle import FramingSettings, save_bundle
from policyframes.errors import BundleForeignError, BundleNotFoundError, UsageError
from policyframes.voice import Voice, VoiceReader, load_voice
from policyframes.voice_cues import CUES_VERSION, add_cues
from tests.inference.builders import make_bundle

WEIGHTS = {"cuesaying": 6.0, "cuelongquote": 4.0, "cuefirst": -6.0, "river": 0.0}


def make_voice_bundle(**changes):
    fields = {
        "name": "tiny-voice-v1",
        "framings": {"reported": FramingSettings(0.5, 1.0, 0.0, uncertain_from=0.4, uncertain_to=0.6)},
        "tensors": {
            "coefficients": np.array(list(WEIGHTS.values()), dtype=np.float32)[:, None],
            "idf": np.ones(len(WEIGHTS), dtype=np.float32),
            "intercepts": np.full(1, -1.0, dtype=np.float32),
        },
        "vocabulary": tuple(WEIGHTS),
        "provenance": {"seed": 1, "cues": CUES_VERSION},
    }
    return make_bundle(**{**fields, **changes})


@pytest.fixture
def reader():
    return VoiceReader(make_voice_bundle())


def cues_of(text: str) -> list[str]:
    marked = add_cues(text)
    assert marked.startswith(f"{text} ")
    return marked[len(text) + 1 :].split(" ")


def test_a_plain_passage_has_but_one_cue():
    assert cues_of("The river rises in spring.") == ["cuenofirst"]


def test_first_persons_and_verbs_of_saying_count_as_often_as_they_stand_there():
    assert cues_of("We say that our river is ours; it's said.") == ["cuesaying"] * 2 + ["cuefirst"] * 3


@pytest.mark.parametrize("pair", ["“”", '""', "«»", "„”"])
def test_what_stands_in_a_quotation_is_nobodys_first_person(pair):
    opening, closing = pair
    cues = cues_of(
        f"The mayor praised the bridge: {opening}we built it together with our hands{closing} near the town."
    )

    assert "cuefirst" not in cues
    assert {"cuenofirst", "cuelongquote", "cuequotedfifth", "cuequoteunsaid"} <= set(cues)
    assert cues.count("cuequote") == 2


def test_a_short_quotation_is_told_from_a_long_one():
    cues = cues_of("The ministry, which said so twice before in the same year, named the pass a “quiet gate” again.")

    assert {"cueshortquote", "cuequotesaid", "cuesaying"} <= set(cues)
    assert not {"cuelongquote", "cuequotedfifth", "cuequotedhalf"} & set(cues)


@pytest.mark.parametrize(
    "text",
    [
        "we must build the dam now”, the mayor added.",
        "The mayor added: “we must build the dam now",
        '"we must build it',
    ],
)
def test_a_quotation_that_began_before_the_passage_or_goes_on_after_it_is_seen(text):
    assert "cuefirst" not in cues_of(text)


def test_apostrophes_are_no_quotation_marks():
    assert "cuequote" not in cues_of("The town’s people don’t mind the neighbours’ boats.")


def test_according_to_is_a_saying():
    assert "cuesaying" in cues_of("According to the survey, the river floods less.")


def test_an_empty_passage_has_cues_and_a_voice(reader):
    assert cues_of("") == ["cuenofirst"]
    assert reader.read([""])[0].voice == "own"


@pytest.mark.parametrize("piece", ["“", '"', "“a", "a ”", "« “ "])
def test_cues_of_hostile_quotation_marks_take_no_time(piece):
    start = time.perf_counter()
    add_cues(piece * 50_000)

    assert time.perf_counter() - start < 2


def test_voices_come_in_the_order_of_the_texts(reader):
    own, reported = reader.read(["We widen the river.", "The envoy said the river must widen."])

    assert (own.voice, reported.voice) == ("own", "reported")
    assert 0 < own.probability < 0.5 < reported.probability < 1


def test_a_passage_without_a_framing_is_own(reader):
    texts = ["The envoy said the river must widen."] * 2

    assert reader.read(texts, [True, False])[1] == Voice("own", 0.0)
    assert reader.read(texts, [True, False])[0] == reader.read(texts)[0]


def test_no_texts_have_no_voices(reader):
    assert reader.read([]) == []


@pytest.mark.parametrize("texts", ["one passage", [1, 2], None, (text for text in ("a", "b"))])
def test_something_else_than_a_list_of_texts_is_refused(reader, texts):
    with pytest.raises(UsageError, match="a sequence of str"):
        reader.read(texts)


def test_framed_must_be_as_long_as_the_texts(reader):
    with pytest.raises(UsageError, match="2 texts and 1 entries of framed"):
        reader.read(["a", "b"], [True])


def test_a_bundle_of_framings_is_refused():
    with pytest.raises(BundleForeignError, match="it marks securitized, governance, partnership"):
        VoiceReader(make_bundle())


def test_a_bundle_that_learned_from_other_cues_is_refused():
    with pytest.raises(BundleForeignError, match="with cues 99"):
        VoiceReader(make_voice_bundle(provenance={"cues": 99}))


def test_a_bundle_of_ones_own_is_read_from_its_folder(tmp_path):
    save_bundle(make_voice_bundle(), tmp_path / "tiny-voice-v1")

    assert load_voice(tmp_path / "tiny-voice-v1").bundle.name == "tiny-voice-v1"
    with pytest.raises(BundleNotFoundError, match="there is no such folder"):
        load_voice(tmp_path / "absent-v1")


def test_the_bundle_that_ships_tells_plain_cases_apart():
    own, quoted, said = load_voice().read(
        [
            "We will guard our frontier, because armed gangs threaten every town along it.",
            "“They are an armed danger, and the frontier must be shut by force,” the candidate told a crowd on Monday.",
            "The senator warned that the smugglers were a danger to the nation, and said that soldiers must stop them.",
        ]
    )

    assert [own.voice, quoted.voice, said.voice] == ["own", "reported", "reported"]
