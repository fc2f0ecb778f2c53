"""Which columns an archive has: text, id and date by name or by guess, and those that are carried through."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from policyframes.archive.arrow import import_arrow
from policyframes.errors import UsageError

OTHER = "other"
"""Holds, as one JSON object, what a row has beyond the columns that the first rows showed."""
NONE = "none"
"""As the column of ids or dates: there is none, although one has a usual name."""
_GUESSES = {
    "text": ("text", "content", "body", "article", "full_text", "fulltext", "maintext", "article_text"),
    "id": ("id", "_id", "article_id", "doc_id", "document", "uuid"),
    "date": ("date", "publishedAt", "published_at", "publish_date", "date_publish", "published", "pub_date", "year"),
}


@dataclass(frozen=True)
class Columns:
    """Where a row's values come from and what they are called in the results.

    Attributes:
        text: column of the text.
        id: column of the ids; empty where there is none.
        date: column of the dates; empty where there is none.
        kept: name in the input, and in the results, of each column carried through.
        has_other: what is in no column goes into the column `other`.
        encoded_schema: schema of the carried columns, as pyarrow serialises it, in base64.
        source: whose export it is; records are adapted accordingly.
        own: inputs that call theirs otherwise: name of the input, its columns of the text, the ids and the dates.
    """

    text: str
    id: str
    date: str
    kept: tuple[tuple[str, str], ...]
    has_other: bool
    encoded_schema: str
    source: str = ""
    own: tuple[tuple[str, str, str, str], ...] = ()

    @cached_property
    def schema(self) -> Any:  # noqa: ANN401  (pyarrow has no types)
        """Return the schema of the columns carried through."""
        arrow = import_arrow()
        return import_arrow("pyarrow.ipc").read_schema(arrow.py_buffer(base64.b64decode(self.encoded_schema)))

    def find_inner(self, path: str) -> str:
        """Return the path from a carried column to the text, which is not carried along; empty where it has none."""
        return self.text.removeprefix(f"{path}.") if self.text.startswith(f"{path}.") else ""

    def of_input(self, name: str) -> Columns:
        """Return the columns as an input calls them."""
        found = next(((text, identity, date) for own, text, identity, date in self.own if own == name), None)
        return self if found is None else replace(self, text=found[0], id=found[1], date=found[2], own=())

    def describe(self) -> dict[str, object]:
        """Return the columns as the run manifest records them."""
        kept = {name: {"from": path, "type": str(self.schema.field(name).type)} for path, name in self.kept}
        found: dict[str, object] = {"text": self.text, "id": self.id, "date": self.date, "kept": kept}
        found["other"] = self.has_other
        own = {name: dict(zip(("text", "id", "date"), rest, strict=True)) for name, *rest in self.own}
        return {**found, "of_inputs": own} if own else found


def guess_column(kind: str, chosen: str, known: Sequence[str], *, exact: bool = False) -> str:
    """Return the column of a kind: the one chosen, or the first of the usual names that is there; empty if none.

    Args:
        kind: `text`, `id`, `date`, or `keep` for one that is carried through.
        chosen: by the user; empty where it is to be guessed, `none` where there is to be no column of ids or dates.
        known: columns that were found.
        exact: `known` also holds every path into nested columns, so what is not in it leads nowhere.

    Raises:
        UsageError: the column chosen is in no row that was looked at.
    """
    if chosen == NONE and kind in {"id", "date"} and NONE not in known:
        return ""
    if chosen:
        root = chosen if exact or chosen in known else chosen.partition(".")[0]
        if root not in known:
            raise _make_unknown(f"--keep {chosen}" if kind == "keep" else f"--{kind}-col {chosen}", known)
        return chosen
    by_lower = {name.lower(): name for name in reversed(known)}
    return next((by_lower[guess.lower()] for guess in _GUESSES[kind] if guess.lower() in by_lower), "")


def require_text(chosen: str, known: Sequence[str], *, exact: bool = False, nested: Collection[str] = ()) -> str:
    """Return the column of the text, as `guess_column` does.

    Args:
        chosen: by the user.
        known: columns that were found.
        exact: `known` holds every path.
        nested: columns of objects, which are guessed to be no text.

    Raises:
        UsageError: there is none of that name or, where none was chosen, of a usual name.
    """
    if not known:
        raise UsageError(
            where="the inputs",
            found="no row with columns among the first",
            allowed="tables with a header, or JSON objects, in UTF-8",
            remedy="Look whether the files are damaged, or in another encoding: save them as UTF-8.",
        )
    likely = known if chosen else [name for name in known if name not in nested]
    column = guess_column("text", chosen, likely, exact=exact)
    if not column:
        raise _make_unknown(
            "the column of the text",
            known,
            found="no column of a usual name",
            remedy=(
                "Name it with --text-col; dots lead into nested objects: --text-col article.body. Where each object "
                "of a JSON file holds a list of articles, name that list: --records articles."
            ),
        )
    return column


def _make_unknown(
    where: str,
    known: Sequence[str],
    *,
    found: str = "no such column in the first rows",
    remedy: str = "Give one of these, in the same upper and lower case; dots lead into nested objects: article.body.",
) -> UsageError:
    return UsageError(where=where, found=found, allowed=", ".join(known[:50]), remedy=remedy)


def encode_schema(schema: Any) -> str:  # noqa: ANN401  (pyarrow has no types)
    """Return a schema as text."""
    return base64.b64encode(schema.serialize().to_pybytes()).decode("ascii")


def look_up(record: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401  (whatever JSON holds)
    """Return the value at a name or at a dotted path; KeyError where there is none."""
    if path in record:
        return record[path]
    value: Any = record
    for name in path.split("."):
        if not isinstance(value, Mapping):
            raise KeyError(path)
        value = value[name]
    return value


def leave_out(value: Any, path: str) -> Any:  # noqa: ANN401  (whatever JSON holds)
    """Return an object without what a dotted path leads to within it; nothing where nothing is left of it."""
    if not isinstance(value, Mapping):
        return value
    name, _, rest = path.partition(".")
    left = {key: leave_out(inner, rest) if rest and key == name else inner for key, inner in value.items()}
    if not rest:
        left.pop(path, None)
    return left or None


def format_kept(value: Any) -> str | None:  # noqa: ANN401  (whatever JSON holds)
    """Return a value as a column of text holds it: strings as they are, all else as JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
