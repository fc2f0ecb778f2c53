"""`python -m policyframes` is the command line."""

from policyframes.cli.main import run

if __name__ == "__main__":
    run()
