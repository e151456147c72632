"""A model as one ONNX file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from sightline.errors import ModelError
from sightline.export.graph import IR, OPSET, Graph
from sightline.export.steps import STEPS
from sightline.files import written_aside
from sightline.logistic import LogisticRegression, LogisticRegressionCV
from sightline.machine import version
from sightline.model import Model

CLASSIFIERS = (LogisticRegression, LogisticRegressionCV)


def export_onnx(model: Model, path: str | os.PathLike[str], *, names: bool = True) -> None:
    """Write a model as ONNX: aside first, then renamed.

    Parameters
    ----------
    model : Model
    path : path
        Usually ``NAME.onnx``; its folder must exist.
    names : bool
        Whether `label` is the name of the class, a string, or its number 0…K−1: some runtimes, those in browsers
        and on graphics cards among them, know no strings.

    Raises
    ------
    UsageError
        The package onnx is not installed.
    ModelError
        A step of the model has no counterpart in ONNX.
    StorageError
        The file cannot be written; what was there before is still there.

    Notes
    -----
    The graph takes `images`, uint8 (n, height, width) or (n, height, width, 3), any n, and gives `label` (n,) and
    `probability` (n, K) float32. Law: the probabilities are those of ``model.predict_proba`` within 1e-5. Recipes
    that round their features to bytes (`ByteScaler`) are an exception: where the two runtimes add up to numbers on
    either side of a half, one feature differs by a whole step, and the probability by up to some thousandths.
    """
    content = to_onnx(model, names=names).SerializeToString()
    with written_aside(Path(path), "the ONNX file") as aside:
        aside.write_bytes(content)


def can_export(model: Model) -> tuple[bool, str]:
    """Tell whether ONNX can express a model, and if not, why; needs no package."""
    *steps, (name, last) = model.pipeline.steps
    for own, step in steps:
        if type(step) not in STEPS:
            return False, f"the step '{own}', a {type(step).__name__}, has no counterpart in ONNX"
    if not isinstance(last, CLASSIFIERS):
        return False, f"the last step '{name}', a {type(last).__name__}, is no logistic regression of ours"
    return True, ""


def to_onnx(model: Model, *, names: bool = True) -> Any:
    """Build what `export_onnx` writes, an ``onnx.ModelProto``; same arguments, same errors but for the file's."""
    possible, why = can_export(model)
    if not possible:
        known = ", ".join(kind.__name__ for kind in STEPS)
        raise ModelError(why, f"Steps that can be exported are {known}.")
    g = Graph()
    x = g.narrow(g.shaped("images", int(np.prod(model.shape))))
    for _, step in model.pipeline.steps[:-1]:
        x = STEPS[type(step)](g, x, step)
    index = _decided(g, x, model)
    if names:
        g("Gather", np.array(model.classes, dtype=str), index, name="label", axis=0)
    else:
        g("Identity", index, name="label")
    return _assembled(g, model, names)


def _decided(g: Graph, x: str, model: Model) -> str:
    """Add `probability`; return the number of the most probable class, (n,) int64."""
    last = model.pipeline.steps[-1][1]
    weights = np.ascontiguousarray(np.asarray(last.coef_).T, np.float32)
    z = g("Add", g("MatMul", x, weights), np.asarray(last.intercept_, np.float32))
    if weights.shape[1] == 1:
        g("Concat", g("Sigmoid", g("Neg", z)), g("Sigmoid", z), name="probability", axis=1)
        index = g("Cast", g("Greater", g("Squeeze", z, np.array([1], np.int64)), np.float32(0)), to=g.INT64)
    else:
        g("Softmax", z, name="probability", axis=1)
        index = g("ArgMax", z, axis=1, keepdims=0)
    return g("Gather", np.asarray(last.classes_, np.int64), index, axis=0)


def _assembled(g: Graph, model: Model, names: bool) -> Any:
    helper, K = g.onnx.helper, len(model.classes)
    kind = g.STRING if names else g.INT64
    graph = helper.make_graph(
        g.nodes,
        "sightline",
        [helper.make_tensor_value_info("images", g.UINT8, ["n", *model.shape])],
        [
            helper.make_tensor_value_info("label", kind, ["n"]),
            helper.make_tensor_value_info("probability", g.FLOAT, ["n", K]),
        ],
        g.constants,
        doc_string=f"{model!r}",
    )
    made = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR,
        producer_name="sightline",
        producer_version=version(),
    )
    told = {
        "recipe": model.recipe,
        "classes": json.dumps(list(model.classes), ensure_ascii=False),
        "shape": json.dumps(list(model.shape)),
    }
    helper.set_model_props(made, told)
    g.onnx.checker.check_model(made)
    return made
