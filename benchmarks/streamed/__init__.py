"""Who is compared on rows that are read block by block: one file a peer, this is the list of them."""

from __future__ import annotations

from streamed.dask_ml import DaskMl
from streamed.ours import Ours
from streamed.peer import Peer
from streamed.sgd import Sgd
from streamed.spark import Spark

PEERS: tuple[Peer, ...] = (Ours(), Sgd(), Sgd(average=True), DaskMl(), Spark())

__all__ = ["PEERS", "Peer"]
