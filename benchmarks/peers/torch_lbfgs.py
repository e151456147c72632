"""PyTorch: softmax regression by its own L-BFGS with a strong Wolfe line search. Optional: torch.

Its optimiser evaluates the loss in a function of ours, so each evaluation whose loss is the lowest so far is
shown to the watch: nothing is computed for the watch's sake.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

from peers.peer import Peer
from watch import Enough, Watch
from works import Work

MOST = 20_000
"""Iterations."""


class TorchLbfgs(Peer):
    """L-BFGS of PyTorch on the processor, in float32."""

    key, name, package = "torch", "PyTorch LBFGS float32", "torch"

    def run(self, work: Work, watch: Watch, threads: int) -> str:
        """One step of the optimiser is one whole fit."""
        torch: Any = import_module("torch")
        torch.set_num_threads(threads)
        n, d = work.X.shape
        R = 1 if work.n_classes == 2 else work.n_classes
        watch.start()
        X, y = torch.from_numpy(work.X), torch.from_numpy(work.y)
        targets = y.to(X.dtype)[:, None] if R == 1 else y
        log_loss: Any = (
            torch.nn.functional.binary_cross_entropy_with_logits
            if R == 1
            else torch.nn.functional.cross_entropy
        )
        W, b = torch.zeros(R, d, requires_grad=True), torch.zeros(R, requires_grad=True)
        solver = torch.optim.LBFGS(
            [W, b],
            max_iter=MOST,
            max_eval=2 * MOST,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            history_size=10,
            line_search_fn="strong_wolfe",
        )
        lowest, count = math.inf, 0

        def evaluate() -> Any:
            nonlocal lowest, count
            solver.zero_grad()
            loss = log_loss(torch.addmm(b, X, W.T), targets) + (W * W).sum() / (2 * work.C * n)
            loss.backward()
            count += 1
            if float(loss.detach()) < lowest:
                lowest = float(loss.detach())
                watch.look(W.detach().numpy(), b.detach().numpy(), count)
            return loss

        try:
            solver.step(evaluate)
        except Enough as enough:
            return str(enough)
        watch.take(W.detach().numpy(), b.detach().numpy(), count)
        return "stopped by itself"
