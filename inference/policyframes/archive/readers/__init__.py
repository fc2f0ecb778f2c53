"""One reader a format: rows of an input file, in batches, with their places. Knows nothing of scores."""
