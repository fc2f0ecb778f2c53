"""Where metadata comes from: file names, the rows of a CSV file, options. Each gives text by document and column."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from policyframes.errors import MetadataError, UsageError
from policyframes.spreadsheet import Table

DOCUMENT_COLUMNS = ("document", "file", "id")

_YEAR = re.compile(r"[12]\d{3}")
# A date as archives write it, 20171218 or 2017-12-18, names its year too; any other longer number does not.
_YEAR_IN_NAME = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))?(?!\d)")
_YEAR_OF_DATE = re.compile(r"([12]\d{3})(?:-\d{1,2}(?:-\d{1,2})?)?|\d{1,2}[./]\d{1,2}[./]([12]\d{3})")
# How a spreadsheet or a data frame writes a year that it takes for a number with decimals.
_DECIMALS = re.compile(r"(?<=\d{4})[.,]0+")
_FIELD = re.compile(r"\{([^{}]*)\}")
_COLUMN = re.compile(r"[^\W\d]\w*")
_SHOWN = 5

Values = dict[str, dict[str, str]]


def is_year(text: str) -> bool:
    """Return whether the text is a year of four digits."""
    return _YEAR.fullmatch(text) is not None


def find_year(date: str) -> str:
    """Return the year of a date (2017-12-18, 2017, 18.12.2017, 12/18/2017); empty where it cannot be told."""
    match = _YEAR_OF_DATE.fullmatch(date)
    return (match[1] or match[2]) if match else ""


def read_names(files: Mapping[str, str], pattern: str | None, warnings: list[str]) -> Values:
    """Return what file names say: the fields of the pattern, or without one the year.

    Raises:
        UsageError: the pattern is malformed, or no name follows it.
    """
    if pattern is None:
        return {document: _read_year(document, file, warnings) for document, file in files.items()}
    expression = _compile_pattern(pattern)
    found: Values = {}
    for document, file in files.items():
        match = expression.fullmatch(_normalize(PurePath(file).stem))
        found[document] = {name: value.strip() for name, value in match.groupdict().items()} if match else {}
    others = [document for document, values in found.items() if not values]
    if len(others) == len(files):
        raise UsageError(
            where="--name-pattern",
            found=f"no file's name is of the form {pattern!r}, for instance not {others[0]!r}",
            allowed="a form that names have, such as '{issuer}-{year}' for nds-2018.pdf; {year} is four digits",
            remedy="Write it for the names without their endings.",
        )
    if others:
        warnings.append(f"{_list(others)}: not of the form {pattern}, so the file's name says nothing.")
    return found


def read_rows(table: Table, files: Mapping[str, str], warnings: list[str]) -> Values:
    """Return what the rows of a CSV say of the documents.

    Raises:
        MetadataError: no column names the documents, no row is of any, or two rows of one differ.
    """
    key = next((name for name in DOCUMENT_COLUMNS if name in table.columns), None)
    if key is None:
        raise _fault(
            table, f"its columns are {', '.join(table.columns)}", "Give it a column 'document' with their names."
        )
    ids = _index_documents(files)
    found: Values = {}
    line_of: dict[str, int] = {}
    strangers: dict[str, None] = {}
    for line, row in table.rows.items():
        document = ids.get(_normalize(row[key]))
        if document is None:
            strangers[row[key] or f"(line {line}, which names none)"] = None
            continue
        values = {name: " ".join(cell.split()) for name, cell in row.items() if cell and name not in DOCUMENT_COLUMNS}
        if is_year(whole := _DECIMALS.sub("", values.get("year", ""))):
            values["year"] = whole
        if found.get(document, values) != values:
            what = f"lines {line_of[document]} and {line} say different things of {document}"
            raise _fault(table, what, "Keep one of them.")
        if document in found:
            warnings.append(f"{table.source}: lines {line_of[document]} and {line} are the same row of {document}.")
        found[document], line_of[document] = values, line
    if not found:
        example = f"the first names {next(iter(strangers))!r}" if strangers else "it has no rows"
        what = f"no row is of a document that was given ({_list(list(files))}); {example}"
        raise _fault(table, what, "Write the files' names into it, with or without their endings.")
    if strangers:
        warnings.append(f"{table.source}: rows of other documents are not used: {_list(list(strangers))}.")
    if unnamed := [document for document in files if document not in found]:
        warnings.append(f"{table.source}: there is no row of {_list(unnamed)}.")
    return found


def read_settings(settings: Sequence[str], files: Mapping[str, str]) -> Values:
    """Return what options say: `COLUMN=VALUE` of all documents, `DOCUMENT.COLUMN=VALUE` of one, which goes before.

    Raises:
        UsageError: a setting is malformed, or names a document that was not given.
    """
    ids = _index_documents(files)
    of_all: dict[str, str] = {}
    of_one: Values = {}
    for setting in settings:
        key, sign, value = setting.partition("=")
        name, _, column = key.rpartition(".")
        column = column.strip().lower()
        if not sign or not _COLUMN.fullmatch(column) or column in DOCUMENT_COLUMNS or not value.strip():
            raise _refuse_setting(setting, "it is not of the form COLUMN=VALUE or DOCUMENT.COLUMN=VALUE")
        if not name:
            of_all[column] = value.strip()
        elif (document := ids.get(_normalize(name))) is not None:
            of_one.setdefault(document, {})[column] = value.strip()
        else:
            raise _refuse_setting(setting, f"no document is called {name!r}; there are {_list(list(files))}")
    return {document: {**of_all, **of_one.get(document, {})} for document in files}


def _read_year(document: str, file: str, warnings: list[str]) -> dict[str, str]:
    years = dict.fromkeys(_YEAR_IN_NAME.findall(PurePath(file).stem))
    if len(years) > 1:
        warnings.append(f"{document}: its name holds the years {' and '.join(years)}, so neither is taken.")
    return {"year": next(iter(years))} if len(years) == 1 else {}


def _compile_pattern(pattern: str) -> re.Pattern[str]:
    names = [name.strip().lower() for name in _FIELD.findall(pattern)]
    literals = _FIELD.split(pattern)[::2]
    sound = names and all(_COLUMN.fullmatch(name) for name in names) and len(set(names)) == len(names)
    if not sound or any("{" in part or "}" in part for part in literals) or set(names) & set(DOCUMENT_COLUMNS):
        raise UsageError(
            where="--name-pattern",
            found=repr(pattern),
            allowed="fields in braces, each once, and the text between them: '{issuer}-{year}'",
            remedy="Put it in quotation marks, or the shell reads the braces.",
        )
    fields = [rf"(?P<{name}>{_YEAR.pattern if name == 'year' else '.+?'})" for name in names]
    parts = [re.escape(_normalize(part)) for part in literals]
    return re.compile("".join(a + b for a, b in zip(parts, [*fields, ""], strict=True)))


def _index_documents(files: Mapping[str, str]) -> dict[str, str]:
    """Return ids by all that may stand for them: the id, the path, and the file's name where only one has it."""
    names = Counter(PurePath(file).name for file in files.values())
    ids = {_normalize(name): document for document, file in files.items() if names[name := PurePath(file).name] == 1}
    ids |= {_normalize(file): document for document, file in files.items()}
    return ids | {_normalize(document): document for document in files}


def _normalize(name: str) -> str:
    # macOS writes the accents of file names apart, spreadsheets write them joined.
    return unicodedata.normalize("NFC", name.strip())


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _fault(table: Table, found: str, remedy: str) -> MetadataError:
    return MetadataError(
        where=table.source,
        found=found,
        allowed="a row for each document, with its name in a column 'document', 'file' or 'id'",
        remedy=remedy,
    )


def _refuse_setting(setting: str, found: str) -> UsageError:
    return UsageError(
        where=f"--set {setting}",
        found=found,
        allowed="such as --set year=2017 for all documents, or --set nss-2017.year=2017 for one",
        remedy="Correct it.",
    )
