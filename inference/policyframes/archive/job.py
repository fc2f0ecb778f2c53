"""A whole job: plan, score what the ledger has not, sum up. May be killed at any line and started again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from policyframes.archive.commits import WORK, Committer
from policyframes.archive.duplicates.signatures import require_extra
from policyframes.archive.input_files import hash_file
from policyframes.archive.inputs import Input, describe_ignored, find_inputs, stamp_input
from policyframes.archive.ledger import Entry, Ledger
from policyframes.archive.lock import LOCK, hold_lock
from policyframes.archive.manifest import (
    FORMAT_VERSION,
    RUN,
    describe_code,
    describe_inputs,
    describe_model,
    format_manifest,
    read_manifest,
    refuse_changes,
)
from policyframes.archive.plan import (
    PLAN,
    Plan,
    choose_columns,
    find_tables_without_text,
    look_at,
    make_changed_error,
    make_plan,
    read_plan,
)
from policyframes.archive.readers.formats import hash_input
from policyframes.archive.scoring import Task
from policyframes.archive.settings import Settings
from policyframes.archive.shards import Shard
from policyframes.archive.sources.presets import apply_source, require_textless
from policyframes.archive.sources.texts import (
    Join,
    count_matches,
    describe_matches,
    fill_index,
    lead_to_texts,
    plan_join,
)
from policyframes.archive.storage import Disk
from policyframes.archive.summary import Summary, summarise, write_summary
from policyframes.archive.tables import PLACE_COLUMNS, reserve_names
from policyframes.archive.workers import Engine, LocalEngine, ProcessEngine
from policyframes.errors import ArchiveIntegrityError, RefusedError, UsageError
from policyframes.scorer import Scorer, load

LEDGER = "ledger.jsonl"


class Observer(Protocol):
    """Is told how a job gets on."""

    def say(self, message: str) -> None:
        """Hear a sentence."""

    def begin(self, rows: int, done: int) -> None:
        """Hear how many rows there are, -1 where nobody knows, and how many were done before."""

    def advance(self, entry: Entry) -> None:
        """Hear that a shard is done."""


class SilentObserver:
    """Hears all and says nothing."""

    def say(self, message: str) -> None:
        """Hear a sentence."""

    def begin(self, rows: int, done: int) -> None:
        """Hear how many rows there are."""

    def advance(self, entry: Entry) -> None:
        """Hear that a shard is done."""


EngineMaker = Callable[[Task, Scorer], Engine]


@dataclass(frozen=True, kw_only=True)
class Means:
    """What a job works with; none of it changes what comes out.

    Attributes:
        workers: processes that score; 1 scores in this process.
        disk: that writes.
        observer: is told how it gets on.
        make_engine: makes what scores; None: this machine's processes.
    """

    workers: int = 1
    disk: Disk = Disk()  # noqa: RUF009  (it holds nothing)
    observer: Observer = SilentObserver()  # noqa: RUF009
    make_engine: EngineMaker | None = None


def score_archive(paths: Sequence[str], output: Path, settings: Settings, means: Means | None = None) -> Summary:
    """Score an archive into a folder, or go on with what was begun there.

    Args:
        paths: files, or folders of them.
        output: folder of the results; made if it is not there.
        settings: what to do with the rows.
        means: what to do it with.

    Raises:
        RefusedError: the folder holds something else, results of another job, or is in use.
        ArchiveError: an input cannot be read, or rows do not add up.
        OutputError: the disk refuses.
        BundleError: the model cannot be loaded.
        UsageError: an input or a column makes no sense.
    """
    means = means or Means()
    settings = apply_source(settings)
    require_textless(settings)
    if settings.dedupe:
        require_extra()
    inputs, ignored = find_inputs(paths, settings.source)
    _check_output(output, paths)
    if ignored:
        means.observer.say(describe_ignored(ignored, paths))
    means.disk.make_folder(output / WORK)
    with hold_lock(output):
        scorer = load(settings.bundle or None, settings.quality or None)
        join = plan_join(settings.texts, inputs, settings, output / WORK) if settings.texts else None
        plan = _prepare(inputs, output, settings, scorer=scorer, means=means, join=join)
        return _score(plan, output, settings, scorer=scorer, means=means, join=join)


def _check_output(output: Path, paths: Sequence[str]) -> None:
    place = output.resolve()
    # Next time the results would be taken for inputs, and the same command be refused for having others.
    if any(place.is_relative_to(folder) for folder in map(Path.resolve, map(Path, paths)) if folder.is_dir()):
        raise UsageError(
            where=f"-o {output}",
            found="a folder within the inputs",
            allowed="a folder beside them",
            remedy="Give another folder with -o, such as ../scored.",
        )
    if not place.exists():
        return
    if not place.is_dir():
        raise RefusedError(where=str(output), found="a file", allowed="a folder", remedy="Give another name with -o.")
    names = {path.name for path in place.iterdir()}
    others = names - {WORK, LOCK, f".{RUN}.tmp"}
    if RUN not in names and others:
        raise RefusedError(
            where=str(output),
            found=f"{min(others)} and no {RUN}, which results of an archive have",
            allowed="a new or empty folder, or one that a run has begun",
            remedy="Give another folder with -o.",
        )


def _prepare(
    inputs: list[Input], output: Path, settings: Settings, *, scorer: Scorer, means: Means, join: Join | None
) -> Plan:
    """Return the plan that was begun, after checking that nothing has changed; without one, make it."""
    formats = {*(source.format for source in inputs), *(["--texts"] if join else [])}
    now: dict[str, object] = {
        "format_version": FORMAT_VERSION,
        "model": describe_model(scorer),
        "settings": settings.describe(),
        "code": describe_code(scorer, dedupe=settings.dedupe, formats=formats),
    }
    before = read_manifest(output)
    if join is not None or (before or {}).get("texts"):
        now["texts"] = join.describe() if join else None
    if before is None:
        reserved = [*reserve_names(scorer.framings), *(PLACE_COLUMNS if settings.dedupe else ())]
        return _begin(inputs, output, settings, now=now, reserved=reserved, means=means, join=join)
    refuse_changes(output, {name: before.get(name) for name in now}, now)
    _say_left_out(before["left_out"], means)
    plan = _read_plan(output, before.get("plan_sha256"))
    current = _recognise([source for source in inputs if source.name not in before["left_out"]], plan.inputs)
    refuse_changes(output, {"inputs": before["inputs"]}, {"inputs": describe_inputs(current)})
    if join is not None:
        fill_index(join, settings, means.observer.say)
    return replace(plan, inputs=current)


def _begin(  # noqa: PLR0913  (all that a plan hangs on)
    inputs: list[Input],
    output: Path,
    settings: Settings,
    *,
    now: Mapping[str, object],
    reserved: Sequence[str],
    means: Means,
    join: Join | None,
) -> Plan:
    """Make the plan, and write down what it was made from."""
    means.observer.say("Reading the inputs once, to hash them and to plan")
    planned = lead_to_texts(settings, join)
    looks = look_at(inputs, planned)
    left_out = find_tables_without_text(inputs, looks, planned)
    _say_left_out(left_out, means)
    inputs = [source for source in inputs if source.name not in left_out]
    columns = choose_columns(inputs, looks, planned, reserved)
    chosen = f"text {columns.text!r}, id {columns.id or 'by place'!r}, date {columns.date or 'none'!r}"
    means.observer.say(f"Columns: {chosen}, {len(columns.kept)} carried through")
    for name, text, identity, date in columns.own:
        means.observer.say(f"In {name}: text {text!r}, id {identity or 'by place'!r}, date {date or 'none'!r}")
    plan = make_plan(inputs, columns, settings, folder=output / WORK, disk=means.disk)
    matches = {} if join is None else {"matches": _join_texts(join, plan, settings, means)}
    manifest = {
        **now,
        "inputs": describe_inputs(plan.inputs),
        "left_out": left_out,
        "columns": columns.describe(),
        "rows": plan.rows,
        "shards": plan.shards,
        "plan_sha256": hash_file(plan.path),
        **matches,
    }
    means.disk.write_file(output / RUN, [format_manifest(manifest)])
    return plan


def _say_left_out(names: Sequence[str], means: Means) -> None:
    if names:
        means.observer.say(f"Left out, for they have no column of the text: {', '.join(names)}")


def _join_texts(join: Join, plan: Plan, settings: Settings, means: Means) -> dict[str, object]:
    fill_index(join, settings, means.observer.say)
    matches = count_matches(join, plan, settings)
    means.observer.say(describe_matches(join.table.name, matches))
    return matches


def _read_plan(output: Path, sha256: object) -> Plan:
    """Return the plan, of which every number decides which rows are read, so it must be what was written."""
    path = output / WORK / PLAN
    found = ""
    if not path.exists():
        found = f"results whose {WORK} is gone, so that nobody can tell what is done"
    elif hash_file(path) != sha256:
        found = f"{WORK}/{PLAN} is not what was written"
    if not found:
        return read_plan(output / WORK)
    raise RefusedError(
        where=str(output),
        found=found,
        allowed="a folder with all that a run needs to go on",
        remedy="Give another folder with -o.",
    )


def _recognise(inputs: Sequence[Input], planned: Sequence[Input]) -> tuple[Input, ...]:
    """Return the inputs with hashes: those of the plan where size and time are the same, else read anew."""
    known = {source.name: source for source in planned}
    found = []
    for source in inputs:
        current = stamp_input(source)
        before = known.get(source.name)
        if before is not None and before.stamp == current.stamp and before.path == current.path:
            current = replace(current, sha256=before.sha256)
        elif before is not None and before.bytes == current.bytes:
            current = replace(current, sha256=hash_input(current))
        if current.format == "texts" and before is not None and current.sha256 == before.sha256:
            current = replace(current, bytes=before.bytes)
        found.append(current)
    return tuple(found)


def _score(plan: Plan, output: Path, settings: Settings, *, scorer: Scorer, means: Means, join: Join | None) -> Summary:
    ledger = Ledger(output / WORK / LEDGER, means.disk)
    committer = Committer(output, means.disk, ledger, settings.output_format, dedupe=settings.dedupe)
    if settings.passages:
        means.disk.make_folder(output / f"passages.{settings.output_format}")
    entries = _find_finished(ledger, output, means)
    _report_begin(plan, entries, means)
    task = Task(plan.inputs, plan.columns, settings, settings.bundle, replace(join, shards=()) if join else None)
    expected: dict[int, int] = {}

    def find_open() -> Iterator[Shard]:
        for shard in plan.read_shards():
            if shard.number not in entries:
                expected[shard.number] = shard.rows
                yield shard

    recalled = 0
    if len(entries) < plan.shards:
        engine = _make_engine(task, scorer, means)
        try:
            for result in engine.run(find_open()):
                for number in range(recalled, result.number):
                    committer.recall(entries[number])
                # What was committed here is known to the committer already.
                entry = committer.commit(result, expected.pop(result.number))
                entries[entry.shard] = entry
                recalled = entry.shard + 1
                means.observer.advance(entry)
        finally:
            engine.close()
        _refuse_changed(plan)
    _set_strays_aside(output, entries.values(), settings, means)
    return _finish(plan, output, entries, disk=means.disk, output_format=settings.output_format)


def _find_finished(ledger: Ledger, output: Path, means: Means) -> dict[int, Entry]:
    """Return the entries whose files are what was written; other files are put aside, and made again."""
    finished = {}
    for number, entry in ledger.read().items():
        harmed = [record for record in entry.files.values() if not record.is_intact(output)]
        if not harmed:
            finished[number] = entry
        for record in harmed:
            if (path := output / record.path).exists():
                aside = means.disk.move_aside(path)
                means.observer.say(f"{record.path} is not what was written; it is made again, and kept as {aside.name}")
    return finished


def _set_strays_aside(output: Path, entries: Iterable[Entry], settings: Settings, means: Means) -> None:
    """Rename what lies among the parts and is none: whoever reads the folder as one table would read it as well."""
    known = {record.path for entry in entries for record in entry.files.values()}
    for name in ("documents", "passages"):
        folder = output / f"{name}.{settings.output_format}"
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            shown = f"{folder.name}/{path.name}"
            # Readers of tables pass over names that begin so.
            if shown not in known and not path.name.startswith((".", "_")):
                aside = means.disk.move_aside(path)
                means.observer.say(f"{shown} is no part of the results; it is kept as {aside.name}")


def _refuse_changed(plan: Plan) -> None:
    """Refuse to sum up what was read from folders that changed meanwhile; files are looked at with every shard."""
    for source in plan.inputs:
        if source.format == "texts" and stamp_input(source).stamp != source.stamp:
            raise make_changed_error(source)


def _report_begin(plan: Plan, entries: dict[int, Entry], means: Means) -> None:
    done = sum(entry.rows for entry in entries.values())
    if entries:
        means.observer.say(f"Going on: {len(entries)} of {plan.shards} shards are done")
    means.observer.begin(plan.rows, done)


def _make_engine(task: Task, scorer: Scorer, means: Means) -> Engine:
    if means.make_engine is not None:
        return means.make_engine(task, scorer)
    return LocalEngine(task, scorer) if means.workers == 1 else ProcessEngine(task, means.workers)


def _finish(plan: Plan, output: Path, entries: dict[int, Entry], *, disk: Disk, output_format: str) -> Summary:
    ordered = [entries[number] for number in range(plan.shards)]
    # Before it is written: summary.json says that the job is finished.
    summary = summarise(ordered)
    if summary.rows != summary.scored + summary.quarantined or plan.rows not in {-1, summary.rows}:
        raise ArchiveIntegrityError(
            where=str(output),
            found=f"{plan.rows} rows planned, {summary.scored} scored, {summary.quarantined} quarantined",
            allowed="rows planned = rows scored + rows quarantined",
            remedy="Start again with another output folder, and please report it with this message.",
        )
    return write_summary(output, ordered, disk, output_format)
