"""The comparison with peers: its arithmetic, its processes, and one run without any peer but scikit-learn."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peer_machine import Others, describe_machine, find_modules
from benchmarks.peer_report import (
    Record,
    align,
    check_targets,
    find_rival,
    macro_f1,
    score_texts,
    show_range,
    tabulate_measures,
    tabulate_ratios,
)

_FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
# Scripts find what lies beside them; a test has to be told.
sys.path.append(str(_FOLDER))
_entries = importlib.import_module("peer_entries")
_models = importlib.import_module("peer_models")


def _record(name, kind, *, one=(), everywhere=(), f1=None, **facts):
    rates = {cores: list(values) for cores, values in (("one", one), ("all", everywhere)) if values}
    scores = {} if f1 is None else {"public": {"both": f1}, "chosen": {"both": f1}}
    return Record(name, name, kind, rates=rates, f1=scores, **facts)


def _run(*arguments):
    return subprocess.run(
        [sys.executable, str(_FOLDER / "peers.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def _start_worker(work, action, name, *, lines=""):
    done = subprocess.run(
        [sys.executable, str(_FOLDER / "peer_worker.py"), action, name, "--work", str(work), "--one-core"],
        input=lines,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def work(tmp_path):
    framings = ["securitized", "governance", "partnership"]
    (tmp_path / "task.json").write_text(
        json.dumps({"framings": framings, "base": None, "weights": None, "max_tokens": 128}), encoding="utf-8"
    )
    walls = [f"Guards at wall {i} stop the threat." for i in range(8)]
    pacts = [f"Both sides sign pact {i} as friends." for i in range(8)]
    side = {"texts": walls + pacts, "targets": [[1, 0, 0]] * 8 + [[0, 1, 1]] * 8}
    (tmp_path / "corpus.json").write_text(json.dumps(dict.fromkeys(("train", "validation", "test"), side)))
    (tmp_path / "passages.jsonl").write_text("".join(json.dumps(text) + "\n" for text in walls), encoding="utf-8")
    (tmp_path / "sizes.json").write_text(json.dumps({"fast": 8, "slow": 2}), encoding="utf-8")
    return tmp_path


def test_macro_f1_is_the_mean_of_the_framings_own():
    present = np.array([[1, 1], [1, 0], [0, 0], [0, 0]], dtype=bool)
    decided = np.array([[1, 1], [0, 0], [1, 0], [0, 0]], dtype=bool)

    assert macro_f1(decided, present) == pytest.approx((0.5 + 1.0) / 2)


def test_a_framing_that_nobody_has_and_nobody_decides_counts_as_nothing():
    empty = np.zeros((3, 2), dtype=bool)

    assert macro_f1(empty, empty) == 0.0


def test_f1_is_told_apart_by_texts_and_leaves_out_a_kind_that_is_not_there():
    present = np.array([[1], [1]], dtype=bool)
    decided = np.array([[1], [0]], dtype=bool)

    assert score_texts(decided, present, np.array([False, True])) == {
        "both": pytest.approx(2 / 3),
        "rewrites": 1.0,
        "originals": 0.0,
    }
    assert set(score_texts(decided, present, np.array([False, False]))) == {"both", "rewrites"}


def test_a_contender_is_as_fast_as_on_the_cores_that_suit_it():
    record = _record("a", "peer", one=[90, 110, 100], everywhere=[60, 50, 70])

    assert record.rate == 100
    assert Record("b", "b", "peer").rate is None


def test_the_rival_is_the_fastest_peer_that_is_no_better():
    ours = _record("fast-v3", "ours", one=[100], f1=0.80)
    better = _record("better", "peer", one=[900], f1=0.81)
    equal = _record("equal", "peer", one=[50], f1=0.80)
    worse = _record("worse", "peer", one=[40], f1=0.70)
    same = _record("torch-sorted", "same weights", one=[800], f1=0.10)

    rival = find_rival([ours, better, equal, worse, same])

    assert rival is equal


def test_targets_are_met_missed_or_not_measured():
    records = [
        _record("fast-v3", "ours", one=[100], f1=0.80, cold=[0.4, 0.2, 0.9], peak=301_000_000),
        _record("peer", "peer", one=[66], f1=0.80),
        _record("encoder-v4", "ours", one=[70], everywhere=[100], f1=0.850),
        _record("pipeline", "same weights", everywhere=[10]),
        _record("pipeline-32", "same weights", everywhere=[20]),
        _record("torch-sorted", "same weights", everywhere=[25], f1=0.855),
    ]

    found = [(target.verdict, target.found) for target in check_targets(records)]

    assert found == [
        ("met", "1.52 x (100 / 66 peer)"),
        ("not met", "5.00 x (100 / 20 pipeline-32)"),
        ("not measured", ""),
        ("met", "4.00 x (100 / 25 torch-sorted)"),
        ("not measured", ""),
        ("met", "-0.50 points (0.8500 - 0.8550 torch-sorted)"),
        ("not measured", ""),
        ("not measured", ""),
        ("not measured", ""),
        ("met", "0.40 s"),
        ("not met", "301 MB"),
    ]


def test_without_the_small_encoder_the_larger_one_is_held_against_its_weights():
    records = [
        _record("encoder-large-v1", "ours", everywhere=[100], f1=0.85),
        _record("encoder-large-openvino", "ours", everywhere=[75], f1=0.84),
        _record("cascade-balanced", "ours", everywhere=[900], f1=0.85),
        _record("torch-sorted", "same weights", everywhere=[20], f1=0.85),
    ]

    checked = check_targets(records)[1:9]
    pipeline, pipeline_openvino, torch, torch_openvino, loss, loss_openvino, *cascade = checked

    assert {pipeline.verdict, pipeline_openvino.verdict} == {"not measured"}
    assert torch.found == "5.00 x (100 / 20 torch-sorted)"
    assert [torch.verdict, torch_openvino.verdict] == ["met", "not met"]
    assert [loss.verdict, loss_openvino.verdict] == ["met", "not met"]
    assert [target.verdict for target in cascade] == ["not measured", "not measured"]


def test_the_small_encoder_by_openvino_alone_is_not_replaced():
    records = [
        _record("encoder-openvino", "ours", everywhere=[100], f1=0.85),
        _record("encoder-large-v1", "ours", everywhere=[50], f1=0.85),
        _record("torch-sorted", "same weights", everywhere=[20], f1=0.85),
    ]

    torch, torch_openvino = check_targets(records)[3:5]

    assert (torch.verdict, torch_openvino.found) == ("not measured", "5.00 x (100 / 20 torch-sorted)")


def test_tables_put_ratios_first_and_say_what_is_not_known():
    records = [
        _record("fast-v3", "ours", one=[100, 300, 200], f1=0.80, cold=[0.2], peak=64_000_000, size=340_000),
        _record("peer", "peer", one=[50], f1=0.75),
        Record("gone", "gone", "peer", missing="gone is not installed"),
    ]

    ratios, measures = tabulate_ratios(records).splitlines(), tabulate_measures(records).splitlines()

    assert [line.split() for line in ratios] == [["ours", "/", "theirs", "fast-v3"], ["peer", "4.00x", "(+5.0)"]]
    assert "200 [100, 300]" in measures[1]
    assert [line.split()[0] for line in measures[1:]] == ["fast-v3", "peer"]
    assert show_range([], ".2f") == "-"
    assert align([["a", "b"], ["long", "c"]]) == "a     b\nlong  c"


def test_contenders_have_names_of_their_own_and_one_folder_for_the_same_weights():
    names = [entry.name for entry in _entries.ENTRIES]

    assert len(set(names)) == len(names)
    assert {entry.model for entry in _entries.ENTRIES if entry.kind == "same weights"} == {"torch-encoder"}
    assert _entries.find_entry("sklearn").module == "sklearn"


def test_making_a_contender_imports_no_library():
    task = _models.Task(framings=("a",), base=None, weights=None, max_tokens=8)

    for entry in _entries.ENTRIES:
        entry.make(task)

    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import peer_entries; "
        "print([m for m in ('torch', 'sklearn', 'spacy', 'policyframes') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script, str(_FOLDER)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_machine_is_named_with_both_interpreters():
    found = describe_machine(sys.executable)

    assert found["cores"] >= 1
    assert f"(peers {found['python']})" in found["line"]
    assert find_modules(sys.executable, ["json", "no_such_module"]) == {"json": True, "no_such_module": False}


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_what_others_take_leaves_out_the_process_itself():
    worker = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    watched, idle = Others(worker.pid), Others(1)
    try:
        with idle, watched:
            sum(i * i for i in range(3_000_000))
    finally:
        worker.kill()
        worker.wait()

    assert watched.cores < idle.cores


def test_a_worker_times_what_it_is_asked_to_and_states_its_memory(work):
    ready, rate, peak = _start_worker(work, "serve", "fast-v3", lines="0.01\npeak\n")

    assert ready == {"ready": True, "passages": 8}
    assert rate["rate"] > 0
    assert peak["peak"] > 10_000_000


def test_a_worker_answers_with_the_first_labels_of_a_fresh_process(work):
    assert list(_start_worker(work, "first", "fast-v3")[0]) == ["labels"]


def test_a_peer_is_trained_once_and_judged_from_its_folder(work):
    trained = _start_worker(work, "train", "sklearn")[0]
    judged = _start_worker(work, "judge", "sklearn")[0]

    assert trained["seconds"]["wall"] > 0
    assert np.array(judged["test"]).shape == (16, 3)
    assert judged["labels"] == []
    assert (np.array(judged["test"])[:8, 0] > 0.5).all()
    assert not (work / "sklearn.partial").exists()


@pytest.mark.slow
def test_one_command_prints_ratios_measures_and_targets(tmp_path):
    done = _run(
        *("--only", "fast-v3,sklearn,pipeline", "--passages", "100", "--slow-passages", "50", "--rounds", "1"),
        *("--seconds", "0.01", "--work", str(tmp_path / "work"), "-o", str(tmp_path / "found.json")),
    )

    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    fast, sklearn, pipeline = found["contenders"]
    assert fast["f1"]["chosen"]["rewrites"] > 0.6
    assert sklearn["f1"]["public"]["both"] > 0.5
    assert fast["cold"]
    assert sklearn["rates"]["one"]
    assert sklearn["size"] > 100_000
    assert pipeline["missing"]
    assert "fast-v3" in done.stdout.split("\nRatios", 1)[1].splitlines()[1]
    assert len(found["targets"]) == len(done.stdout.split("\nWanted", 1)[1].split("\n\n", 1)[0].splitlines()) - 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--passages", "0"), "--passages: 0; expected a whole number from 1 up"),
        (("--only", "nobody"), "--only: nobody; expected of fast-v3, encoder-v4"),
        (("--base", "no-such-folder"), "--base: no-such-folder is no folder"),
    ],
)
def test_a_wrong_option_is_named(arguments, said, monkeypatch, capsys):
    peers = importlib.import_module("peers")
    monkeypatch.setattr(sys, "argv", ["peers.py", *arguments])

    with pytest.raises(SystemExit, match="2"):
        peers.read_options()

    assert said in capsys.readouterr().err
