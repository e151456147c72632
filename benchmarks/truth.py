"""Are the numbers true? Each against a reference, a closed form or a law, many times at random.

    python benchmarks/truth.py                     everything: some twenty minutes of one core
    python benchmarks/truth.py images --n 30       one check, and how many
    python benchmarks/truth.py images --n 100 --seed 100       the second hundred of the sets

checks (and what --n counts):

    problems    random problems of classification against scikit-learn's optimum (problems, 1,000)
    images      random image sets through every recipe: optimum, features, explanations, smallest changes (sets, 300)
    measures    confusion, scores, log loss, areas, calibration against scikit-learn and exact sums (cases, 1,000)
    tests       McNemar's test, Agresti and Min's and Wilson's intervals against closed forms (tables, 1,000)
    intervals   how often the stated intervals cover the truth (test sets for each world, 1,000)
    leakage     every recipe, and what budgets pick, on shuffled labels (images, 800)
    threads     the same bytes once more, and on 1, 2 and 4 threads (images, 1,200)
    page        the page's arithmetic against Python's (models, 1,000; needs Node.js and web/node_modules)

A line of the table says what was checked, how often, the worst deviation and the bound. The exit status is 1 where a
bound is not kept; where the deviations were is printed below the line.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # many small problems: threads would only get in the way

from checks import coverage, images, leakage, measures, page, problems, sameness
from checks.row import HEAD, Row, told

Check = Callable[[int, int], list[Row]]

CHECKS: dict[str, tuple[int, Check]] = {
    "problems": (1000, problems.check),
    "images": (300, images.check),
    "measures": (1000, measures.scores),
    "tests": (1000, measures.closed_forms),
    "intervals": (1000, coverage.check),
    "leakage": (800, lambda n, seed: leakage.check(n, seed=seed)),
    "threads": (1200, lambda n, _: sameness.check(n)),
    "page": (1000, lambda n, _: page.check(n)),
}


def main() -> int:
    """Run what was asked for; 0 where every bound was kept."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("check", nargs="*", choices=[[], *CHECKS], metavar="CHECK", help="which; all of them")
    parser.add_argument("--n", type=int, help="how many of each, instead of its own number")
    parser.add_argument("--seed", type=int, default=0, help="the first of the seeds")
    asked = parser.parse_args()
    good = True
    for name in asked.check or CHECKS:
        number, check = CHECKS[name]
        if name == "page" and (lack := page.missing()):
            print(f"\n{name}: not checked, {lack}")
            continue
        began = time.perf_counter()
        rows = check(asked.n or number, asked.seed)
        seconds = time.perf_counter() - began
        print(f"\n{name}, seed {asked.seed}, {seconds:.0f} s\n{HEAD}")
        good &= told(rows)
        sys.stdout.flush()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
