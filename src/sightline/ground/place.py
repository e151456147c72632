"""Who goes over blocks: the threads of this machine, or the workers of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from sightline.engine.blocks import Block, OverBlocks, RowBlocks
from sightline.engine.sums import LocalSums, Sums
from sightline.engine.threads import available_threads

if TYPE_CHECKING:
    from sightline.engine.connection import Connection


class Watched(OverBlocks):
    """Blocks, and who is told the share of them (0…1) that has been read."""

    def __init__(self, blocks: RowBlocks, told: Callable[[float], None]) -> None:
        super().__init__(blocks)
        self.told, self.done = told, 0

    def block(self, index: int) -> Block:
        """See `RowBlocks.block`."""
        both = self.blocks.block(index)
        self.done += 1
        self.told(min(1.0, self.done / self.n_blocks))
        return both


class Place:
    """This machine, or a cluster that is reached once and used again and again.

    Parameters
    ----------
    cluster : None, "tcp://…", "local:N" or `distributed.Client`

    Raises
    ------
    UsageError, SightlineError
        As `engine.cluster.ClusterSums`.

    Attributes
    ----------
    watch : callable or None
        Told how far a pass is, as far as it is made here.
    """

    def __init__(self, cluster: object = None) -> None:
        self.watch: Callable[[float], None] | None = None
        self._connection: Connection | None = None
        if cluster is not None:
            from sightline.engine.connection import Connection, check_versions

            self._connection = Connection(cluster)
            try:
                check_versions(self._connection.client)
            except BaseException:
                self.close()
                raise

    @property
    def client(self) -> Any:
        """A `distributed.Client`, or None on this machine."""
        return None if self._connection is None else self._connection.client

    @property
    def readers(self) -> int:
        """Threads that read, or make features, in every process."""
        return available_threads() if self._connection is None else 1

    @contextmanager
    def over(self, blocks: RowBlocks) -> Iterator[Sums]:
        """Who goes over these blocks; lets go of them afterwards."""
        if self._connection is None:
            seen = blocks if self.watch is None else Watched(blocks, self.watch)
            with closing(LocalSums(seen, readers=self.readers)) as sums:
                yield sums
            return
        from sightline.engine.cluster import ClusterSums

        with closing(ClusterSums(blocks, self.client, readers=self.readers)) as there:
            yield there

    def close(self) -> None:
        """End what was started here; a client that was given stays open."""
        if self._connection is not None:
            self._connection.close()
