"""Transformers give pandas or polars tables where they are asked to, with the same numbers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from sightline.features import (
    PCA,
    RECIPES,
    ByteScaler,
    Deskew,
    IntensitySymmetry,
    Orientation,
    Patches,
    RangeScaler,
    StandardScaler,
    make_recipe,
)

STEPS = {
    "range": RangeScaler(),
    "standard": StandardScaler(),
    "bytes": ByteScaler(),
    "deskew": Deskew((8, 8)),
    "pair": IntensitySymmetry((8, 8)),
    "pca": PCA(4),
    "orientation": Orientation((8, 8), sizes=(3,), grids=(2,)),
    "patches": Patches((8, 8), size=3, n_atoms=5),
}


@pytest.fixture(scope="module")
def frame(digits):
    few = digits.take(slice(0, 200))
    index = [f"image {row}" for row in range(200)]
    return pd.DataFrame(few.X, columns=pd.Index(few.feature_names), index=pd.Index(index)), few.y


@pytest.mark.parametrize("name", STEPS)
def test_pandas_in_pandas_out(name, frame):
    X, y = frame
    expected = clone(STEPS[name]).fit(X.to_numpy(), y).transform(X.to_numpy())
    step = clone(STEPS[name]).set_output(transform="pandas").fit(X, y)
    found = step.transform(X)
    assert isinstance(found, pd.DataFrame)
    assert list(found.index) == list(X.index)
    assert list(found.columns) == list(step.get_feature_names_out())
    assert len(set(found.columns)) == len(found.columns)
    np.testing.assert_array_equal(found.to_numpy(), expected)
    assert found.to_numpy().dtype == expected.dtype


@pytest.mark.parametrize("name", STEPS)
def test_polars_in_polars_out(name, frame):
    polars = pytest.importorskip("polars")
    X, y = polars.DataFrame(frame[0].to_numpy(), schema=list(frame[0].columns)), frame[1]
    step = clone(STEPS[name]).set_output(transform="polars").fit(X, y)
    found = step.transform(X)
    assert isinstance(found, polars.DataFrame)
    assert found.columns == list(step.get_feature_names_out())
    np.testing.assert_array_equal(found.to_numpy(), clone(step).fit_transform(X).to_numpy())


def test_tables_pass_from_step_to_step(frame):
    X, y = frame
    line = make_pipeline(RangeScaler(), Deskew((8, 8)), PCA(3)).set_output(transform="pandas")
    assert list(line.fit_transform(X, y).columns) == ["pca0", "pca1", "pca2"]


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_learns_the_same_from_tables(name, frame):
    X, y = frame
    known = RECIPES[name].defaults
    choices = {key: value for key, value in (("copies", 1), ("n_atoms", 8)) if key in known}
    plain = make_recipe(name, shape=(8, 8), **choices).fit(X.to_numpy(), y)
    tables = make_recipe(name, shape=(8, 8), **choices).set_output(transform="pandas").fit(X, y)
    np.testing.assert_array_equal(plain.predict_proba(X.to_numpy()), tables.predict_proba(X))
