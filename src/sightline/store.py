"""A model on disk: a ZIP of arrays and one JSON manifest. Nothing is pickled, so loading runs no code.

manifest.json    format, version, recipe, classes, shape, about, and for each step its type, parameters
                 and fitted attributes, where an array is {"array": NAME, "sha256": …}
arrays/NAME.npy  the arrays
"""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import math
import os
import struct
import tokenize
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

from sightline.errors import ModelError, NotFoundError, visible
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
from sightline.npy import read_header

FORMAT, VERSION = "sightline-model", 1
LARGEST, FREE, TIMES = 4 << 30, 128 << 20, 200
"""Most bytes that a model may unpack to; beyond how many, and how many times its size, it is taken for a bomb."""

MOST, UNBOUNDED = 1 << 16, ("random_state", "seed", "n_patches", "max_iter")
"""Largest whole number among parameters, which say how much is made ready, and those that do not."""

SIDE, WIDEST, DEGREE = 4096, 20_000_000, 8
"""Longest side of an image; most features that products make, and their highest degree."""

EPOCH = (1980, 1, 1, 0, 0, 0)
DAMAGED = (
    OSError, ValueError, LookupError, TypeError, AttributeError, EOFError, RuntimeError, MemoryError, ArithmeticError,
    AssertionError, SyntaxError, struct.error, tokenize.TokenError, lzma.LZMAError, zlib.error, zipfile.BadZipFile,
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
    with written_aside(Path(path), "the model") as aside, zipfile.ZipFile(aside, "w") as file:
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
            key: _plain(value, f"{name}-{key}", arrays)
            for key, value in step.get_params().items()
            if key != "device"  # where it was learned: another machine may have none
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
            raise ModelError(
                f"the array '{name}' holds Python objects and cannot be stored",
                "Only numbers and text can be.",
            )
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
    raise ModelError(
        f"'{name}' is a {type(value).__name__} and cannot be stored", "Only numbers and text can be."
    )


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
        claimed = sum(one.file_size for one in file.infolist())
        if claimed > LARGEST or claimed > max(FREE, TIMES * path.stat().st_size):
            raise ModelError(
                f"'{path}' claims to unpack to {claimed:,} bytes, far more than a model of its size",
                "It is no model of ours.",
            )
        size, ours = path.stat().st_size, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        if any(one.compress_size > size or one.compress_type not in ours for one in file.infolist()):
            raise ValueError("a part of it is longer than the file, or packed in a way that is not ours")
        manifest = json.loads(file.read("manifest.json"))
        if manifest["format"] != FORMAT:
            raise ModelError(f"'{path}' is not a Sightline model", "`sightline learn` writes one.")
        if manifest["version"] > VERSION:
            raise ModelError(
                f"'{path}' was written by a newer Sightline (format {manifest['version']}, not {VERSION})",
                "Upgrade with pip install --upgrade sightline.",
            )
        names, sides = manifest["classes"], manifest["shape"]
        if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            raise ValueError("class names are no list of text")
        whole = isinstance(sides, list) and all(type(side) is int and 1 <= side <= SIDE for side in sides)
        if not whole or len(sides) not in (2, 3) or sides[2:] not in ([], [3]):
            raise ValueError(f"an image has no shape such as {sides}")
        steps = [(visible(str(one["name"])), _unpacked(one, file)) for one in manifest["steps"]]
    model = Model(
        pipeline=Pipeline(steps),
        classes=tuple(map(visible, names)),
        shape=tuple(sides),
        recipe=visible(str(manifest["recipe"])),
        about={
            visible(key): visible(one) if isinstance(one, str) else one
            for key, one in dict(manifest["about"]).items()
        },
    )
    if not all(len(set(names)) == len(names) and _decides(model, row) for row in _trials(math.prod(sides))):
        raise ModelError(
            f"the parts of '{path}' do not fit together", "Learn it again with `sightline learn`."
        )
    return model


def _trials(n: int) -> npt.NDArray[np.uint8]:
    """A black image, a white one, and one of noise: (3, 1, n)."""
    noise = np.random.default_rng(0).integers(0, 256, n, dtype=np.uint8)
    return np.stack([np.zeros(n, np.uint8), np.full(n, 255, np.uint8), noise])[:, None]


def _decides(model: Model, row: npt.NDArray[np.uint8]) -> bool:
    with np.errstate(all="ignore"):  # said in a better way by whoever asks
        scores = model.predict_proba(row)
    return scores.shape == (1, len(model.classes)) and bool(np.isfinite(scores).all())


def _unpacked(packed: dict[str, Any], file: zipfile.ZipFile) -> Any:
    kind = KINDS[packed["type"]]
    values = {key: _value(value, key, file) for key, value in packed["parameters"].items()}
    if any(
        abs(one) > MOST for key, value in values.items() if key not in UNBOUNDED for one in _wholes(value)
    ):
        raise ValueError("a parameter is far larger than any that is of use")
    step = kind.make(**values)
    fitted = {key: _value(packed["fitted"][key], key, file) for key in kind.fitted}
    if not all(np.isfinite(one).all() for one in fitted.values() if isinstance(one, (np.ndarray, float))):
        raise ValueError("a fitted number is not finite")
    if any(abs(math.prod(_wholes(one))) > WIDEST for one in fitted.values()):
        raise ValueError("a shape has more numbers than any that is of use")
    if kind.make is PolynomialFeatures:
        n, degree = fitted["n_features_in_"], step.degree
        sane = type(n) is type(degree) is int and 1 <= n <= WIDEST and 0 <= degree <= DEGREE
        if not sane or math.comb(n + degree, degree) > WIDEST:
            raise ValueError(f"products of degree {degree} of {n} features")
        return step.fit(np.zeros((1, int(fitted["n_features_in_"]))))
    for key, value in fitted.items():
        setattr(step, key, value)
    if kind.make is LogisticRegression:
        step.history_ = _history(packed["history"], file)
    return step


def _wholes(value: Any) -> list[int]:
    """The whole numbers in a parameter."""
    return [one for one in (value if isinstance(value, (tuple, list)) else (value,)) if isinstance(one, int)]


def _history(packed: dict[str, Any], file: zipfile.ZipFile) -> FitHistory:
    columns = _value(packed["passes"], "passes", file)
    passes = []
    for number, seconds, objective, gradient, gap, bound, step in columns.T:
        rates = float(objective), float(gradient), float(gap), float(bound), float(step)
        passes.append(Pass(int(number), float(seconds), *rates))
    return FitHistory(tuple(passes), bool(packed["converged"]), str(packed["outcome"]))


def _numbers(content: bytes) -> npt.NDArray[Any]:
    """The array of an NPY file, whose header is not believed until its length agrees with it."""
    file = io.BytesIO(content)
    shape, fortran, dtype = read_header(file)
    count = math.prod(shape)
    if dtype.kind not in "biuf" or count * dtype.itemsize != len(content) - file.tell():
        raise ValueError(f"an array is no {dtype} of shape {shape}")
    array: npt.NDArray[Any] = np.empty(count, dtype)
    array.view(np.uint8)[:] = np.frombuffer(file.read(), np.uint8)
    return array.reshape(shape, order="F" if fortran else "C")


def _value(value: Any, key: str, file: zipfile.ZipFile) -> Any:
    if isinstance(value, dict) and "array" in value:
        content = file.read(f"arrays/{value['array']}.npy")
        if hashlib.sha256(content).hexdigest() != value["sha256"]:
            raise ModelError(
                f"the array '{value['array']}' of '{file.filename}' is damaged", "Copy the file again."
            )
        return _numbers(content)
    if isinstance(value, dict):
        return {_value(k, key, file): _value(v, key, file) for k, v in value["items"]}
    if isinstance(value, list):
        return tuple(value) if key in TUPLES else value
    return value
