"""report.html: one self-contained page. The templates escape everything; nothing here builds markup by hand."""

from policyframes.report.page.rendering import render_page

__all__ = ["render_page"]
