"""Sightline: labelled images in, a linear classifier that anyone can see through out.

The public names are loaded when they are first used, so that ``import sightline`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Config": "sightline.story",
    "ConfusionGrid": "sightline.widgets.grid",
    "DataError": "sightline.errors",
    "Dataset": "sightline.dataset",
    "Disputed": "sightline.disputes",
    "DownloadError": "sightline.errors",
    "DrawPad": "sightline.widgets.pad",
    "Evaluation": "sightline.evaluation",
    "Explanation": "sightline.explanation",
    "Exploration": "sightline.exploration",
    "Gallery": "sightline.widgets.gallery",
    "Infinite": "sightline.sources.infinite",
    "LogisticRegression": "sightline.logistic",
    "LogisticRegressionCV": "sightline.logistic",
    "Model": "sightline.model",
    "ModelError": "sightline.errors",
    "NotFoundError": "sightline.errors",
    "Run": "sightline.results",
    "ShardedDataset": "sightline.sources.shards",
    "SightlineError": "sightline.errors",
    "Simulation": "sightline.logistic",
    "StorageError": "sightline.errors",
    "UsageError": "sightline.errors",
    "WeightMaps": "sightline.widgets.maps",
    "compare": "sightline.evaluation",
    "evaluate": "sightline.evaluation",
    "explain": "sightline.explanation",
    "explore": "sightline.exploration",
    "export_onnx": "sightline.export",
    "figures": "sightline.figures",
    "find_disputed": "sightline.disputes",
    "load": "sightline.sources",
    "load_model": "sightline.store",
    "make_recipe": "sightline.features",
    "open_shards": "sightline.sources.shards",
    "recipes": "sightline.features",
    "run": "sightline.story",
    "save_model": "sightline.store",
    "sigmoid": "sightline.logistic",
    "simulate": "sightline.logistic",
    "softmax": "sightline.logistic",
    "write_report": "sightline.report",
    "write_shards": "sightline.sources.sharding",
}

__all__ = ["__version__", *_HOMES]

if TYPE_CHECKING:
    from sightline import figures
    from sightline.dataset import Dataset
    from sightline.disputes import Disputed, find_disputed
    from sightline.errors import (
        DataError,
        DownloadError,
        ModelError,
        NotFoundError,
        SightlineError,
        StorageError,
        UsageError,
    )
    from sightline.evaluation import Evaluation, compare, evaluate
    from sightline.explanation import Explanation, explain
    from sightline.exploration import Exploration, explore
    from sightline.export import export_onnx
    from sightline.features import make_recipe, recipes
    from sightline.logistic import (
        LogisticRegression,
        LogisticRegressionCV,
        Simulation,
        sigmoid,
        simulate,
        softmax,
    )
    from sightline.model import Model
    from sightline.report import write_report
    from sightline.results import Run
    from sightline.sources import load
    from sightline.sources.infinite import Infinite
    from sightline.sources.sharding import write_shards
    from sightline.sources.shards import ShardedDataset, open_shards
    from sightline.store import load_model, save_model
    from sightline.story import Config, run
    from sightline.widgets.gallery import Gallery
    from sightline.widgets.grid import ConfusionGrid
    from sightline.widgets.maps import WeightMaps
    from sightline.widgets.pad import DrawPad


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sightline' has no attribute {name!r}")
    from importlib import import_module

    module = import_module(_HOMES[name])
    value = module if name == "figures" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
