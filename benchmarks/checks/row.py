"""One line of the table: what was checked, how often, how far off at worst, and how far off it may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Row:
    """Deviations of one kind: `count` of them, the `worst`, `where` it was, the `bound` it has to keep."""

    what: str
    bound: float
    count: int = 0
    worst: float = 0.0
    where: str = ""
    wrong: list[str] = field(default_factory=list)

    def add(self, deviation: float, where: str = "") -> None:
        """Take note of one deviation; NaN is one that no bound allows."""
        self.count += 1
        if not deviation <= self.bound:
            self.wrong.append(f"{where}: {deviation:.3g}")
        if not deviation <= self.worst:
            self.worst, self.where = deviation, where

    @property
    def passed(self) -> bool:
        """Whether something was checked, and nothing was off."""
        return self.count > 0 and not self.wrong

    def __str__(self) -> str:
        end = "pass" if self.passed else "FAIL"
        return f"{self.what:<66} {self.count:>7,} {self.worst:>10.3g} {self.bound:>10.3g}  {end}"


HEAD = f"{'what':<66} {'how many':>7} {'worst':>9} {'bound':>10}"


def told(rows: Iterable[Row]) -> bool:
    """Print rows, and where what failed did; True where all passed."""
    good = True
    for row in rows:
        print(row)
        for one in row.wrong[:5]:
            print(f"    {one}")
        good &= row.passed
    return good
