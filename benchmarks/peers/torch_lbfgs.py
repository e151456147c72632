"""PyTorch: softmax regression by its own L-BFGS with a strong Wolfe line search. Optional: torch.

Its optimiser evaluates the loss in a function of ours, so each evaluation whose loss is the lowest so far is
shown to the watch: nothing is computed for the watch's sake.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from peers.peer import Peer
from watch import Enough, Watch
from works import Work

MOST = 20_000
"""Iterations."""


class Descent:
    """W and b on the device of the rows X, and their way down by PyTorch's L-BFGS.

    `seen(loss)` is called after each evaluation, with F there, and may end the descent by raising.
    """

    def __init__(self, X: Any, y: Any, work: Work) -> None:
        self.torch: Any = import_module("torch")
        self.X, self.work = X, work
        R = 1 if work.n_classes == 2 else work.n_classes
        losses = self.torch.nn.functional
        self.log_loss = losses.binary_cross_entropy_with_logits if R == 1 else losses.cross_entropy
        self.targets = y.to(X.dtype)[:, None] if R == 1 else y
        self.W = self.torch.zeros(R, X.shape[1], device=X.device, requires_grad=True)
        self.b = self.torch.zeros(R, device=X.device, requires_grad=True)
        self.count = 0

    def run(self, seen: Callable[[float], None], most: int = MOST) -> None:
        """One step of the optimiser is one whole fit, of at most so many iterations."""
        solver = self.torch.optim.LBFGS(
            [self.W, self.b],
            max_iter=most,
            max_eval=2 * most,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            history_size=10,
            line_search_fn="strong_wolfe",
        )

        def evaluate() -> Any:
            solver.zero_grad()
            z = self.torch.addmm(self.b, self.X, self.W.T)
            penalty = (self.W * self.W).sum() / (2 * self.work.C * len(self.X))
            loss = self.log_loss(z, self.targets) + penalty
            loss.backward()
            self.count += 1
            seen(float(loss.detach()))
            return loss

        solver.step(evaluate)

    def parameters(self) -> tuple[np.ndarray, np.ndarray]:
        """W and b as they are now, as NumPy arrays."""
        return self.W.detach().cpu().numpy(), self.b.detach().cpu().numpy()


class TorchLbfgs(Peer):
    """L-BFGS of PyTorch on the processor, in float32."""

    key, name, package = "torch", "PyTorch LBFGS float32", "torch"

    def run(self, work: Work, watch: Watch, threads: int) -> str:
        """Show the watch each evaluation that is the lowest so far."""
        torch: Any = import_module("torch")
        torch.set_num_threads(threads)
        watch.start()
        descent = Descent(torch.from_numpy(work.X), torch.from_numpy(work.y), work)
        lowest = math.inf

        def seen(loss: float) -> None:
            nonlocal lowest
            if loss < lowest:
                lowest = loss
                watch.look(*descent.parameters(), descent.count)

        try:
            descent.run(seen)
        except Enough as enough:
            return str(enough)
        watch.take(*descent.parameters(), descent.count)
        return "stopped by itself"
