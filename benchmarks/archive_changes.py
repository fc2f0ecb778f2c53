"""False alarms of the report of an archive: its articles are dealt out at random to groups, which then do not differ.

    python benchmarks/archive_changes.py scored/ --bundle models/fast-v1

prints, for several numbers and sizes of groups, in how many of 100 tests by itself, and in how many of 100 reports, a
difference is called significant. Both are meant to be 5 at most.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from policyframes.archive.contrasts import Contrast, contrast_groups
from policyframes.archive.gathering import Pool, gather_articles
from policyframes.archive.groups import estimate_shares
from policyframes.archive.results import read_finished
from policyframes.archive.tables import UNCERTAIN
from policyframes.bundle import load_bundle
from policyframes.profiles.change import SIGNIFICANT, adjust_changes
from policyframes.profiles.errors import ErrorTable, find_errors, list_kinds

CELLS = ((12, 5), (12, 10), (6, 30), (12, 100), (2, 1000), (6, 500))


def draw_groups(everything: Pool, groups: int, size: int, chance: np.random.Generator) -> dict[str, Pool]:
    """Return groups of as many articles, drawn without replacement."""
    rows = chance.permutation(len(everything.sizes))[: groups * size].reshape(groups, size)
    return {
        f"{number:02d}": Pool(
            everything.sizes[own],
            {kind: values[own] for kind, values in everything.means.items()},
            {kind: values[own] for kind, values in everything.counts.items()},
        )
        for number, own in enumerate(rows)
    }


def measure_cell(
    everything: Pool, cell: tuple[int, int], errors: ErrorTable | None, *, is_timed: bool, draws: int
) -> tuple[float, float]:
    """Return the rate of false alarms of tests by themselves, and of reports."""
    chance = np.random.default_rng([*cell, int(is_timed)])
    kinds = tuple(everything.counts)
    single, reports = [], []
    for _ in range(draws):
        pools = draw_groups(everything, *cell, chance)
        shares = {name: estimate_shares(pool, kinds, errors).shares for name, pool in pools.items()}
        changes = adjust_changes(
            contrast_groups(
                Contrast("group", "all", is_timed, tuple(pools)),
                pools,
                shares,
                errors,
                estimate=lambda pool: estimate_shares(pool, kinds, errors).shares,
            )
        )
        single += [change.p_value < SIGNIFICANT for change in changes if change.p_value is not None]
        reports.append(any(change.is_significant for change in changes))
    return float(np.mean(single)), float(np.mean(reports))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=500)
    given = parser.parse_args()
    run, _ = read_finished(given.results)
    kinds = (*list_kinds(run["model"]["framings"]), UNCERTAIN)
    found = gather_articles(given.results, run["settings"]["output_format"], [], kinds).take(slice(None))
    errors = find_errors(load_bundle(given.bundle), run["model"]["quality"])
    print(f"{len(found.sizes):,} articles, {int(found.sizes.sum()):,} passages, {given.draws} draws a row")
    print("| shares | groups | articles in each | compared | tests, % | reports, % |\n|---|---|---|---|---|---|")
    for name, table in (("corrected", errors), ("counted", None)):
        for cell in CELLS:
            if cell[0] * cell[1] > len(found.sizes):
                continue
            for is_timed in (True, False) if cell[0] > 2 else (True,):  # noqa: PLR2004  (two have one comparison)
                single, reports = measure_cell(found, cell, table, is_timed=is_timed, draws=given.draws)
                compared = "one after another" if is_timed else "with all others"
                print(
                    f"| {name} | {cell[0]} | {cell[1]} | {compared} | {100 * single:.1f} | {100 * reports:.1f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
