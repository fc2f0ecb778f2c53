"""Kills jobs and looks at what is left: `python -m tests.inference.archive.torture kills|exits --help`.

Every job runs in a process of its own, forked from this one, which has imported everything and started no thread.
Prints one JSON object: how many trials, where the kills landed, and the seeds of those that left something wrong.
"""

from __future__ import annotations

import argparse
import itertools
import json
import mmap
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from policyframes.archive.manifest import hash_sources
from policyframes.archive.storage import Disk
from policyframes.bundle import save_bundle
from tests.inference.archive.archives import FORMATS, QuickDisk, make_rows, read_entries, read_tree, run_job, write_rows
from tests.inference.builders import make_bundle

KILLED = 137
PAUSE = 0.001
PATIENCE = 60
HALTED = 2
AFTER_THE_END = "after the end"
STEPS = ("create", "open", "write", "sync", "rename", "sync folder", "folder", "truncate")
PLACES = ("plan", "part", "quarantine", "ids", "ledger", "final")


class TracedDisk(Disk):
    """Notes in shared memory which step it is at, so that whoever kills it knows where.

    Each step takes a moment longer than it must, as on a slow disk: kills then land within steps.

    Args:
        board: the shared memory.
        halt: number of the step at which it stands still, until it is killed there; 0 for none.
        after: stand still after the step is done, but before anybody is told.
    """

    def __init__(self, board: mmap.mmap, halt: int = 0, *, after: bool = False) -> None:
        self.steps = 0
        self._board, self._halt, self._after = board, halt, after

    def perform(self, step, path, action):
        self.steps += 1
        self._board[0] = 1 + STEPS.index(step)
        self._board[1] = 1 + PLACES.index(name_place(path))
        time.sleep(PAUSE)
        self._stand_still(here=not self._after)
        result = action()
        self._stand_still(here=self._after)
        self._board[0] = self._board[1] = 0
        return result

    def _stand_still(self, *, here: bool) -> None:
        if here and self.steps == self._halt:
            self._board[HALTED] = 1
            time.sleep(PATIENCE)


class ExitingDisk(Disk):
    """Ends the process before or after the nth step, without a word."""

    def __init__(self, last: int, *, after: bool) -> None:
        self._left = last
        self._after = after

    def perform(self, step, path, action):  # noqa: ARG002  (the protocol)
        self._left -= 1
        if self._left == 0 and not self._after:
            os._exit(KILLED)
        result = action()
        if self._left == 0:
            os._exit(KILLED)
        return result


class CountingDisk(Disk):
    def __init__(self) -> None:
        self.steps = []

    def perform(self, step, path, action):
        self.steps.append((step, name_place(path)))
        return action()


def name_place(path: Path) -> str:
    text = str(path)
    if "ledger" in path.name:
        return "ledger"
    for word in ("quarantine/", "ids/"):
        if f"_work/{word}" in text:
            return word.rstrip("/")
    if "part-" in path.name or path.name.startswith(("documents.", "passages.")):
        return "part"
    return "plan" if "plan" in path.name or "run.json" in path.name else "final"


def fork(work: Callable[[], object]) -> int:
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001  (nothing may go on in the child)
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def wait(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def finish(work: Callable[[], object]) -> None:
    code = wait(fork(work))
    if code:
        raise AssertionError(f"a run that nobody disturbed ended with {code}")


class Case:
    """One input format and output format, with what an undisturbed run gives and how long it takes."""

    def __init__(self, folder: Path, rows: int, formats: tuple[str, str], shard_rows: int) -> None:
        kind, self.output_format = formats
        self.folder = folder / f"{kind}-{self.output_format}"
        self.folder.mkdir()
        self.bundle = folder / "tiny-v1"
        self.source = self.folder / f"news.{kind}"
        self.shard_rows = shard_rows
        finish(lambda: write_rows(self.source, make_rows(rows)))
        self.board = mmap.mmap(-1, 16)
        start = time.perf_counter()
        finish(lambda: self.run(self.folder / "reference", TracedDisk(self.board)))
        self.seconds = time.perf_counter() - start
        counting = CountingDisk()
        self.run(self.folder / "counted", counting)
        self.steps = counting.steps
        self.reference = read_tree(self.folder / "reference")
        self.entries = read_entries(self.folder / "reference")

    def run(self, output: Path, disk: Disk) -> None:
        changes = {"output_format": self.output_format, "shard_rows": self.shard_rows}
        run_job(self.source, output, self.bundle, disk=disk, **changes)

    def is_same(self, output: Path) -> bool:
        return read_tree(output) == self.reference and read_entries(output) == self.entries


def kill_once(case: Case, output: Path, chance: random.Random) -> str:
    """Kill a run after a while, or at one of its steps, and say where it was.

    Either is uniform over what an undisturbed run takes. How many kills of the first kind land within a step depends on
    the machine and on what else it does; those of the second kind all do.
    """
    case.board[:3] = bytes(3)
    is_timed = chance.random() < 1 / 2
    delay, halt, after = chance.uniform(0, case.seconds), chance.randint(1, len(case.steps)), chance.random() < 1 / 2
    child = fork(lambda: case.run(output, TracedDisk(case.board, 0 if is_timed else halt, after=after)))
    if is_timed:
        time.sleep(delay)
    else:
        await_halt(case, child)
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    if wait(child) == 0:
        return AFTER_THE_END
    step, place = case.board[0], case.board[1]
    return f"{PLACES[place - 1]}: {STEPS[step - 1]}" if step and place else "between writes"


def await_halt(case: Case, child: int) -> None:
    """Wait until a process stands still at its step, or has ended."""
    while not case.board[HALTED]:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return
        time.sleep(PAUSE)


def run_kills(options: argparse.Namespace, folder: Path) -> dict:
    formats = list(zip(FORMATS, itertools.cycle(("parquet", "jsonl"))))
    cases: dict[tuple[str, str], Case] = {}
    landed, wrong, trial = Counter(), [], 0
    while landed.total() - landed[AFTER_THE_END] < options.kills:
        trial += 1
        chance = random.Random(f"{options.seed}-{trial}")
        chosen = formats[trial % len(formats)]
        if chosen not in cases:
            cases[chosen] = Case(folder, options.rows, chosen, options.shard_rows)
        case = cases[chosen]
        output = case.folder / f"out-{trial}"
        for _ in range(chance.randint(2, 5)):
            landed[where := kill_once(case, output, chance)] += 1
            if where == AFTER_THE_END:
                break
        finish(lambda case=case, output=output: case.run(output, QuickDisk()))
        if case.is_same(output):
            shutil.rmtree(output)
        else:
            wrong.append(f"{options.seed}-{trial}")
    return {"trials": trial, "landed": dict(landed.most_common()), "wrong": wrong}


def run_exits(options: argparse.Namespace, folder: Path) -> dict:
    case = Case(folder, options.rows, ("jsonl", options.output_format), options.shard_rows)
    steps = case.steps
    chance = random.Random(options.seed)
    landed, wrong = Counter(), []
    # The disk is the same after a step and before the next, so that one of the two does; --both proves it.
    sides = [(number, True) for number in range(len(steps) + 1) if number] + [(1, False)]
    if options.both:
        sides += [(number, False) for number in range(2, len(steps) + 1)]
    for number, after in sides:
        step, place = steps[number - 1]
        output = case.folder / f"out-{number}-{after}"
        codes = [wait(fork(lambda: case.run(output, ExitingDisk(number, after=after))))]  # noqa: B023
        if options.double:
            second = chance.randint(1, len(steps) // 2)
            codes += [wait(fork(lambda: case.run(output, ExitingDisk(second, after=after))))]  # noqa: B023
        finish(lambda: case.run(output, QuickDisk()))  # noqa: B023
        landed[f"{place}: {step}"] += 1
        if codes[0] == KILLED and case.is_same(output):
            shutil.rmtree(output)
        else:
            wrong.append(f"{number} {'after' if after else 'before'}: {place}: {step}, {codes}")
    return {"trials": landed.total(), "steps": len(steps), "landed": dict(landed), "wrong": wrong}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("kills", "exits"))
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--shard-rows", type=int, default=70)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output-format", default="parquet")
    parser.add_argument("--both", action="store_true", help="exit before each step as well as after it")
    parser.add_argument("--double", action="store_true", help="crash again while going on")
    options = parser.parse_args()
    # What is asked for once is the same in all that are forked, whatever happens to the files meanwhile.
    hash_sources()
    with tempfile.TemporaryDirectory(prefix="torture-") as place:
        save_bundle(make_bundle(), Path(place) / "tiny-v1")
        report = (run_kills if options.kind == "kills" else run_exits)(options, Path(place))
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
