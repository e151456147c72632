"""dask-ml's LogisticRegression with its solver lbfgs, on the threads of this process. Optional: dask-ml.

The rows are made float32 and kept in memory first, as its documentation advises; that counts.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from scale import BLOCK
from streamed.peer import SCALE, Peer, Stream, Watch, whole_fits

GRID = (2, 5, 10, 20, 40, 80, 160, 320, 640)


class DaskMl(Peer):
    """L-BFGS of SciPy around sums of a Dask array."""

    name, package = "dask-ml lbfgs", "dask_ml"
    translation = (
        "C, normalize=False; it penalises the intercept as well, b² / (2 C n), which is nothing here"
    )

    def unfit(self, stream: Stream) -> str:
        """Its fit knows no other labels."""
        return "" if stream.n_classes == 2 else "two classes only"

    def run(self, stream: Stream, watch: Watch) -> None:
        """Whole fits."""
        array: Any = import_module("dask.array")
        config: Any = import_module("dask").config
        glm: Any = import_module("dask_ml.linear_model")
        bytes_, codes = stream.mapped()

        def fit(iterations: int) -> tuple[Any, Any]:
            X = (
                array.from_array(bytes_, chunks=(BLOCK, -1)).astype(np.float32) * np.float32(SCALE)
            ).persist()
            y = array.from_array(codes, chunks=BLOCK)
            model = glm.LogisticRegression(
                C=stream.C, solver="lbfgs", max_iter=iterations, tol=1e-12, solver_kwargs={"normalize": False}
            )
            model.fit(X, y)
            return np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)

        with threadpool_limits(1), config.set(scheduler="threads", num_workers=stream.threads):
            whole_fits(watch, fit, GRID)
