"""Coded passages as data to learn from: labels/, or anybody's labelled dataset."""
