"""What `policyframes compare` is asked, from its options to the comparison that answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from policyframes.aspects import read_aspects
from policyframes.bundle import Bundle
from policyframes.errors import DocumentNotFoundError, UsageError
from policyframes.profiles import BY_DOCUMENT, Comparison, Metadata, assemble_collection, check_column
from policyframes.profiles.assembly import Voice
from policyframes.profiles.coded import MIN_CODED
from policyframes.profiles.metadata import find_lookalikes
from policyframes.profiles.samples import map_texts, read_sample
from policyframes.scorer import ScoredDocument
from policyframes.taxonomy import Aspect, load_taxonomy

ALL = "all"


@dataclass(frozen=True)
class Question:
    """What is to be compared.

    Attributes:
        by: column of the metadata, or `document`.
        metadata: what is known of the documents.
        aspects: which to look for.
        voice: `own` leaves out what reports the framing of others.
        coded: hand-coded sample that corrects the shares.
        quiet: say nothing of what is odd about the metadata or the sample.
    """

    by: str
    metadata: Metadata
    aspects: tuple[Aspect, ...]
    voice: Voice = "any"
    coded: Path | None = None
    quiet: bool = False


def check_question(question: Question, files: Mapping[str, str]) -> None:
    """Tell what is odd about the metadata, and refuse a question that it cannot answer.

    Args:
        question: what is asked.
        files: path of the file by id of the document.

    Raises:
        DocumentNotFoundError: a folder stands for the documents in it, so that nothing is known of them.
        MissingMetadataError: documents lack the column that groups them.
    """
    _tell(question.metadata.warnings, quiet=question.quiet)
    if question.by != BY_DOCUMENT:
        _refuse_folders(question, files)
        check_column(question.metadata, question.by)
        _tell(find_lookalikes(question.metadata, question.by), quiet=question.quiet)


def answer_question(question: Question, scored: Sequence[ScoredDocument], bundle: Bundle) -> Comparison:
    """Return the comparison of the documents that could be scored.

    Raises:
        TableError: the hand-coded sample cannot be read.
        SampleError: it does not fit the documents.
    """
    sample = None
    if question.coded is not None and scored:
        texts = map_texts(scored)
        read = read_sample(question.coded, texts, bundle.framing_ids, question.by, voice=question.voice)
        _tell(read.warnings, quiet=question.quiet)
        sample = read.sample
    collection = assemble_collection(
        scored, question.metadata.documents, question.aspects, bundle=bundle, voice=question.voice, sample=sample
    )
    comparison = collection.compare(question.by)
    if sample is not None and not any(profile.modelled for profile in comparison.profiles.values()):
        fault = f"{question.coded}: no share is corrected, as no group has {MIN_CODED} coded passages or more."
        _tell([fault], quiet=question.quiet)
    return comparison


def choose_aspects(ids: str, additions: Sequence[str], path: Path | None) -> tuple[Aspect, ...]:
    """Return the aspects of these ids, and all that the user adds or changes.

    Args:
        ids: joined by commas, or `all`.
        additions: aspects as options give them.
        path: aspects as a file gives them.

    Raises:
        UsageError: there is no aspect of the id, or an addition has not the form.
        TaxonomyError: the file has not the form.
    """
    every = {aspect.id: aspect for aspect in read_aspects(path, additions)}
    shipped = {aspect.id: aspect for aspect in load_taxonomy().aspects}
    named = [name.strip().lower() for name in ids.split(",") if name.strip()]
    unknown = [name for name in named if name not in every and name != ALL]
    if unknown or ALL in every:
        raise UsageError(
            where="--aspects",
            found=f"there is no aspect {', '.join(map(repr, unknown))}" if unknown else f"an aspect is called {ALL!r}",
            allowed=f"all, or some of {', '.join(name for name in every if name != ALL)}, joined by commas",
            remedy="One of your own needs terms: --aspect 'water=water,river'.",
        )
    asked = set(every) if ALL in named else set(named)
    return tuple(item for name, item in every.items() if name in asked or item != shipped.get(name))


def _refuse_folders(question: Question, files: Mapping[str, str]) -> None:
    known = question.metadata.documents
    folders = (file for name, file in files.items() if question.by not in known[name] and _is_folder(file))
    for folder in folders:
        raise DocumentNotFoundError(
            where=folder,
            found="a folder",
            allowed="the path of a readable file, or - for standard input",
            remedy="Name the files in it; a shell does so with folder/*.pdf.",
        )


def _is_folder(file: str) -> bool:
    try:
        return Path(file).is_dir()
    except OSError:
        # What is wrong with the path is told when it is opened.
        return False


def _tell(warnings: Sequence[str], *, quiet: bool) -> None:
    for warning in warnings if not quiet else ():
        # What a file says stands in it, and must not steer the terminal.
        typer.echo("".join(char if char.isprintable() else " " for char in warning), err=True)
