"""Builders: small exports as news services write them, with invented articles."""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from pathlib import Path

import docx

from policyframes.archive.job import Means, score_archive
from policyframes.archive.settings import Settings

SENTENCE = "The harbour council will meet the river towns on the plan for the new bridge and the old road."
TEXT = " ".join([SENTENCE] * 3)
DATES = ("March 4, 2024 Monday", "5 March 2024", "March 6, 2024 Wednesday 10:15 PM GMT")


def make_article(number: int, **changes) -> dict:
    return {
        "title": f"Bridge talks, part {number}",
        "outlet": "The Harbour Gazette",
        "printed_date": DATES[number % len(DATES)],
        "text": [SENTENCE, f"Talks go on in week {number}. {SENTENCE}"],
        **changes,
    }


def write_nexis(path: Path, articles: Sequence[dict], *, declared: int | None = -1, has_styles: bool = True) -> Path:
    document = docx.Document()
    document.add_paragraph("User Name: = reader")
    document.add_paragraph("Date and Time: Friday, 1 November 2024 9:00 AM GMT")
    if declared is not None:
        document.add_paragraph(f"Documents ({len(articles) if declared < 0 else declared})")
    for number, article in enumerate(articles, 1):
        document.add_paragraph(f"{number}. {article['title']}")
        document.add_paragraph("Client/Matter: -None-")
    document.add_page_break()
    for article in articles:
        _add_article(document, article, has_styles=has_styles)
    document.save(path)
    return path


def _add_article(document, article: dict, *, has_styles: bool) -> None:
    if has_styles:
        document.add_heading(article["title"], level=1)
    else:
        document.add_paragraph(article["title"])
    document.add_paragraph(article["outlet"])
    document.add_paragraph(article["printed_date"])
    document.add_paragraph("Copyright 2024 The Harbour Gazette All Rights Reserved")
    document.add_paragraph("Section: NEWS; Pg. 4")
    document.add_paragraph("Length: 48 words")
    document.add_paragraph("Byline: A. Writer")
    if article["text"] is not None:
        document.add_paragraph("Body")
        for paragraph in article["text"]:
            document.add_paragraph(paragraph)
    document.add_paragraph("Load-Date: March 7, 2024")
    document.add_paragraph("End of Document")


def make_page(title: str, text: str, *, date: str = "2024-03-04", outlet: str = "The Harbour Gazette") -> bytes:
    return (
        f"<html><head><title>{title}</title><meta property='og:site_name' content='{outlet}'>"
        f"<meta property='article:published_time' content='{date}T08:00:00Z'></head>"
        f"<body><nav><a href='/'>Home</a></nav><article><h1>{title}</h1><p>{text}</p><p>{text}</p></article>"
        "</body></html>"
    ).encode()


def make_response(
    page: bytes, *, status: str = "200 OK", kind: str = "text/html; charset=utf-8", headers: Sequence[str] = ()
) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Type: {kind}", *headers])
    return head.encode() + b"\r\n\r\n" + page


def make_warc_record(
    kind: str, block: bytes, *, url: str = "https://gazette.example/a", date: str = "2024-03-05"
) -> bytes:
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}T10:00:00Z\r\n"
        f"Content-Type: application/http; msgtype={kind}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def make_warc(pages: Sequence[bytes]) -> list[bytes]:
    """Return the records: a response, after its request, for each page."""
    records = [make_warc_record("warcinfo", b"software: none\r\n", url="")]
    for number, page in enumerate(pages):
        url = f"https://gazette.example/{number}"
        records.append(make_warc_record("request", b"GET / HTTP/1.1\r\n\r\n", url=url))
        records.append(make_warc_record("response", page, url=url))
    return records


def pack_records(records: Sequence[bytes]) -> bytes:
    """Return the records as crawlers pack them: each by itself."""
    packed = io.BytesIO()
    for record in records:
        packed.write(gzip.compress(record, mtime=0))
    return packed.getvalue()


def run_export(path: Path, output: Path, bundle: Path, **changes):
    settings = Settings(bundle=str(bundle), **{"shard_rows": 20, "passages": True, **changes})
    return score_archive([str(path)], output, settings, Means())
