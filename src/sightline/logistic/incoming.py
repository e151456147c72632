"""Rows from outside: NumPy's own, arrays of other libraries, and which device they are worked on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_consistent_length, validate_data

from sightline.engine.device import Device, device_of, find_device, host, memory_of
from sightline.engine.threads import blocks
from sightline.errors import DataError
from sightline.logistic.arrays import FLOAT, ArrayRows, Floats
from sightline.logistic.rows import block_size


def checked(model: Any, X: Any, y: Any, name: str, dtypes: list[Any]) -> tuple[Any, npt.NDArray[Any]]:
    """Rows and labels for a fit of a scikit-learn estimator on the device of that name.

    Returns
    -------
    (n, d) NumPy array, or `ArrayRows` on the device
    (n,) NumPy array

    Raises
    ------
    ValueError
        From scikit-learn, and DataError: they are not rows of finite numbers and as many labels.
    UsageError
        There is no such device.
    """
    there = find_device(name)
    rows = taken(X, name, there)
    if rows is None:
        X, labels = validate_data(model, host(X), host(y), dtype=dtypes, order="C")
        return (X if there is None else placed(X, there)), labels
    labels = validate_data(model, y=host(y))
    check_consistent_length(rows, labels)
    model.n_features_in_ = rows.shape[1]
    return rows, labels


def placed(X: npt.NDArray[Any], device: Device) -> ArrayRows:
    """Copy NumPy rows to a device block by block: uint8 as it is, the rest as float32.

    Raises
    ------
    DataError
        There is not enough memory there.
    """
    dtype = np.dtype(np.uint8) if X.dtype == np.uint8 else FLOAT
    there = device.empty(X.shape, dtype.name)
    with np.errstate(over="ignore"):  # what is too large is found by the moments
        for rows in blocks(slice(0, len(X)), 64 * block_size(X.shape[1], 4)):
            there[rows, :] = device.put(X[rows].astype(dtype, copy=False))
    return ArrayRows(there, device)


def taken(X: Any, name: str, there: Device | None) -> ArrayRows | None:
    """Rows that are an array of another library, on `there` or where they are; None where NumPy is to read them.

    Arrays on a graphics card stay there, unless `there` is another one of the same library. Those in main memory are
    worked on by their library only for a device that names it, such as "torch:cpu".

    Raises
    ------
    DataError
        They are not rows of finite numbers.
    """
    here = device_of(X)
    if here is None or not (here.on_card or name.startswith(f"{here.library}:")):
        return None
    if there is not None and there.library != here.library:
        return None
    return _checked(X.detach() if here.library == "torch" else X, there or here)


def _checked(X: Any, device: Device) -> ArrayRows:
    xp = device.xp
    if len(X.shape) != 2 or min(X.shape) < 1:
        raise DataError(
            f"X has the shape {tuple(X.shape)}", "Expected rows and columns, (n, d), 1 at the least."
        )
    with memory_of(device, f"{X.shape[0]:,} rows of {X.shape[1]:,} numbers"):
        X = device.put(X)
        if X.dtype not in (xp.uint8, xp.float32):
            if not xp.isdtype(X.dtype, ("bool", "integral", "real floating")):
                raise DataError(f"X holds {X.dtype}", "Expected real numbers.")
            with np.errstate(over="ignore"):  # infinite then, and found below
                X = xp.astype(X, xp.float32)
    found = ArrayRows(X, device)
    if found.dtype == FLOAT:
        for rows in blocks(slice(0, len(found)), found.block):
            if not bool(xp.all(xp.isfinite(X[rows, :]))):
                raise DataError(
                    "X contains NaN or infinity", "Leave such rows out, or put a number in their place."
                )
    return found


def array_scores(rows: ArrayRows, coef: Floats, intercept: Floats) -> Floats:
    """Z = X Wᵀ + b of rows on a device: (n, R) float32 in NumPy.

    Raises
    ------
    DataError
        The rows have other columns than the weights.
    """
    if rows.shape[1] != coef.shape[1]:
        raise DataError(
            f"X has {rows.shape[1]} features, and the model was fitted on {coef.shape[1]}",
            "Give the same columns as in the fit.",
        )
    Z = np.empty((len(rows), len(coef)), FLOAT)
    rows.forward(slice(0, len(rows)), coef.astype(FLOAT), intercept.astype(FLOAT), Z)
    return Z
