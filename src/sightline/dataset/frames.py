"""The side of a Dataset that people who come from ``sklearn.datasets.fetch_openml`` know."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from sightline.dataset.record import Dataset

KEYS = ("data", "target", "frame", "categories", "feature_names", "target_names", "DESCR", "details", "url")


def pixels(dataset: Dataset) -> pd.DataFrame:
    """Return (n, d) uint8 with named columns, a view of the images."""
    import pandas as pd

    return pd.DataFrame(dataset.X, columns=pd.Index(dataset.feature_names), copy=False)


def class_names(dataset: Dataset) -> pd.Series[str]:
    """Return the name of the class of each image, categorical."""
    import pandas as pd

    codes = pd.Categorical.from_codes(dataset.labels, categories=pd.Index(dataset.classes))
    return pd.Series(codes, name="class")


def answer(dataset: Dataset, key: str) -> Any:
    """Return what ``dataset[key]`` is.

    Raises
    ------
    KeyError
        `key` is not one of KEYS.
    """
    answers: dict[str, Callable[[], Any]] = {
        "data": lambda: dataset.data,
        "target": lambda: dataset.target,
        "frame": dataset.to_frame,
        "categories": lambda: {"class": list(dataset.classes)},
        "feature_names": lambda: dataset.feature_names,
        "target_names": lambda: ["class"],
        "DESCR": lambda: "\n".join([f"{dataset!r}", f"Licence: {dataset.licence}", *dataset.notes]),
        "details": lambda: {"name": dataset.name, "licence": dataset.licence, "digest": dataset.digest},
        "url": lambda: dataset.source,
    }
    if key not in answers:
        raise KeyError(f"{key!r} is not one of {', '.join(KEYS)}; rows are taken with .take(rows)")
    return answers[key]()
