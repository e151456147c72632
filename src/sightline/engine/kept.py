"""Blocks that are dear to make, made once and kept on disk while they are needed."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

import numpy as np

from sightline.engine.blocks import Block, OverBlocks, RowBlocks, at_block


class KeptBlocks(OverBlocks):
    """Blocks that are dear to make: made once, then kept in files of their own until nobody needs them.

    Where a disk is full, blocks are made anew instead. Pickled, they take their files not along.

    Parameters
    ----------
    blocks : RowBlocks

    Attributes
    ----------
    folder : Path, where the files are
    full : bool, whether no more could be kept
    """

    def __init__(self, blocks: RowBlocks) -> None:
        super().__init__(blocks)
        self.full = False
        self.folder = Path(tempfile.mkdtemp(prefix="sightline-blocks-"))
        self._remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def __reduce__(self) -> tuple[Any, ...]:
        return KeptBlocks, (self.blocks,)

    def block(self, index: int) -> Block:
        """Read block `index`, or make it; see `RowBlocks.block`."""
        at_block(index, self.n_blocks)
        kept = self.folder / f"{index}.X.npy", self.folder / f"{index}.y.npy"
        if all(path.exists() for path in kept):
            return np.load(kept[0]), np.load(kept[1])
        both = self.blocks.block(index)
        if not self.full:
            try:
                for path, values in zip(kept, both, strict=True):
                    aside = path.with_suffix(".part")
                    with aside.open("wb") as file:
                        np.save(file, values)
                    aside.rename(path)
            except OSError:
                self.full = True
        return both

    def close(self) -> None:
        """Remove the files."""
        self._remove()
