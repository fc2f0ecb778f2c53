"""What each column of each table means, in words for README.txt; a test holds the tables to it."""

from __future__ import annotations

from collections.abc import Mapping

# A name in angle brackets stands for each framing, kind (framings, none, uncertain), aspect or metadata column.
_PLACE = {
    "document": "name of the document: its file name without the ending",
    "passage": "number of the passage, from 1, in reading order",
    "page, last_page": "page of its first and of its last character (PDF only)",
    "start, end": "place in the document's plain text, in characters from 0; the end is exclusive",
}
_SCORE = {
    "words": "number of words",
    "primary": "of the framings decided present, the one with the highest probability",
    "tier": "which part of the model read the passage: fast, or encoder (slower and better)",
    "p_<framing>": "calibrated probability that the framing is present, 0 to 1",
    "<framing>": "1 if decided present, else 0",
    "none": "1 if no framing is decided",
    "aspect_<aspect>": "1 if the passage speaks of the aspect, else 0; only where aspects were asked for",
    "voice": "own: the author's own framing; only where --voice own was asked for",
    "text": "the passage",
}
_METADATA = {
    "<metadata>": "what you said of the document: year, administration, ...; metadata_<...> where the table has a "
    "column of that name itself",
}

NOTES: Mapping[str, Mapping[str, str]] = {
    "comparison.csv": {
        "aspect": "what the passages speak of; all: every passage, whatever it speaks of",
        "group": "the group of documents",
        "kind": "a framing; none: no framing is decided; uncertain: the model could not settle at least one framing",
        "documents": "number of documents in the group; of an aspect, of those that speak of it",
        "passages": "number of passages in the cell",
        "count": "of these, as many the model decided to be of this kind",
        "share": "estimated share of passages of this kind, 0 to 1; empty where there are too few passages to say",
        "low, high": "ends of the 95 % interval of the share",
        "method": "adjusted: corrected for the model's errors; the interval holds them and the sampling of passages; "
        "coded: corrected by your hand-coded sample; counted: count / passages, and the interval knows nothing of the "
        "model's errors",
        "dominant": "the framing with the largest share in the cell",
        "is_dominant": "1 in the row of that framing",
        "is_clear": "1 if its interval lies above those of all other framings; 0: contested",
        "too_few": "1 if there are too few passages to state a share",
        "coded": "passages of the cell that your hand-coded sample holds",
        "modelled_share, modelled_low, modelled_high": "the same without your sample; empty where it says nothing",
        "bias_removed": "modelled_share - share: what the model gave this kind too much (below 0: too little)",
    },
    "changes.csv": {
        "aspect, kind": "as in comparison.csv",
        "before, after": "two groups, one following the other",
        "difference": "share after minus share before, -1 to 1",
        "low, high": "ends of the 95 % interval of the difference, taken by itself",
        "p_value": "of the test that nothing changed, taken by itself",
        "adjusted_p_value": "the same, allowing for all tests of this table: report this one",
        "is_significant": "1 if the adjusted p-value is below 0.05",
    },
    "evidence.csv": {
        "aspect, group": "the cell of comparison.csv that the passage stands behind",
        "framing": "the framing that it is evidence of",
        "is_dominant": "1 if this is the dominant framing of the cell",
        "rank": "1 is the passage with the highest probability",
        **_PLACE,
        "title": "title of the document",
        "probability": "calibrated probability that the framing is present, 0 to 1",
        "is_uncertain": "1 if the probability lies where the model errs too often",
        "text": "the passage",
    },
    "passages.csv": {
        **_PLACE,
        "framings": "the framings decided present",
        "uncertain": "framings that the model could not settle (see below)",
        "aspects": "the aspects that the passage speaks of; only where aspects were asked for",
        **_SCORE,
    },
    "documents.csv": {
        "document": _PLACE["document"],
        "status": "scored, or failed: then error_code and error say why",
        "title, source, format": "its title (yours, else what the file calls itself), where it was read from, and how",
        "pages, passages, words": "how many; words are those of the passages (headings, tables, notes are not scored)",
        **_METADATA,
        "<kind>": "number of passages of this kind, as the model decided",
        "share_<kind>": "the same, divided by the number of passages: a bare count. comparison.csv has the estimates",
        "warnings": "what a reader should know of this document",
        "error_code, error": "why it could not be scored",
        "text_sha256, source_sha256, bundle, bundle_id, version": "hashes and versions: cite them, and the same result "
        "can be had again",
        "quality, runtime": "of a bundle of two parts, what --quality asked, and the library that ran its encoder; "
        "empty for others",
    },
    "matrix.csv": {
        "document, title": "name and title of the document",
        "passages": "number of its passages",
        **_METADATA,
        "<kind>": "1 if at least one passage of the document is of this kind, else 0. A long document carries nearly "
        "every framing somewhere: for those, work with the shares",
        "share_<kind>, low_<kind>, high_<kind>": "estimated share with its 95 % interval, as in comparison.csv",
        "<aspect>_passages": "number of passages that speak of the aspect",
        "<aspect>_<framing>": "1 if at least one of these carries the framing, else 0",
        "<aspect>_share_<framing>": "estimated share of these; empty where there are too few to say",
    },
    "quanteda.csv": {
        "doc_id": "the document, a point and the passage's number: one row is one document of a quanteda corpus",
        "title": "title of the document",
        **_METADATA,
        **_PLACE,
        **_SCORE,
    },
}
