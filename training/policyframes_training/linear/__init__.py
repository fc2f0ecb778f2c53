"""The n-gram linear model: its settings, and how it learns."""
