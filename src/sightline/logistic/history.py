"""What the minimiser leaves behind: one frozen record a pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """One pass over the data.

    `number` of passes so far; `seconds` since the fit began; `objective` F(W, b), the mean log loss plus
    penalty; `gradient` Euclidean norm of the gradient by W and by the scores at the centroid; `gap` estimate
    of F − F*; `bound` = ‖∂F/∂W‖² / 2λ, an upper bound of it where the intercept is optimal (infinite without
    a penalty, loose for a small one); `step` length taken along the search direction; `coef` (R, d) and
    `intercept` (R,) after the pass, only where a listener asked for weights.
    """

    number: int
    seconds: float
    objective: float
    gradient: float
    gap: float
    bound: float
    step: float
    coef: npt.NDArray[np.floating] | None = None
    intercept: npt.NDArray[np.floating] | None = None


Listener = Callable[[Pass], bool | None]
"""Called after every pass; returning True asks the minimiser to stop."""


def tell(record: Pass, passes: list[Pass], listeners: Sequence[Listener]) -> bool:
    """Write a pass down and show it to every listener; whether one of them wants to stop."""
    passes.append(record)
    answers = [listener(record) for listener in listeners]
    return any(answer is True for answer in answers)


@dataclass(frozen=True, slots=True)
class FitHistory:
    """All passes of one fit, and how it ended (`outcome` is one sentence)."""

    passes: tuple[Pass, ...] = field(repr=False)
    converged: bool
    outcome: str

    def __len__(self) -> int:
        return len(self.passes)

    def __iter__(self) -> Iterator[Pass]:
        return iter(self.passes)

    def column(self, name: str) -> npt.NDArray[np.float64]:
        """One field of every pass as an array: 'seconds', 'objective', 'gradient', 'gap', 'bound', 'step'."""
        return np.array([getattr(one, name) for one in self.passes], dtype=np.float64)
