"""Copies of one article, as agencies' wires spread them: found by their words, and counted once."""
