from policyframes.documents import canonicalise

SOURCE = """---
title: "The River Plan"
---
# Water for *two* towns

The towns **share** one [river](https://example.org) and
`measure` it daily.

- First item
- Second item

  with a paragraph

> A quotation.

| Year | Cost |
|------|------|
| 2024 | 10   |

```
code here
```

<!-- a remark -->
![a map](map.png) Seen from above.
"""


def test_markup_goes_and_structure_stays(read_bytes, blocks_of):
    document = read_bytes("plan.md", SOURCE)
    assert document.title == "The River Plan"
    assert blocks_of(document) == [
        ("heading", "Water for two towns"),
        ("paragraph", "The towns share one river and measure it daily."),
        ("list-item", "First item"),
        ("list-item", "Second item"),
        ("list-item", "with a paragraph"),
        ("paragraph", "A quotation."),
        ("table", "Year\tCost\n2024\t10"),
        ("table", "code here"),
        ("paragraph", "Seen from above."),
    ]
    assert canonicalise(document.text) == document.text
    assert {piece.reason for piece in document.dropped} == {"front matter", "comment", "text of a picture"}


def test_the_first_heading_is_the_title_where_no_front_matter_is(read_bytes):
    assert read_bytes("plan.markdown", "Words.\n\n## Later\n").title == "Later"


def test_deep_nesting_ends_in_a_document(read_bytes):
    assert "word" in read_bytes("deep.md", ">" * 5000 + " word\n\nword").text
