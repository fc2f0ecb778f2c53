"""What a job will cost, from a sample of its rows scored as the job would score them."""
