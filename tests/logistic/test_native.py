"""The compiled passes give what NumPy gives, on rows of every kind."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.engine import compiled as engine
from sightline.engine.threads import ThreadTeam, cut
from sightline.logistic import native
from sightline.logistic.loss import probabilities
from sightline.logistic.native import BYTES, CODES, VALUES, WHOLE, NativeRows
from sightline.logistic.rows import BlockRows

pytestmark = pytest.mark.skipif(not native.available(), reason="the passes are not compiled here")
TOLERANCE = {np.dtype(np.float32): 2e-4, np.dtype(np.float64): 1e-11}


def rows(rng, n: int, d: int, kind: str) -> np.ndarray:
    X = rng.integers(0, 256, (n, d)) * (rng.random((n, d)) < 0.3)
    if kind == "bytes":
        return X.astype(np.uint8)
    if kind == "few values":
        return (X / 255).astype(np.float32)
    return (X * rng.random((n, d))).astype(kind)


def opened(X: np.ndarray, *, packed: bool) -> tuple[NativeRows, BlockRows, ThreadTeam]:
    dtype = np.dtype(np.float64 if X.dtype == np.float64 else np.float32)
    team = ThreadTeam(len(X), X.shape[1], 2)
    compiled = NativeRows(X, dtype)
    if packed:
        compiled.pack(team, np.count_nonzero(X, axis=1).astype(np.int64))
    return compiled, BlockRows(X, dtype), team


shapes = {
    "n": st.integers(1, 700),
    "d": st.integers(1, 90),
    "R": st.sampled_from([1, 3, 4, 8, 10, 16, 17, 26, 40]),
    "kind": st.sampled_from(["bytes", "few values", "float32", "float64"]),
    "packed": st.booleans(),
    "seed": st.integers(0, 10**6),
}


@settings(max_examples=150, deadline=None)
@given(**shapes, weighted=st.booleans(), scale=st.sampled_from([1e-3, 0.03, 1.0]))
def test_losses_residuals_and_gradients(n, d, R, kind, packed, seed, weighted, scale):
    rng = np.random.default_rng(seed)
    X = rows(rng, n, d, kind)
    compiled, plain, team = opened(X, packed=packed)
    weights = (rng.standard_normal((R, d)) * scale).astype(plain.dtype)
    bias = rng.standard_normal(R).astype(plain.dtype)
    labels = rng.integers(0, max(R, 2), n)
    mass = rng.uniform(0, 3, n).astype(plain.dtype) if weighted else None
    kept, expected_kept = np.full((2, R, n), np.nan, plain.dtype)
    tolerance = TOLERANCE[plain.dtype]
    for slab in team.slabs:
        loss, sums = compiled.residuals(slab, weights, bias, labels, mass, kept)
        expected, expected_sums = plain.residuals(slab, weights, bias, labels, mass, expected_kept)
        assert loss == pytest.approx(expected, rel=tolerance, abs=1e-6 * tolerance)
        size = np.abs(X.astype(float)).sum(axis=0).max() + 1
        np.testing.assert_allclose(sums, expected_sums, atol=tolerance * size * (3 if weighted else 1))
    np.testing.assert_allclose(kept, expected_kept, atol=20 * tolerance)
    assert np.isfinite(kept).all()


@settings(max_examples=80, deadline=None)
@given(**shapes, squared=st.booleans())
def test_sums_on_the_way_back(n, d, R, kind, packed, seed, squared):
    rng = np.random.default_rng(seed)
    X = rows(rng, n, d, kind)
    compiled, plain, team = opened(X, packed=packed)
    S = rng.standard_normal((R, n)).astype(plain.dtype)
    for slab in team.slabs:
        expected = plain.back(slab, S, squared=squared)
        size = (X.astype(float) ** (2 if squared else 1)).sum(axis=0).max() + 1
        np.testing.assert_allclose(
            compiled.back(slab, S, squared=squared), expected, atol=TOLERANCE[plain.dtype] * size
        )


@settings(max_examples=80, deadline=None)
@given(**shapes)
def test_curvature_of_a_sample(n, d, R, kind, packed, seed):
    rng = np.random.default_rng(seed)
    X = rows(rng, n, d, kind)
    compiled, plain, team = opened(X, packed=packed)
    dtype = plain.dtype
    sample = np.sort(rng.choice(n, rng.integers(1, n + 1), replace=False))
    m = len(sample)
    weights, bias = rng.standard_normal((R, d)).astype(dtype) / 255, rng.standard_normal(R).astype(dtype)
    labels, mass = rng.integers(0, max(R, 2), m), rng.uniform(0, 2, m).astype(dtype)
    P = rng.uniform(0.1, 1, (R, m))
    P = (P / P.sum(axis=0) if R > 1 else P / 4).astype(dtype)
    lanes = compiled.lanes()
    padded = np.zeros((m, -(-R // lanes) * lanes), dtype)
    padded[:, :R] = P.T
    some, which = compiled.some(sample, 2)
    got = sum(some.curvature(slab, which, weights, bias, labels, padded, mass) for slab in cut(m, 2, 256))
    A = np.column_stack([X[sample].astype(float), np.ones(m)])
    Z = A @ np.column_stack([weights, bias]).astype(float).T
    S = P.T * (Z - (P.T * Z).sum(axis=1, keepdims=True)) if R > 1 else P.T * Z
    expected = (S * mass[:, None]).T @ A
    np.testing.assert_allclose(got, expected, atol=TOLERANCE[dtype] * (np.abs(A).sum(axis=0).max() + 1))
    team.close()


@pytest.mark.parametrize("n", [255, 256, 257, 500, 1023, 2047, 2049, 5000])
@pytest.mark.parametrize("kind", ["bytes", "float32"])
def test_packed_rows_on_several_slabs(n, kind):
    """Slabs begin where blocks of packed rows begin, however few there are."""
    rng = np.random.default_rng(n)
    X = rows(rng, n, 1500, kind)
    compiled, plain, team = opened(X, packed=True)
    assert len(team.slabs) == max(1, min(8, n // 256))
    assert [slab.start % 256 for slab in team.slabs] == [0] * len(team.slabs)
    weights, bias = (rng.standard_normal((3, 1500)) / 3000).astype(np.float32), np.zeros(3, np.float32)
    labels = rng.integers(0, 3, n)
    for slab in team.slabs:
        loss, sums = compiled.residuals(slab, weights, bias, labels, None, None)
        expected, expected_sums = plain.residuals(slab, weights, bias, labels, None, None)
        assert loss == pytest.approx(expected, rel=1e-4)
        np.testing.assert_allclose(sums, expected_sums, atol=1e-4 * X.astype(float).sum(axis=0).max())
    team.close()


@pytest.mark.parametrize("level", [0, 3, 4])
@pytest.mark.parametrize("kind", ["bytes", "few values", "float32", "float64"])
def test_every_level_of_vector_instructions(monkeypatch, level, kind):
    if level > engine.level(native.LIBRARY):
        pytest.skip(f"this processor has no instructions of level {level}")
    native._function.cache_clear()
    monkeypatch.setattr(engine, "level", lambda _: level)
    try:
        rng = np.random.default_rng(level)
        for R in (1, 3, 10, 33):
            X = rows(rng, 700, 50, kind)
            labels, S = rng.integers(0, max(R, 2), 700), rng.standard_normal((R, 700))
            for packed in (False, True):
                compiled, plain, _ = opened(X, packed=packed)
                weights, bias = rng.standard_normal((R, 50)).astype(plain.dtype) / 99, np.ones(R, plain.dtype)
                loss, sums = compiled.residuals(slice(0, 700), weights, bias, labels, None, None)
                expected, expected_sums = plain.residuals(slice(0, 700), weights, bias, labels, None, None)
                size = X.astype(float).sum(axis=0).max() + 1
                assert loss == pytest.approx(expected, rel=TOLERANCE[plain.dtype])
                np.testing.assert_allclose(sums, expected_sums, atol=TOLERANCE[plain.dtype] * size)
                back = compiled.back(slice(0, 700), S.astype(plain.dtype))
                again = plain.back(slice(0, 700), S.astype(plain.dtype))
                np.testing.assert_allclose(back, again, atol=TOLERANCE[plain.dtype] * size)
                Z, wanted = np.empty((2, 700, R), plain.dtype)
                compiled.forward(slice(0, 700), weights, bias, Z)
                plain.forward(slice(0, 700), weights, bias, wanted)
                np.testing.assert_allclose(Z, wanted, rtol=1e-3, atol=1e-4)
    finally:
        native._function.cache_clear()


def test_a_library_of_other_sources_is_not_called(monkeypatch):
    engine._opened.cache_clear()
    monkeypatch.setattr(engine, "CALLS", -1)
    try:
        assert not native.available()
    finally:
        engine._opened.cache_clear()


def test_moments_and_kinds():
    rng = np.random.default_rng(0)
    for kind, whole, packed in [
        ("bytes", BYTES, CODES), ("few values", WHOLE, CODES), ("float32", WHOLE, VALUES), ("float64", WHOLE, VALUES)
    ]:  # fmt: skip
        X = rows(rng, 900, 30, kind)
        compiled, plain, team = opened(X, packed=False)
        shift, mass = rng.random(30).astype(plain.dtype), rng.random(900).astype(plain.dtype)
        entries = np.zeros(900, np.int64)
        for slab in team.slabs:
            for got, expected in zip(
                compiled.moments(slab, shift, mass, entries),
                plain.moments(slab, shift, mass, entries),
                strict=True,
            ):
                np.testing.assert_allclose(got, expected, rtol=1e-5)
        np.testing.assert_array_equal(entries, np.count_nonzero(X, axis=1))
        assert compiled.rows.kind == whole
        compiled.pack(team, entries)
        assert compiled.rows.kind == packed


def test_scores_of_any_size_never_leave_the_numbers():
    """Scores of 1e30 and what overflows: a finite loss, or one that is not finite and is refused; never a crash."""
    X = np.array([[1e19, 1.0], [-1e19, 2.0], [0.0, 3.0]], np.float32)
    compiled, _, _ = opened(X, packed=False)
    for R in (1, 3):
        weights = np.full((R, 2), 1e10, np.float32) * np.arange(1, R + 1, dtype=np.float32)[:, None]
        loss, sums = compiled.residuals(
            slice(0, 3), weights, np.zeros(R, np.float32), np.array([0, 1, 1]), None, None
        )
        assert loss > 1e20
        assert np.isfinite(sums).all()
        loss, _ = compiled.residuals(
            slice(0, 3), weights * np.float32(1e25), np.zeros(R, np.float32), np.array([0, 1, 1]), None, None
        )
        assert not np.isfinite(loss)


def test_residuals_of_nearly_sure_rows_keep_their_digits():
    X = np.ones((300, 1), np.float32)
    compiled, plain, _ = opened(X, packed=False)
    weights = np.array([[30.0], [0.0], [1.0]], np.float32)
    labels = np.zeros(300, np.int64)
    kept = np.empty((3, 300), np.float32)
    loss, _ = compiled.residuals(slice(0, 300), weights, np.zeros(3, np.float32), labels, None, kept)
    others = np.exp(-30.0) + np.exp(-29.0)
    assert loss == pytest.approx(300 * others, rel=1e-4)
    assert kept[0] == pytest.approx(np.full(300, -others), rel=1e-4)
    assert probabilities(kept, labels)[0] == pytest.approx(1)
    assert plain.block >= 16


def test_without_the_compiled_passes_the_model_is_the_same():
    code = (
        "import numpy as np; from sklearn.datasets import load_digits; from sightline import LogisticRegression; "
        "from sightline.logistic import native; X, y = load_digits(return_X_y=True); "
        "X = np.tile(X, (3, 1)).astype(np.float32) / 16; y = np.tile(y, 3); "
        "m = LogisticRegression(C=0.1, tol=1e-7).fit(X, y); print(native.available(), *m.coef_.ravel()[:200])"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "SIGHTLINE_NATIVE": flag}, capture_output=True,
            text=True, check=True, timeout=120,
        ).stdout.split()
        for flag in ("1", "0")
    ]  # fmt: skip
    assert [one[0] for one in said] == ["True", "False"]
    np.testing.assert_allclose(*[np.array(one[1:], float) for one in said], atol=2e-4)
