"""Archives as they come from those who give them out: their columns, their files, and what they do not hold."""
