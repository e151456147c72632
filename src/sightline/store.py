"""A model on disk: a ZIP of arrays and one JSON manifest. Nothing is pickled, so loading runs no code.

manifest.json    format, version, recipe, classes, shape, about, and for each step its type, parameters
                 and fitted attributes, where an array is {"array": NAME, "sha256": …}
arrays/NAME.npy  the arrays
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures

from sightline.errors import ModelError, NotFoundError
from sightline.features import (
    PCA,
    ByteScaler,
    Deskew,
    IntensitySymmetry,
    Orientation,
    Patches,
    RangeScaler,
    Shrink,
    StandardScaler,
)
from sightline.files import written_aside
from sightline.logistic import FitHistory, LogisticRegression, Pass
from sightline.model import Model

FORMAT, VERSION = "sightline-model", 1
LARGEST = 4 << 30
"""Most bytes that the arrays of a model may unpack to."""

EPOCH = (1980, 1, 1, 0, 0, 0)
DAMAGED = (
    OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError, RecursionError,
    NotImplementedError, RuntimeError, MemoryError, zlib.error, zipfile.BadZipFile,
)  # fmt: skip
"""What reading a ZIP, JSON or NPY of unknown content can raise."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A step that can be stored: how to make it from its parameters, and which attributes its fit leaves."""

    make: Callable[..., Any]
    fitted: tuple[str, ...]


SCALER = ("n_features_in_", "n_samples_seen_", "scale_")
KINDS = {
    "RangeScaler": Kind(RangeScaler, ("n_features_in_",)),
    "Deskew": Kind(Deskew, ("n_features_in_", "shape_", "background_")),
    "Shrink": Kind(Shrink, ("n_features_in_", "shape_", "small_shape_")),
    "ByteScaler": Kind(ByteScaler, ("n_features_in_", "scale_")),
    "Orientation": Kind(Orientation, ("n_features_in_", "shape_")),
    "Patches": Kind(
        Patches, ("n_features_in_", "shape_", "filters_", "offset_", "directions_", "map_shape_")
    ),
    "IntensitySymmetry": Kind(IntensitySymmetry, ("n_features_in_", "shape_")),
    "PCA": Kind(
        PCA,
        ("n_features_in_", "n_components_", "mean_", "components_", "scale_", "explained_variance_",
         "explained_variance_ratio_"),
    ),
    "StandardScaler": Kind(StandardScaler, (*SCALER, "mean_", "var_")),
    "MinMaxScaler": Kind(MinMaxScaler, (*SCALER, "min_", "data_min_", "data_max_", "data_range_")),
    "PolynomialFeatures": Kind(PolynomialFeatures, ("n_features_in_",)),
    "LogisticRegression": Kind(
        LogisticRegression, ("n_features_in_", "classes_", "coef_", "intercept_", "n_iter_", "converged_")
    ),
}  # fmt: skip
TUPLES = {"shape", "shape_", "small_shape_", "map_shape_", "sizes", "grids", "feature_range"}
PASS_COLUMNS = ("number", "seconds", "objective", "gradient", "gap", "bound", "step")


def save_model(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model to one file: aside first, then renamed.

    Parameters
    ----------
    model : Model
    path : path
        Usually ``NAME.sightline``; its folder must exist.

    Raises
    ------
    ModelError
        A step of the model cannot be stored.
    StorageError
        The file cannot be written; what was there before is still there.

    Notes
    -----
    Law: what `load_model` gives back decides every image as `model` does, to the last bit. The same model
    gives the same file.
    """
    arrays: dict[str, bytes] = {}
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "recipe": model.recipe,
        "classes": list(model.classes),
        "shape": list(model.shape),
        "about": dict(model.about),
        "steps": [_packed(name, step, arrays) for name, step in model.pipeline.steps],
    }
    with written_aside(Path(path), "the model") as aside, zipfile.ZipFile(aside, "x") as file:
        _add(file, "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1).encode())
        for name, array in arrays.items():
            _add(file, f"arrays/{name}.npy", array)


def _add(file: zipfile.ZipFile, name: str, content: bytes) -> None:
    file.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED, 1)


def _npy(array: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _packed(name: str, step: Any, arrays: dict[str, bytes]) -> dict[str, Any]:
    kind = type(step).__name__
    if kind not in KINDS or type(step) is not KINDS[kind].make:
        raise ModelError(
            f"the step '{name}', a {kind}, cannot be stored", f"Known steps are {', '.join(KINDS)}."
        )
    fitted: dict[str, Any] = {}
    for attribute in KINDS[kind].fitted:
        fitted[attribute] = _plain(getattr(step, attribute), f"{name}-{attribute.strip('_')}", arrays)
    packed = {
        "name": name,
        "type": kind,
        "parameters": {
            key: _plain(value, f"{name}-{key}", arrays) for key, value in step.get_params().items()
        },
        "fitted": fitted,
    }
    if kind == "LogisticRegression":
        history: FitHistory = step.history_
        columns = np.stack([history.column(column) for column in PASS_COLUMNS])
        packed["history"] = {
            "passes": _plain(columns, f"{name}-history", arrays),
            "converged": history.converged,
            "outcome": history.outcome,
        }
    return packed


def _plain(value: Any, name: str, arrays: dict[str, bytes]) -> Any:
    """What JSON can hold, an array by its name."""
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise ModelError(f"the array '{name}' holds Python objects and cannot be stored")
        arrays[name] = _npy(value)
        return {"array": name, "sha256": hashlib.sha256(arrays[name]).hexdigest()}
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (tuple, list)):
        return [_plain(one, name, arrays) for one in value]
    if isinstance(value, dict):
        return {
            "items": [[_plain(key, name, arrays), _plain(one, name, arrays)] for key, one in value.items()]
        }
    raise ModelError(f"'{name}' is a {type(value).__name__} and cannot be stored")


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model that `save_model` wrote.

    Parameters
    ----------
    path : path

    Returns
    -------
    Model

    Raises
    ------
    NotFoundError
        There is no such file.
    ModelError
        It is not a model of ours, is damaged, or was written by a newer version.
    """
    file = Path(path)
    if not file.is_file():
        raise NotFoundError(
            f"there is no model file '{file}'", "`sightline learn` writes one: sightline-run/model.sightline."
        )
    try:
        return _read(file)
    except ModelError:
        raise
    except DAMAGED as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(
            f"'{file}' is not a readable Sightline model ({reason:.150})",
            "Learn it again with `sightline learn`.",
        ) from error


def _read(path: Path) -> Model:
    with zipfile.ZipFile(path) as file:
        if sum(one.file_size for one in file.infolist()) > LARGEST:
            raise ModelError(
                f"'{path}' claims to unpack to more than {LARGEST >> 30} GiB", "It is no model of ours."
            )
        manifest = json.loads(file.read("manifest.json"))
        if manifest["format"] != FORMAT:
            raise ModelError(f"'{path}' is not a Sightline model")
        if manifest["version"] > VERSION:
            raise ModelError(
                f"'{path}' was written by a newer Sightline (format {manifest['version']}, not {VERSION})",
                "Upgrade with pip install --upgrade sightline.",
            )
        steps = [(str(one["name"]), _unpacked(one, file)) for one in manifest["steps"]]
    model = Model(
        pipeline=Pipeline(steps),
        classes=tuple(str(name) for name in manifest["classes"]),
        shape=tuple(int(side) for side in manifest["shape"]),
        recipe=str(manifest["recipe"]),
        about=dict(manifest["about"]),
    )
    scores = model.predict_proba(np.zeros((1, int(np.prod(model.shape))), dtype=np.uint8))
    if scores.shape != (1, len(model.classes)) or not np.isfinite(scores).all():
        raise ModelError(
            f"the parts of '{path}' do not fit together", "Learn it again with `sightline learn`."
        )
    return model


def _unpacked(packed: dict[str, Any], file: zipfile.ZipFile) -> Any:
    kind = KINDS[packed["type"]]
    values = {key: _value(value, key, file) for key, value in packed["parameters"].items()}
    step = kind.make(**values)
    fitted = {key: _value(packed["fitted"][key], key, file) for key in kind.fitted}
    if kind.make is PolynomialFeatures:
        return step.fit(np.zeros((1, int(fitted["n_features_in_"]))))
    for key, value in fitted.items():
        setattr(step, key, value)
    if kind.make is LogisticRegression:
        step.history_ = _history(packed["history"], file)
    return step


def _history(packed: dict[str, Any], file: zipfile.ZipFile) -> FitHistory:
    columns = _value(packed["passes"], "passes", file)
    passes = tuple(
        Pass(
            number=int(number),
            seconds=float(seconds),
            objective=float(objective),
            gradient=float(gradient),
            gap=float(gap),
            bound=float(bound),
            step=float(step),
        )
        for number, seconds, objective, gradient, gap, bound, step in columns.T
    )
    return FitHistory(passes, bool(packed["converged"]), str(packed["outcome"]))


def _value(value: Any, key: str, file: zipfile.ZipFile) -> Any:
    if isinstance(value, dict) and "array" in value:
        content = file.read(f"arrays/{value['array']}.npy")
        if hashlib.sha256(content).hexdigest() != value["sha256"]:
            raise ModelError(
                f"the array '{value['array']}' of '{file.filename}' is damaged", "Copy the file again."
            )
        return np.load(io.BytesIO(content), allow_pickle=False)
    if isinstance(value, dict):
        return {_value(k, key, file): _value(v, key, file) for k, v in value["items"]}
    if isinstance(value, list):
        return tuple(value) if key in TUPLES else value
    return value
