"""A fit on a device is the fit on the processor, within float32; what is refused; what is said without a card.

The devices of these tests are on the processor: array-api-strict, which allows what the standard allows and no more,
and PyTorch where it is installed. Where there is a graphics card, it is one of them.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sightline.engine.blocks import ArrayBlocks
from sightline.engine.device import find_device, host, library_of, usable
from sightline.errors import DataError, UsageError
from sightline.logistic import LogisticRegression, LogisticRegressionCV
from sightline.logistic.arrays import ArrayRows, residual_of
from sightline.logistic.gram import InverseGram
from sightline.logistic.incoming import placed, taken
from sightline.logistic.loss import sigmoid_residual, softmax_residual
from sightline.logistic.objective import Objective
from sightline.logistic.precondition import ClassCurvature, ExactHessian, SharedCurvature
from sightline.logistic.sampled import SampledHessian

NAMES = ("array_api_strict:cpu", "torch:cpu", "cuda")


@pytest.fixture(params=NAMES)
def device(request):
    if request.param == "torch:cpu":
        pytest.importorskip("torch").set_num_threads(1)
    elif request.param == "cuda" and usable("cuda")[1]:
        pytest.skip(usable("cuda")[1])
    return find_device(request.param)


def problem(K, *, n=400, d=7, kind="scaled", seed=0):
    """Rows that the classes share partly; "far" puts two columns a thousand deviations from zero."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, K, n)
    X = rng.standard_normal((n, d)) + 0.8 * rng.standard_normal((K, d))[y]
    if kind == "bytes":
        return np.clip(40 * X + 120, 0, 255).astype(np.uint8), y
    X *= 10.0 ** rng.uniform(-1, 1, d)
    if kind == "far":
        X[:, :2] += 1000 * X[:, :2].std(axis=0)
    return X.astype(np.float64 if kind == "doubles" else np.float32), y


def value(model, X, y, w, C, *, l1_ratio=0.0):
    """F of a model in float64, from the definition."""
    W, b = model.coef_.astype(np.float64), model.intercept_.astype(np.float64)
    Z = X.astype(np.float64) @ W.T + b
    Z = np.column_stack([np.zeros(len(Z)), Z]) if Z.shape[1] == 1 else Z
    loss = np.logaddexp.reduce(Z, axis=1) - Z[np.arange(len(y)), y]
    penalty = (1 - l1_ratio) * (W**2).sum() / 2 + l1_ratio * np.abs(W).sum()
    return float((w @ loss + penalty / C) / w.sum())


# -- the same minimum ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("kind", ["scaled", "bytes", "far", "doubles"])
@pytest.mark.parametrize("K", [2, 4])
def test_the_same_minimum(device, K, kind, fit_intercept):
    X, y = problem(K, kind=kind)
    w = np.random.default_rng(1).uniform(0, 2, len(y))
    settings = {"C": 0.05, "tol": 1e-6, "fit_intercept": fit_intercept}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # float32 far from zero, without an intercept
        here = LogisticRegression(**settings).fit(X, y, w)
        there = LogisticRegression(**settings, device=str(device)).fit(X, y, w)
    F = value(here, X, y, w, 0.05)
    assert abs(value(there, X, y, w, 0.05) - F) <= 3e-6 * F
    np.testing.assert_allclose(there.predict_proba(X), here.predict_proba(X), atol=2e-3)
    assert there.coef_.dtype == np.float32


def test_more_columns_than_rows(device):
    X, y = problem(3, n=60, d=90)
    here, there = (LogisticRegression(C=0.01, device=one).fit(X, y) for one in ("cpu", str(device)))
    assert there.converged_
    np.testing.assert_allclose(there.predict_proba(X), here.predict_proba(X), atol=2e-3)


def test_a_fit_that_needs_every_picture_of_the_curvature(device, digits):
    X, y = digits.train.X, digits.train.labels
    here, there = (LogisticRegression(C=1e-3, tol=1e-6, device=one).fit(X, y) for one in ("cpu", str(device)))
    assert there.converged_
    assert there.n_iter_[0] > 14  # the sampled Hessian was at work
    assert abs(int(there.n_iter_[0]) - int(here.n_iter_[0])) <= 5
    F, w = here.history_.passes[-1].objective, np.ones(len(y))
    assert abs(value(there, X, y, w, 1e-3) - F) <= 2e-6 * F


def test_weights_that_do_not_pay_are_zero_there_too(device):
    X, y = problem(3, n=300, d=12)
    settings = {"C": 0.02, "l1_ratio": 0.9, "tol": 1e-4}
    here, there = (LogisticRegression(**settings, device=one).fit(X, y) for one in ("cpu", str(device)))
    F, w = value(here, X, y, np.ones(len(y)), 0.02, l1_ratio=0.9), np.ones(len(y))
    assert there.converged_
    assert (there.coef_ == 0).any()
    assert abs(value(there, X, y, w, 0.02, l1_ratio=0.9) - F) <= 2e-4 * F


# -- every sum ---------------------------------------------------------------------------------------------


@pytest.fixture
def pair(device):
    """The same objective twice: of rows in float64 on the processor, and of rows on the device."""
    made = []

    def make(K, kind="scaled", fit_intercept=True, **more):
        X, y = problem(K, kind=kind, **more)
        mass = np.random.default_rng(2).uniform(0.1, 2, len(y))
        for rows in (X.astype(np.float64), placed(X, device)):
            made.append(Objective(rows, y, K, mass, 0.03, fit_intercept=fit_intercept))
        return made[-2:]

    yield make
    for one in made:
        one.close()


def somewhere(objective):
    point = 0.3 * np.random.default_rng(3).standard_normal((objective.R, objective.d + 1))
    point[:, :-1] /= np.sqrt(objective.variance)
    return point


def residual(objective, point):
    keep = np.empty((objective.R, objective.n), objective.dtype)
    objective.at(point, keep=keep)
    return keep


def close(found, wanted, rtol=2e-5):
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=rtol * float(np.abs(wanted).max()))


CASES = [(K, kind, True) for K in (2, 4) for kind in ("scaled", "bytes", "far")] + [(4, "scaled", False)]


@pytest.mark.parametrize(("K", "kind", "fit_intercept"), CASES)
def test_every_sum_over_rows(pair, K, kind, fit_intercept):
    here, there = pair(K, kind, fit_intercept)
    assert isinstance(there.rows, ArrayRows)
    close(there.mean, here.mean)
    close(there.variance, here.variance, 1e-4)
    point = somewhere(here)
    scale = np.append(np.sqrt(here.variance), 1)
    one, two = here.at(point), there.at(point)
    assert two.value == pytest.approx(one.value, rel=1e-5)
    close(two.gradient / scale, one.gradient / scale, 1e-4)
    close(there.scores(point), here.scores(point), 1e-4)
    at_here, at_there = residual(here, point), residual(there, point)
    close(at_there, at_here, 1e-4)
    curvature = np.abs(at_here) * (1 - np.abs(at_here))
    narrow = curvature.astype(np.float32)
    diagonal = here.diagonal(curvature)
    close(there.diagonal(narrow) / here.variance, diagonal / here.variance, 1e-3)
    close(there.leverage(narrow, diagonal), here.leverage(curvature, diagonal), 2e-3)


@pytest.mark.parametrize(("K", "kind", "fit_intercept"), CASES)
def test_every_picture_of_the_curvature(pair, K, kind, fit_intercept):
    here, there = pair(K, kind, fit_intercept)
    point = somewhere(here)
    g = here.at(point).gradient
    scale = np.append(np.sqrt(here.variance), 1)
    found = []
    for one in (here, there):
        at = residual(one, point)
        rng = np.random.default_rng(5)
        shared = SharedCurvature(one, rng)
        by_class = ClassCurvature(one, at, rng)
        sampled = SampledHessian(one, at, shared, one.n, rng)
        exact = ExactHessian(one, at)
        found.append(
            [
                shared.solve(g) * scale,
                by_class.solve(g) * scale,
                sampled.product(point),
                exact.solve(g) * scale,
            ]
        )
    for one, two in zip(*found, strict=True):
        if K > 2:  # what is the same for all classes changes no probability
            one, two = one - one.mean(axis=0), two - two.mean(axis=0)
        last = slice(None) if fit_intercept else slice(-1)  # without an intercept its entry means nothing
        close(two[:, last], one[:, last], 2e-3)


def test_a_sample_of_the_rows_and_some_columns(pair):
    here, there = pair(4, n=700, d=9)
    rows = np.sort(np.random.default_rng(0).permutation(700)[:200])
    weight, columns = np.random.default_rng(1).random(200), np.array([0, 3, 8])
    A = here.centred(rows, columns) * np.sqrt(weight)[:, None]
    close(there.X.gram(rows, weight, there.mean, columns, 1.0), A.T @ A, 1e-4)
    close(there.centred(rows, columns), here.centred(rows, columns), 1e-4)
    inverses = [InverseGram(A, np.full(3, ridge)).inverse.astype(np.float32) for ridge in (0.5, 2.0)]
    q = np.random.default_rng(2).standard_normal((2, 4))
    close(there.X.times(inverses)(q), np.stack([q[k] @ inverses[k] for k in range(2)]), 1e-5)
    close(there.X.times(inverses[:1])(q), q @ inverses[0], 1e-5)


def test_scores_of_any_size_have_a_finite_loss(pair):
    _, there = pair(4)
    point = 1e4 * somewhere(there)
    found = there.at(point)
    assert np.isfinite(found.value)
    assert np.isfinite(found.gradient).all()


@pytest.mark.parametrize("R", [1, 3])
def test_loss_and_residual_keep_their_digits_where_the_model_is_nearly_sure(device, R):
    rng = np.random.default_rng(0)
    Z = (10.0 ** rng.uniform(-2, 2, (60, R)) * rng.choice([-1, 1], (60, R))).astype(np.float32)
    labels = rng.integers(0, max(2, R), 60)
    wanted = (sigmoid_residual if R == 1 else softmax_residual)(Z.T.copy(), labels)
    found = residual_of(device.xp, device.put(Z), device.put(labels))
    for one, two in zip(found, wanted, strict=True):
        np.testing.assert_allclose(device.get(one).T, two, rtol=3e-5, atol=1e-37)
    assert (np.abs(wanted[1]).min(axis=0) < 1e-9).any()


def test_other_masses_are_other_sums(pair):
    here, there = pair(3)
    point, mass = somewhere(here), np.random.default_rng(9).uniform(0, 1, here.n)
    for other in (mass, here.mass, mass):
        one, two = (objective.with_mass(other, 0.1).at(point) for objective in (here, there))
        assert two.value == pytest.approx(one.value, rel=1e-5)


# -- rows as they come -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["scaled", "bytes"])
@pytest.mark.parametrize("K", [2, 3])
def test_arrays_of_a_library_are_rows_like_any(device, K, kind):
    X, y = problem(K, kind=kind)
    w = np.random.default_rng(1).uniform(0, 2, len(y))
    model = LogisticRegression(C=0.1, device=str(device))
    from_numpy = clone(model).fit(X, y, w)
    from_arrays = clone(model).fit(device.put(X), device.put(y), device.put(w))
    np.testing.assert_array_equal(from_arrays.coef_, from_numpy.coef_)
    assert from_arrays.n_features_in_ == X.shape[1]
    for name in ("decision_function", "predict", "predict_proba", "predict_log_proba"):
        found = getattr(from_arrays, name)(device.put(X))
        assert isinstance(found, np.ndarray)
        close(found, getattr(from_numpy, name)(X), 1e-4)


def test_rows_are_there_once_and_bytes_stay_bytes(device):
    X, _ = problem(3, kind="bytes")
    rows = placed(X, device)
    assert rows.dtype == np.uint8
    assert rows.X.dtype == device.xp.uint8
    np.testing.assert_array_equal(rows[np.array([3, 1])], X[[3, 1]])
    again = taken(rows.X, str(device), device)
    assert np.shares_memory(host(again.X), host(rows.X)) or device.on_card
    X[:] = 0  # what is there is a copy of its own
    assert rows[3].any()


def test_numbers_of_other_kinds_become_float32(device):
    X, y = problem(3)
    whole = np.rint(X * 8).astype(np.int32)
    one, two = (
        LogisticRegression(C=0.1, device=str(device)).fit(device.put(rows), y)
        for rows in (whole, whole.astype(np.float32))
    )
    np.testing.assert_array_equal(one.coef_, two.coef_)


def test_tensors_in_main_memory_are_read_as_numpy():
    torch = pytest.importorskip("torch")
    X, y = problem(3)
    one = LogisticRegression(C=0.1).fit(torch.asarray(X), torch.asarray(y))
    two = LogisticRegression(C=0.1).fit(X, y)
    np.testing.assert_array_equal(one.coef_, two.coef_)
    np.testing.assert_array_equal(one.predict(torch.asarray(X)), two.predict(X))
    with_gradient = torch.asarray(X).requires_grad_()
    np.testing.assert_array_equal(one.predict(with_gradient), two.predict(X))
    assert library_of(with_gradient) == "torch"


def test_a_warm_start_goes_on(device):
    X, y = problem(3)
    model = LogisticRegression(C=0.1, warm_start=True, device=str(device)).fit(X, y)
    passes = int(model.n_iter_[0])
    assert model.fit(X, y).n_iter_[0] < passes


# -- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["gpu", "cpu:0", "cuda:x", "cupy:cpu", "torch", "array_api_strict:cuda", "", None, 0]
)
def test_names_of_no_device(name):
    with pytest.raises(UsageError, match=r"device|processor"):
        LogisticRegression(device=name).fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(UsageError):
        usable(name)


def test_rows_that_cannot_be_used(device):
    X, y = problem(3)
    model = LogisticRegression(device=str(device))
    with pytest.raises(ValueError, match="NaN"):
        model.fit(np.where(X > 1, np.nan, X), y)
    with pytest.raises(DataError, match="NaN"):
        model.fit(device.put(np.where(X > 1, np.float32(np.nan), X)), y)
    with pytest.raises(DataError, match="shape"):
        model.fit(device.put(X[0]), y)
    with pytest.raises(ValueError, match="inconsistent"):
        model.fit(device.put(X), y[:-1])
    with pytest.raises(DataError, match="real numbers"):
        model.fit(device.put(X.astype(np.complex64)), y)
    with pytest.raises(DataError, match="too large"):
        model.fit(device.put(1e30 * X), y)
    model.fit(X, y)
    with pytest.raises(DataError, match="6 features, and the model was fitted on 7"):
        model.predict(device.put(X[:, :6]))


def test_memory_that_is_short(device):
    with pytest.raises(DataError, match=r"no room for an array of 10,000,000 × 10,000,000 uint8"):
        device.empty((10**7, 10**7), "uint8")


def test_blocks_are_for_the_processor():
    X, y = problem(3)
    with pytest.raises(UsageError, match="blocks"):
        LogisticRegression(device="array_api_strict:cpu").fit_blocks(ArrayBlocks(X, y))
    assert "device" not in LogisticRegressionCV().get_params()


# -- without a card ----------------------------------------------------------------------------------------


def test_without_a_card_the_processor_works_and_it_is_said():
    name, why = usable("cuda")
    if not why:
        pytest.skip("there is a card here")
    assert name == "cpu"
    X, y = problem(3)
    with pytest.warns(UserWarning, match=r"no CUDA device: .*; going on on the CPU"):
        there = LogisticRegression(C=0.1, device="cuda").fit(X, y)
    np.testing.assert_array_equal(there.coef_, LogisticRegression(C=0.1).fit(X, y).coef_)
    there.predict(X)  # says nothing: NumPy rows are decided on the processor anyway
    assert clone(there).get_params()["device"] == "cuda"
