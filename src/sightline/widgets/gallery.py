"""Images to look through and choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets

from sightline.dataset import Dataset
from sightline.errors import UsageError
from sightline.widgets.front import Widget, to_bytes

MOST_BYTES = 32 << 20


class Gallery(Widget):
    """Images of a data set, to scroll through and to choose one from.

    Parameters
    ----------
    dataset : Dataset
    rows : sequence of int, optional
        Which images, in this order; all by default.
    predicted : sequence of int, optional
        Class number decided for each of them; those that are wrong are marked.
    size : int
        About how wide an image is shown, in pixels.

    Attributes
    ----------
    selected : int or None
        Row of the image that was chosen.

    Raises
    ------
    UsageError
        There is no such row, there are too many images, or not as many decisions as images.
    """

    front = "gallery"
    images = traitlets.Any().tag(sync=True, to_json=to_bytes)
    rows = traitlets.List(traitlets.Int()).tag(sync=True)
    labels = traitlets.List(traitlets.Int()).tag(sync=True)
    predicted = traitlets.List(traitlets.Int()).tag(sync=True)
    classes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    shape = traitlets.List(traitlets.Int()).tag(sync=True)
    size = traitlets.Int(40).tag(sync=True)
    selected = traitlets.Int(None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        dataset: Dataset,
        rows: Sequence[int] | npt.NDArray[np.integer[Any]] | None = None,
        *,
        predicted: Sequence[int] | npt.NDArray[np.integer[Any]] | None = None,
        size: int = 40,
    ) -> None:
        chosen = np.arange(len(dataset)) if rows is None else np.asarray(rows, np.int64)
        if len(chosen) and (chosen.min() < 0 or chosen.max() >= len(dataset)):
            raise UsageError(f"there is no such row in '{dataset.name}'", f"Give rows 0…{len(dataset) - 1}.")
        most = MOST_BYTES // dataset.n_features
        if len(chosen) > most:
            raise UsageError(
                f"{len(chosen):,} images are too many for a notebook", f"Give at most {most:,} rows."
            )
        codes = [] if predicted is None else [int(k) for k in predicted]
        if codes and len(codes) != len(chosen):
            raise UsageError(
                f"{len(codes)} decisions were given for {len(chosen)} images", "Give one for each."
            )
        height, width = dataset.shape[:2]
        super().__init__(
            images=np.ascontiguousarray(dataset.images[chosen]),
            rows=chosen.tolist(),
            labels=dataset.labels[chosen].tolist(),
            predicted=codes,
            classes=list(dataset.classes),
            shape=[height, width, 3 if len(dataset.shape) == 3 else 1],
            size=size,
        )

    @traitlets.validate("selected")
    def _known(self, proposal: Any) -> int | None:
        row: int | None = proposal["value"]
        if row is not None and row not in self.rows:
            raise UsageError(f"image {row} is not in this gallery", "Choose one of `rows`.")
        return row
