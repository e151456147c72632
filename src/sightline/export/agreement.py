"""Whether another runtime decides as the model does."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sightline.errors import ModelError, NotFoundError, UsageError
from sightline.model import Model

BLOCK = 256
"""Images that the other runtime is given at once: patches of more need much memory."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two runtimes agree on the same images.

    `images` how many; `difference` the largest of two probabilities; `mean_difference`; `labels` how many labels
    differ.
    """

    images: int
    difference: float
    mean_difference: float
    labels: int


def compare_runtimes(model: Model, path: str | os.PathLike[str], images: npt.NDArray[np.uint8]) -> Agreement:
    """Ask onnxruntime and the model about the same images.

    Parameters
    ----------
    model : Model
    path : path
        What `export_onnx` wrote for it.
    images : (n, height, width[, 3]) uint8

    Raises
    ------
    UsageError
        The package onnxruntime is not installed.
    NotFoundError, ModelError
        There is no such file; onnxruntime cannot read it.
    """
    file = Path(path)
    if not file.is_file():
        raise NotFoundError(f"there is no ONNX file '{file}'", "Write it with `sightline export`.")
    try:
        onnxruntime = import_module("onnxruntime")
    except ImportError as error:
        raise UsageError(
            "the package onnxruntime is not installed", "pip install 'sightline[onnx]'"
        ) from error
    try:
        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    except Exception as error:
        reason = str(error).rpartition(" : ")[2]  # without the names of its own classes
        raise ModelError(
            f"onnxruntime cannot read '{file}' ({reason:.150})", "Write it with `sightline export`."
        ) from error
    own = model.predict_proba(images)
    pairs = [session.run(None, {"images": images[at : at + BLOCK]}) for at in range(0, len(images), BLOCK)]
    labels, other = (np.concatenate(part) for part in zip(*pairs, strict=True))
    decided = model.predict(images)
    mine = decided if labels.dtype.kind in "iu" else np.array(model.classes, dtype=object)[decided]
    apart = np.abs(own - other)
    return Agreement(len(images), float(apart.max()), float(apart.mean()), int((mine != labels).sum()))
