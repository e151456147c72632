"""Models for other runtimes: a fitted recipe as an ONNX graph, from pixels to label and probability."""

from sightline.export.agreement import Agreement, compare_runtimes
from sightline.export.write import can_export, export_onnx, to_onnx

__all__ = ["Agreement", "can_export", "compare_runtimes", "export_onnx", "to_onnx"]
