"""Results as pandas data frames, under the names of the CSV files. pandas is imported when the first is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from policyframes.profiles.change import Change
from policyframes.profiles.collection import Collection
from policyframes.profiles.comparison import Comparison
from policyframes.profiles.extras import import_extra
from policyframes.profiles.profile import Profile
from policyframes.profiles.rows import (
    CHANGE_COLUMNS,
    SHARE_COLUMNS,
    Row,
    change_rows,
    comparison_rows,
    document_columns,
    document_rows,
    passage_columns,
    passage_rows,
    placed_columns,
    placed_rows,
    profile_rows,
)
from policyframes.scorer import ScoredDocument

if TYPE_CHECKING:
    from policyframes.profiles.extras import DataFrame

_NUMBER = re.compile(r"(modelled_)?(share|low|high)\b|share_|difference$|(adjusted_)?p_value$|bias_removed$")


def frame_document(scored: ScoredDocument) -> DataFrame:
    """Return one row a passage, in reading order.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    framings = tuple(scored.passages[0].score.probabilities) if scored.passages else ()
    return _build(passage_rows(scored), passage_columns(framings))


def frame_profile(profile: Profile) -> DataFrame:
    """Return one row a kind: the framings, none, uncertain.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    return _build(profile_rows(profile), SHARE_COLUMNS)


def frame_comparison(comparison: Comparison) -> DataFrame:
    """Return one row per aspect, group and kind.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    return _build(comparison_rows(comparison), SHARE_COLUMNS)


def frame_changes(changes: Sequence[Change]) -> DataFrame:
    """Return one row per change between consecutive groups.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    return _build(change_rows(changes), CHANGE_COLUMNS)


def frame_collection(collection: Collection) -> DataFrame:
    """Return one row a document, with its metadata.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    return _build(document_rows(collection), document_columns(collection))


def frame_passages(collection: Collection) -> DataFrame:
    """Return one row a passage of all documents, with the aspects that it speaks of.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    return _build(placed_rows(collection), placed_columns(collection))


def _build(rows: Iterable[Row], columns: Sequence[str]) -> DataFrame:
    pandas = import_extra("pandas", "a data frame")
    # As in the CSV files, several values in one cell are joined.
    texts = ({name: "; ".join(v) if isinstance(v, list) else v for name, v in row.items()} for row in rows)
    frame: DataFrame = pandas.DataFrame(list(texts), columns=list(columns))
    # A column of nothing but None is one of objects; as numbers it is what the CSV file gives back.
    empty = [name for name in columns if _NUMBER.match(name) and frame[name].isna().all()]
    return frame.astype(dict.fromkeys(empty, "float64"))
