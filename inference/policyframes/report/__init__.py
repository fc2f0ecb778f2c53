"""What leaves the program: tables, JSON lines, the page. Reads results; computes no score."""
