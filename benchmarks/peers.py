"""Measures our tiers and their peers side by side: speed, memory, disk, cold start, F1. `python benchmarks/peers.py`.

Every contender trains on the same passages and is timed on the same passages, each in a process of its own. States
numbers, and which of the wanted ones were reached; a target that is missed is no error.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from peer_data import hash_source, list_passages, locate_bundle, measure_size, write_corpus
from peer_entries import ENTRIES, Entry
from peer_machine import Others, describe_machine, find_modules
from peer_models import SEED, Task
from peer_process import Workbench, Worker, WorkerError
from peer_report import (
    Record,
    check_targets,
    list_targets,
    score_texts,
    summarise,
    tabulate_measures,
    tabulate_ratios,
)

from policyframes_training.corpus.corpus import Corpus, read_corpus
from policyframes_training.tiers.calibration import choose_threshold

ROOT = Path(__file__).resolve().parents[1]
_MAX_TOKENS = 256


def main() -> None:
    """Measure and print."""
    options = read_options()
    work = options.work or Path(tempfile.mkdtemp(prefix="policyframes-peers-"))
    work.mkdir(parents=True, exist_ok=True)
    machine = describe_machine(options.peers_python)
    say("machine", machine["line"])
    say("work", f"{work} (trained peers are kept here and used again)")
    corpus = read_corpus(options.labels, options.documents)
    task = make_task(corpus, options)
    source = prepare(work, corpus, task, options)
    say("passages", source)
    bench = Workbench(work, ours=sys.executable, peers=options.peers_python)
    entries = [entry for entry in ENTRIES if not options.only or entry.name in options.only]
    records = {entry.name: Record(entry.name, entry.title, entry.kind) for entry in entries}
    find_missing(entries, records, options)
    run = [entry for entry in entries if not records[entry.name].missing]
    for entry in run:
        attempt(records[entry.name], partial(train, entry, records[entry.name], bench, corpus=corpus, task=task))
    if options.train_only:
        return
    for entry in run:
        attempt(records[entry.name], partial(judge, entry, records[entry.name], bench, corpus=corpus, task=task))
    alive = [entry for entry in run if not records[entry.name].missing]
    measure_cold(alive, records, bench, options.rounds)
    others = measure_rates(alive, records, bench, rounds=options.rounds, at_least=options.seconds)
    report(list(records.values()), {"machine": machine, "passages": source, "others": others}, options.output)


def read_options() -> argparse.Namespace:
    """Return the command line, checked."""
    names = [entry.name for entry in ENTRIES]
    parser = argparse.ArgumentParser(description="Measure our tiers beside their peers: one command, one run.")
    parser.add_argument("--passages", type=int, default=20_000, help="how many passages fast contenders label (20000)")
    parser.add_argument("--slow-passages", type=int, default=512, help="the first so many, for slow ones (512)")
    parser.add_argument("--documents", type=Path, help="copies of the documents: originals train and test too")
    parser.add_argument("--labels", type=Path, default=ROOT / "labels", help="the folder of labels")
    parser.add_argument("--base", type=Path, help="folder of a sentence encoder, for the peers that need one")
    parser.add_argument("--encoder-weights", type=Path, help="folder of our encoder's weights in fp32, see README.md")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[], help=f"of {', '.join(names)}")
    parser.add_argument("--work", type=Path, help="where trained peers are kept (a temporary folder)")
    parser.add_argument("--peers-python", default=sys.executable, help="interpreter that has the peers (this one)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is timed (3)")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long a round lasts at least (2)")
    parser.add_argument("--train-only", action="store_true", help="train what is not yet trained, and stop")
    parser.add_argument("-o", "--output", type=Path, help="where the numbers go as JSON")
    options = parser.parse_args()
    for name in ("passages", "slow_passages", "rounds"):
        if getattr(options, name) < 1:
            said = name.replace("_", "-")
            parser.error(f"--{said}: {getattr(options, name)}; expected a whole number from 1 up")
    if unknown := [name for name in options.only if name not in names]:
        parser.error(f"--only: {', '.join(unknown)}; expected of {', '.join(names)}")
    for name in ("documents", "base", "encoder_weights"):
        folder = getattr(options, name)
        if folder is not None and not folder.is_dir():
            parser.error(f"--{name.replace('_', '-')}: {folder} is no folder")
    return options


def make_task(corpus: Corpus, options: argparse.Namespace) -> Task:
    """Return what every contender is given; transformers read as many tokens as our encoder, where it is there."""
    bundle = locate_bundle("encoder-v4")
    features = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))["features"] if bundle else {}
    return Task(
        framings=corpus.framings,
        base=str(options.base.resolve()) if options.base else None,
        weights=str(options.encoder_weights.resolve()) if options.encoder_weights else None,
        max_tokens=features.get("max_tokens", _MAX_TOKENS),
    )


def prepare(work: Path, corpus: Corpus, task: Task, options: argparse.Namespace) -> str:
    """Write what the processes read; return in words which passages are timed."""
    write_corpus(work / "corpus.json", corpus)
    (work / "task.json").write_text(json.dumps(asdict(task)), encoding="utf-8")
    texts, origin = list_passages(corpus, options.documents, options.passages)
    (work / "passages.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts), encoding="utf-8")
    sizes = {"fast": len(texts), "slow": min(options.slow_passages, len(texts))}
    (work / "sizes.json").write_text(json.dumps(sizes), encoding="utf-8")
    words = np.mean([len(text.split()) for text in texts])
    return (
        f"{sizes['fast']:,} {origin}, {words:.0f} words each on average; the first {sizes['slow']:,} for slow "
        f"contenders and for ours that are compared with them; {options.rounds} rounds of at least "
        f"{options.seconds:g} s in random order"
    )


def find_missing(entries: Sequence[Entry], records: dict[str, Record], options: argparse.Namespace) -> None:
    """Say of each contender that cannot run what it lacks."""
    installed = find_modules(options.peers_python, sorted({e.module for e in entries if e.kind != "ours"}))
    for entry in entries:
        record = records[entry.name]
        if entry.kind == "ours" and locate_bundle(entry.model or entry.name) is None:
            record.missing = f"there is no bundle {entry.model or entry.name}"
        elif entry.kind != "ours" and not installed[entry.module]:
            record.missing = f"{entry.module} is not installed"
        elif entry.needs == "base" and not (options.base or (entry.kind == "same weights" and options.encoder_weights)):
            record.missing = "needs --base"


def train(entry: Entry, record: Record, bench: Workbench, *, corpus: Corpus, task: Task) -> None:
    """Train a peer, unless the work folder holds it for the same corpus, settings and weights."""
    if entry.kind == "ours":
        record.size = measure_size(entry.model or entry.name)
        return
    folder = bench.work / (entry.model or entry.name)
    key = make_key(entry, corpus, task)
    note = folder / "trained.json"
    known = json.loads(note.read_text(encoding="utf-8")) if note.is_file() else {}
    if known.get("key") != key:
        say("train", f"{entry.name} ...")
        done = bench.ask("train", entry)
        known = {"key": key, "seconds": done["seconds"], "versions": done["versions"]}
        note.write_text(json.dumps(known), encoding="utf-8")
    record.trained = known["seconds"]
    own = (note, folder / "judged.json")
    record.size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and p not in own)
    say("trained", f"{entry.name} ({known['seconds']['cpu']:.0f} s of CPU time)")


def judge(entry: Entry, record: Record, bench: Workbench, *, corpus: Corpus, task: Task) -> None:
    """Take F1 on the frozen test split; of a peer once for each training."""
    if entry.kind == "same weights" and task.weights is None:
        # A head of chance has no F1.
        return
    cache = bench.work / (entry.model or entry.name) / "judged.json"
    key = {**make_key(entry, corpus, task), "max_tokens": task.max_tokens}
    found: dict[str, Any] = {}
    if entry.kind != "ours" and cache.is_file():
        found = json.loads(cache.read_text(encoding="utf-8"))
    if found.get("key") != key:
        say("judge", f"{entry.name} ...")
        found = {"key": key, **bench.ask("judge", entry)}
        if entry.kind != "ours":
            cache.write_text(json.dumps(found), encoding="utf-8")
    record.versions = found["versions"]
    record.f1 = take_f1(entry, corpus, found)


def take_f1(entry: Entry, corpus: Corpus, found: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return F1 at 0.5 and at thresholds chosen on validation: ours by the bundle, the peers' by the same rule."""
    validation, test = corpus.passages("validation"), corpus.passages("test")
    rows = np.array(found["test"])
    if entry.kind == "ours":
        chosen = np.array([[name in labels for name in corpus.framings] for labels in found["labels"]])
    else:
        held = np.array(found["validation"])
        thresholds = [choose_threshold(held[:, j], validation.targets[:, j]) for j in range(held.shape[1])]
        chosen = rows >= np.array(thresholds)
    decided = {"public": rows >= 0.5, "chosen": chosen}  # noqa: PLR2004  (the public default)
    return {name: score_texts(flags, test.targets, test.is_original) for name, flags in decided.items()}


def make_key(entry: Entry, corpus: Corpus, task: Task) -> dict[str, str]:
    """Return what a trained folder depends on."""
    source = (task.weights or task.base) if entry.kind == "same weights" else task.base
    return {
        "corpus": corpus.sha256,
        "further": corpus.further_sha256,
        "settings": entry.model or entry.title,
        "source": hash_source(Path(source)) if entry.needs and source else "",
    }


def measure_cold(entries: Sequence[Entry], records: dict[str, Record], bench: Workbench, rounds: int) -> None:
    """Measure the seconds from the start of a process to its first labels; contenders in random order."""
    shuffler = random.Random(SEED)  # noqa: S311  (an order, no secret)
    # One round to bring the files into memory does not count: a cold start is that of a process, not of a disk.
    for turn in range(rounds + 1):
        for entry in shuffler.sample(entries, len(entries)):
            record = records[entry.name]
            seconds = attempt(record, partial(bench.time_first, entry))
            if turn and seconds is not None:
                record.cold.append(seconds)
        say("cold", f"round {turn} of {rounds}")


def measure_rates(
    entries: Sequence[Entry], records: dict[str, Record], bench: Workbench, *, rounds: int, at_least: float
) -> list[float]:
    """Time every contender, in random order within each round; return the cores that others took, by round."""
    shuffler = random.Random(SEED)  # noqa: S311  (an order, no secret)
    workers: list[tuple[Entry, str, Worker]] = []
    taken: list[float] = []
    try:
        for entry in entries:
            for cores in ("one", "all") if entry.threaded else ("one",):
                worker = attempt(records[entry.name], partial(bench.serve, entry, one_core=cores == "one"))
                if worker is not None:
                    workers.append((entry, cores, worker))
        for turn in range(rounds):
            for entry, cores, worker in shuffler.sample(workers, len(workers)):
                with Others(worker.pid) as others:
                    found = attempt(records[entry.name], partial(worker.ask, str(at_least)))
                if found is not None:
                    records[entry.name].rates.setdefault(cores, []).append(found["rate"])
                    taken.append(others.cores)
            say("speed", f"round {turn + 1} of {rounds}; others took {np.median(taken[-len(workers) :]):.2f} cores")
        for entry, _, worker in workers:
            # The last one stands: that on all cores, where there are two.
            found = attempt(records[entry.name], partial(worker.ask, "peak"))
            records[entry.name].peak = found["peak"] if found else None
    finally:
        for _, _, worker in workers:
            worker.close()
    return taken


def report(records: list[Record], facts: dict[str, Any], output: Path | None) -> None:
    """Print ratios, measures and targets; write all of it as JSON."""
    targets = check_targets(records)
    taken = facts["others"]
    if taken:
        say("others", f"{np.median(taken):.2f} cores in the median round, {max(taken):.2f} in the worst")
    for title, text in (
        ("Ratios (speed, each on the cores that suit it; difference of F1 in points)", tabulate_ratios(records)),
        ("Measured (median, lowest and highest round)", tabulate_measures(records)),
        ("Wanted", list_targets(targets)),
    ):
        sys.stdout.write(f"\n{title}\n{text}\n")
    for record in records:
        note = f"MISSING: {record.missing}" if record.missing else record.title
        sys.stdout.write(f"{'' if record is not records[0] else chr(10)}{record.name}: {note}\n")
    if output:
        found = {
            **facts,
            "targets": [{**asdict(target), "verdict": target.verdict} for target in targets],
            "contenders": [summarise(record) for record in records],
        }
        output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def attempt(record: Record, work: Callable[[], Any]) -> Any:  # noqa: ANN401  (whatever the work returns)
    """Return what the work returns; where its process fails, note why and return None."""
    if record.missing:
        return None
    try:
        return work()
    except WorkerError as error:
        record.missing = str(error)
        say("failed", f"{record.name}: {error}")
        return None


def say(name: str, text: str) -> None:
    """Print one line at once."""
    print(f"{name:<11} {text}", flush=True)


if __name__ == "__main__":
    main()
