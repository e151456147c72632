"""Who is compared: one file a peer, this is the list of them."""

from __future__ import annotations

from peers.intelex import Intelex
from peers.ours import Ours
from peers.peer import Peer
from peers.sklearn_lbfgs import Lbfgs
from peers.sklearn_liblinear import Liblinear
from peers.sklearn_newton_cg import NewtonCg
from peers.sklearn_newton_cholesky import NewtonCholesky
from peers.sklearn_saga import Saga
from peers.torch_lbfgs import TorchLbfgs

RIVALS: tuple[Peer, ...] = (
    Lbfgs(),
    Lbfgs(wide=True),
    NewtonCg(),
    NewtonCholesky(),
    Saga(),
    Liblinear(),
    Intelex(),
    TorchLbfgs(),
)
"""In the order of the table; those with `on_request` run only where they are asked for."""

__all__ = ["RIVALS", "Ours", "Peer"]
