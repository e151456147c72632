"""Spark MLlib's LogisticRegression, local, in as many threads. Optional: pyspark, and Java.

The rows are written as Parquet before; reading them counts, starting Spark does not.
"""

from __future__ import annotations

import shutil
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from sightline.engine.blocks import read_ahead
from streamed.peer import SCALE, Peer, Stream, Watch, whole_fits

GRID = (2, 5, 10, 20, 40, 80, 160, 320, 640)


class Spark(Peer):
    """L-BFGS of Breeze around sums of a data frame."""

    name, package = "Spark MLlib", "pyspark"
    translation = "regParam = 1 / (C n), standardization=False"

    def missing(self) -> str:
        """It runs in a Java machine."""
        return super().missing() or ("" if shutil.which("java") else "Java is not installed")

    def run(self, stream: Stream, watch: Watch) -> None:
        """Whole fits."""
        sql: Any = import_module("pyspark.sql")
        functions: Any = import_module("pyspark.ml.functions")
        classification: Any = import_module("pyspark.ml.classification")
        session = (
            sql.SparkSession.builder.master(f"local[{stream.threads}]")
            .config("spark.driver.memory", "8g")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.log.level", "ERROR")
            .getOrCreate()
        )
        try:
            with tempfile.TemporaryDirectory() as folder:
                written(stream, Path(folder))

                def fit(iterations: int) -> tuple[Any, Any]:
                    frame = session.read.parquet(folder)
                    rows = frame.select(functions.array_to_vector("features").alias("features"), "label")
                    model = classification.LogisticRegression(
                        regParam=1 / (stream.C * stream.shape[0]), standardization=False, tol=1e-12,
                        maxIter=iterations, family="auto",
                    ).fit(rows)  # fmt: skip
                    return model.coefficientMatrix.toArray(), model.interceptVector.toArray()

                fit(1)  # the machine gets warm
                whole_fits(watch, fit, GRID)
        finally:
            session.stop()


def written(stream: Stream, folder: Path) -> None:
    """Write the rows as Parquet files, a list of float a row."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for index, (X, y) in enumerate(read_ahead(stream)):
        values = pa.array((X * np.float32(SCALE)).ravel())
        features = pa.ListArray.from_arrays(np.arange(len(X) + 1, dtype=np.int32) * X.shape[1], values)
        table = pa.table({"features": features, "label": y.astype(np.float64)})
        pq.write_table(table, folder / f"part-{index:05}.parquet")
