"""Commands that the training part adds to `policyframes`."""
