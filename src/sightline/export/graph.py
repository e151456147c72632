"""An ONNX graph while it is built: nodes, and the numbers that they hold."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.errors import UsageError

OPSET, IR = 18, 8
"""Operators and file format: what onnxruntime reads from version 1.14 on."""


def onnx_or_remedy() -> Any:
    """Return the module onnx.

    Raises
    ------
    UsageError
        It is not installed.
    """
    try:
        return import_module("onnx")
    except ImportError as error:
        raise UsageError("the package onnx is not installed", "pip install 'sightline[onnx]'") from error


class Graph:
    """Nodes in the order of the calls that add them.

    A value is known by its name. Where a call is given an array or a NumPy scalar instead, the graph holds it.

    Attributes
    ----------
    nodes, constants : lists of what `onnx.helper` makes
    FLOAT, DOUBLE, INT64, UINT8, STRING : int
        Element types of ONNX.
    """

    def __init__(self) -> None:
        self.onnx = onnx_or_remedy()
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._held: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        types = self.onnx.TensorProto
        self.FLOAT, self.DOUBLE, self.INT64 = int(types.FLOAT), int(types.DOUBLE), int(types.INT64)
        self.UINT8, self.STRING = int(types.UINT8), int(types.STRING)

    def __call__(self, operator: str, *inputs: Any, name: str = "", **attributes: Any) -> str:
        """Add a node with one output, and return the output's name."""
        output = name or f"{operator.lower()}_{len(self.nodes)}"
        names = [one if isinstance(one, str) else self.hold(one) for one in inputs]
        self.nodes.append(self.onnx.helper.make_node(operator, names, [output], name=output, **attributes))
        return output

    def hold(self, value: npt.ArrayLike) -> str:
        """Keep an array, once however often it is used; return its name."""
        array = np.asarray(value)
        if array.dtype == np.float64 and array.dtype != getattr(value, "dtype", None):
            raise TypeError("a Python number has no dtype of its own: say np.float32 or np.float64")
        key = (str(array.dtype), array.shape, array.tobytes())
        if key not in self._held:
            name = f"held_{len(self.constants)}"
            content = array.astype(object) if array.dtype.kind == "U" else array.copy()
            self.constants.append(self.onnx.numpy_helper.from_array(content, name))
            self._held[key] = name
        return self._held[key]

    # -- what many steps need ---------------------------------------------------------------------------

    def shaped(self, x: str, *sides: int) -> str:
        """(n, …) laid out as (n, *sides)."""
        return self("Reshape", x, np.array([0, *sides], np.int64))

    def total(self, x: str, axis: int, *, keep: bool = False) -> str:
        """Sum over one axis."""
        return self("ReduceSum", x, np.array([axis], np.int64), keepdims=int(keep))

    def mean(self, x: str, axis: int, *, keep: bool = False) -> str:
        """Mean over one axis."""
        return self("ReduceMean", x, np.array([axis], np.int64), keepdims=int(keep))

    def opened(self, x: str, axis: int) -> str:
        """A new axis of length 1."""
        return self("Unsqueeze", x, np.array([axis], np.int64))

    def wide(self, x: str) -> str:
        """As float64."""
        return self("Cast", x, to=self.DOUBLE)

    def narrow(self, x: str) -> str:
        """As float32."""
        return self("Cast", x, to=self.FLOAT)
