"""What learns: labels, training, evaluation, tracking. Imports policyframes; nothing imports it."""
