"""Turn the Markdown sources of the example documents into PDF, DOCX and HTML files."""
