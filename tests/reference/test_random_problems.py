"""Random problems, a thousand of them, against Newton's method in float64 written down as plainly as it can be."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

from sightline import LogisticRegression
from sightline.errors import DataError

KINDS = ("plain", "separable", "constant", "duplicated", "wide", "scaled", "sparse", "weighted")


def objective(X, onehot, mass, C, W, b):
    """F in float64, W (K, d), b (K,): mean log loss + ‖W‖² / (2 C M)."""
    Z = X @ W.T + b
    top = Z.max(axis=1, keepdims=True)
    loss = top[:, 0] + np.log(np.exp(Z - top).sum(axis=1)) - (Z * onehot).sum(axis=1)
    return float((mass * loss).sum() / mass.sum() + (W * W).sum() / (2 * C * mass.sum()))


def newton(X, onehot, mass, C, steps=200):
    """F* by damped Newton steps on all weights at once, in columns of unit size."""
    n, d = X.shape
    K = onehot.shape[1]
    size = np.sqrt((X**2).mean(axis=0))
    size[size == 0] = 1
    A = np.column_stack([X / size, np.ones(n)])
    M = mass.sum()
    ridge = np.tile(np.append(1 / (C * M * size**2), 0), K)
    point = np.zeros((K, d + 1))
    point[:, -1] = np.log(np.maximum(mass @ onehot / M, 1e-300))

    def value(point):
        return objective(X, onehot, mass, C, point[:, :-1] / size, point[:, -1])

    now, damping = value(point), 1e-8
    for _ in range(steps):
        Z = A @ point.T
        P = np.exp(Z - Z.max(axis=1, keepdims=True))
        P /= P.sum(axis=1, keepdims=True)
        gradient = ((P - onehot) * mass[:, None]).T @ A / M + ridge.reshape(K, -1) * point
        hessian = np.einsum("n,nk,kl,ni,nj->kilj", mass / M, P, np.eye(K), A, A, optimize=True)
        hessian -= np.einsum("n,nk,nl,ni,nj->kilj", mass / M, P, P, A, A, optimize=True)
        hessian = hessian.reshape(K * (d + 1), -1) + np.diag(ridge)
        while damping < 1e8:
            step = np.linalg.lstsq(hessian + damping * np.eye(len(hessian)), -gradient.ravel(), rcond=None)[0]
            new = value(point + step.reshape(point.shape))
            if new < now:
                break
            damping *= 10
        else:
            break
        point, gained, now, damping = (
            point + step.reshape(point.shape),
            now - new,
            new,
            max(damping / 10, 1e-14),
        )
        if gained <= 1e-14 * now:
            break
    return now


def problem(seed: int, kind: str, K: int, log_scale: float):
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(2 * K, 60 + 2 * K)), int(rng.integers(1, 8))
    if kind == "wide":
        d = n + int(rng.integers(1, 10))
        d = min(d, 24)
    X = rng.standard_normal((n, d))
    y = np.concatenate([np.arange(K), rng.integers(0, K, n - K)])
    mass = np.ones(n)
    if kind == "separable":
        X[:, 0] += 20 * y
    elif kind == "constant":
        X[:, -1] = 3.0
    elif kind == "duplicated":
        X = np.column_stack([X, X[:, :1]])
    elif kind == "scaled":
        X = X * 10.0 ** rng.uniform(-4, 4, d)
    elif kind == "sparse":
        X *= rng.random(X.shape) < 0.2
    elif kind == "weighted":
        mass = rng.choice([0.0, 1e-3, 1.0, 1e3], n)
        mass[:K] = 1
    return X * 10.0**log_scale, y, mass


PROBLEMS, MOST_LEFT = 1000, 0.03
LEFT: list[str] = []
"""What was said of the fits that did not converge: few, or the property would hold for want of claims."""


@pytest.mark.slow
def test_the_objective_is_within_the_tolerance_or_the_model_says_that_it_is_not():
    LEFT.clear()
    random_problem()
    assert len(LEFT) <= MOST_LEFT * PROBLEMS, LEFT


@settings(max_examples=PROBLEMS, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10**6),
    kind=st.sampled_from(KINDS),
    K=st.sampled_from([2, 2, 3, 4, 7]),
    log_scale=st.floats(-8, 8),
    log_C=st.floats(-6, 10),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def random_problem(seed, kind, K, log_scale, log_C, dtype):
    X, y, mass = problem(seed, kind, K, log_scale)
    X, C = X.astype(dtype), 10.0**log_C
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            model = LogisticRegression(C=C, tol=1e-5).fit(X, y, sample_weight=mass)
        except DataError as error:
            assert "too large" in str(error)  # noqa: PT017 - the one clear message that is allowed
            return
    assert np.isfinite(model.coef_).all()
    assert np.isfinite(model.intercept_).all()
    if not model.converged_:
        assert model.history_.outcome.startswith("not converged")
        LEFT.append(model.history_.outcome)
        return
    wide, onehot = X.astype(np.float64), np.eye(K)[y]
    W, b = model.coef_.astype(np.float64), model.intercept_.astype(np.float64)
    if K == 2:
        # one row of weights is two of half the size and opposite signs, but for the penalty, which is of w itself
        W, b = np.vstack([np.zeros_like(W), W]), np.append(0, b)
        reached = objective(wide, onehot, mass, C, W, b)
        best = sigmoid_newton(wide, y, mass, C)
    else:
        reached, best = objective(wide, onehot, mass, C, W, b), newton(wide, onehot, mass, C)
    slack = 2e-5 if dtype == np.float64 else 2e-3
    assert reached <= best * (1 + slack) + 1e-12


def sigmoid_newton(X, y, mass, C):
    """F* of two classes: softmax of ± w / 2 has the same losses and half the square, so half of C costs the same."""
    return newton(X, np.eye(2)[y], mass, C / 2)
