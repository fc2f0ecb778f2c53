"""One contender in a process of its own: `python peer_worker.py train|judge|first|serve NAME --work DIR`.

Speaks JSON, one object a line, on the standard output that it was started with; whatever a library prints goes to the
standard error. Measures only its own process: what the numbers mean is for peers.py to say.
"""

from __future__ import annotations

import os
import sys

_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "RAYON_NUM_THREADS",
)
# Before any library is imported, because each reads them then.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
if "--one-core" in sys.argv:
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    if hasattr(os, "sched_setaffinity"):
        # One core for good: a library's own pool of threads cannot widen it.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import argparse  # noqa: E402  (after the threads)
import json  # noqa: E402
import resource  # noqa: E402
import shutil  # noqa: E402
import time  # noqa: E402
from itertools import islice  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any, TextIO  # noqa: E402

from peer_entries import Entry, find_entry  # noqa: E402
from peer_models import Contender, Examples, Task  # noqa: E402

_WARM_UP = 64


def main() -> None:
    """Do the one action and say what came of it."""
    parser = argparse.ArgumentParser(description="One contender in a process of its own; started by peers.py.")
    parser.add_argument("action", choices=("train", "judge", "first", "serve"))
    parser.add_argument("name")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--one-core", action="store_true")
    options = parser.parse_args()
    # The first standard output is kept for the answers; libraries get the error stream.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    entry = find_entry(options.name)
    task = Task(**json.loads((options.work / "task.json").read_text(encoding="utf-8")))
    contender = entry.make(task)
    folder = options.work / (entry.model or entry.name)
    if options.action == "train":
        train(contender, options.work, folder, out=out)
    elif options.action == "judge":
        judge(entry, contender, options.work, folder=folder, out=out)
    elif options.action == "first":
        contender.load(folder)
        text = "Both governments will plan together."
        answer(out, labels=contender.label([text]))
    else:
        serve(entry, contender, options.work, folder=folder, out=out)


def train(contender: Contender, work: Path, folder: Path, *, out: TextIO) -> None:
    """Train into a folder that takes its name only when it is complete."""
    sides = read_sides(work)
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    start, cpu = time.perf_counter(), time.process_time()
    contender.train(sides["train"], sides["validation"], partial)
    seconds = {"wall": time.perf_counter() - start, "cpu": time.process_time() - cpu}
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    answer(out, seconds=seconds, versions=list_versions())


def judge(entry: Entry, contender: Contender, work: Path, *, folder: Path, out: TextIO) -> None:
    """Answer with the probabilities of validation and test; of ours also with the labels of the test passages."""
    sides = read_sides(work)
    contender.load(folder)
    answer(
        out,
        validation=contender.probabilities(sides["validation"].texts),
        test=contender.probabilities(sides["test"].texts),
        labels=contender.label(sides["test"].texts) if entry.kind == "ours" else [],
        versions=list_versions(),
    )


def serve(entry: Entry, contender: Contender, work: Path, *, folder: Path, out: TextIO) -> None:
    """Load, warm up, and time one round for every line that comes in, until there is none."""
    size = json.loads((work / "sizes.json").read_text(encoding="utf-8"))["slow" if entry.slow else "fast"]
    with (work / "passages.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(line) for line in islice(lines, size)]
    contender.load(folder)
    contender.label(texts[:_WARM_UP])
    answer(out, ready=True, passages=len(texts))
    for line in sys.stdin:
        if line.strip() == "peak":
            answer(out, peak=measure_peak())
            continue
        at_least, passages = float(line), 0
        start = time.perf_counter()
        while (spent := time.perf_counter() - start) < at_least or not passages:
            contender.label(texts)
            passages += len(texts)
        answer(out, rate=passages / spent)


def measure_peak() -> int:
    """Return the peak memory of this process and its living children in bytes."""
    status = Path("/proc/self/status")
    if not status.exists():
        # In bytes on macOS, which has no /proc.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = [
        int(child)
        for listing in Path("/proc/self/task").glob("*/children")
        for child in listing.read_text(encoding="ascii").split()
    ]
    kilobytes = _read_peak(status) + sum(_read_peak(Path(f"/proc/{child}/status")) for child in children)
    return kilobytes * 1024


def read_sides(work: Path) -> dict[str, Examples]:
    """Return the splits that peers.py wrote."""
    sides = json.loads((work / "corpus.json").read_text(encoding="utf-8"))
    return {name: Examples(side["texts"], side["targets"]) for name, side in sides.items()}


def list_versions() -> dict[str, str]:
    """Return the version of every contender's library that is imported by now, and of what carries it."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  (keeps the cold start clean)

    names = {
        "numpy": "numpy",
        "sklearn": "scikit-learn",
        "fasttext": "fasttext-wheel",
        "model2vec": "model2vec",
        "spacy": "spacy",
        "setfit": "setfit",
        "torch": "torch",
        "transformers": "transformers",
        "tokenizers": "tokenizers",
        "onnxruntime": "onnxruntime",
        "openvino": "openvino",
        "policyframes": "policyframes",
    }
    found = {}
    for module, package in names.items():
        if module in sys.modules:
            try:
                found[package] = version(package)
            except PackageNotFoundError:
                found[package] = "unknown"
    return found


def answer(out: TextIO, **facts: Any) -> None:  # noqa: ANN401  (whatever JSON takes)
    """Write one line."""
    out.write(json.dumps(facts) + "\n")
    out.flush()


def _read_peak(status: Path) -> int:
    try:
        lines = status.read_text(encoding="utf-8").splitlines()
    except OSError:
        # The child has ended meanwhile.
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


if __name__ == "__main__":
    main()
