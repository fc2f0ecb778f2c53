"""Experiments: what is recorded of a run. Only tracking.py imports mlflow."""
