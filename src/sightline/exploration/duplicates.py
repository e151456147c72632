"""Images that occur twice: exactly, nearly, with different labels, on both sides of the split."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from sightline.exploration.moments import row_blocks

IntArray = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.uint8]
Pair = tuple[int, int, float]

TREE_DIRECTIONS = 6
"""Directions that the search tree sees: more make each step dearer than the candidates it saves."""

FILTER_DIRECTIONS = 32
"""Directions that sift the tree's candidates before whole images are compared."""

MOST_CANDIDATES = 4_000_000
"""Pairs that may be held at once (64 MB); where more are expected, fewer images are searched."""

MOST_PAIRS = 1_000
"""Near pairs that are kept, the nearest."""


def exact_groups(X: Pixels) -> tuple[list[tuple[int, ...]], IntArray]:
    """Group equal rows.

    Returns
    -------
    groups : the rows of every image that occurs at least twice, in order of first appearance
    first : (u,) the first row of every different image
    """
    seen: dict[bytes, list[int]] = {}
    for row, image in enumerate(X):
        seen.setdefault(hashlib.blake2b(image.tobytes(), digest_size=16).digest(), []).append(row)
    groups = [tuple(rows) for rows in seen.values() if len(rows) > 1]
    return groups, np.array([rows[0] for rows in seen.values()], dtype=np.int64)


def near_pairs(
    X: Pixels, rows: IntArray, threshold: float, rng: np.random.Generator
) -> tuple[list[Pair], int | None]:
    """Pairs of different images whose RMS difference is at most `threshold`.

    A projection on orthonormal directions never lengthens a distance. So every true pair is also near in
    a few directions, where a tree finds it; what it finds is then measured on the whole images. The
    answer is exact, whatever the directions; good ones (principal directions of a sample) only save time.

    Parameters
    ----------
    X : (n, d) uint8
    rows : rows to search, no two of them equal
    threshold : float, intensities 0…255

    Returns
    -------
    pairs : (row, row, distance), nearest first, at most `MOST_PAIRS`
    sampled : None where all of `rows` were searched, else how many were
    """
    n, d = len(rows), X.shape[1]
    if n < 2 or threshold <= 0:
        return [], None
    radius = threshold * float(np.sqrt(d))
    slack = radius * 1.001 + 0.01  # float32 projections are right to some 1e-6 of the length
    shadow = _project(X, rows, rng)
    searched = _affordable(shadow[:, :TREE_DIRECTIONS], slack, rng)
    tree = cKDTree(shadow[searched, :TREE_DIRECTIONS])
    candidates = searched[tree.query_pairs(slack, output_type="ndarray")]
    close = _distance(shadow, candidates) <= slack
    pairs = rows[candidates[close]]
    distance = _distance(X, pairs) / np.sqrt(d)
    order = np.lexsort((pairs.max(axis=1), pairs.min(axis=1), distance))
    order = order[distance[order] <= threshold][:MOST_PAIRS]
    found = [(int(pairs[i].min()), int(pairs[i].max()), float(distance[i])) for i in order]
    return found, None if len(searched) == n else len(searched)


def _project(X: Pixels, rows: IntArray, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """(len(rows), r) coordinates in the principal directions of a sample, the widest first."""
    d = X.shape[1]
    m = min(len(rows), 500, max(50, 20_000_000 // d))
    sample = X[np.sort(rng.choice(rows, m, replace=False))].astype(np.float32)
    centre = sample.mean(axis=0)
    sample -= centre
    directions = np.linalg.svd(sample, full_matrices=False)[2][:FILTER_DIRECTIONS].T
    out = np.empty((len(rows), directions.shape[1]), dtype=np.float32)
    for part in row_blocks(len(rows), d):
        out[part] = (X[rows[part]].astype(np.float32) - centre) @ directions
    return out


def _affordable(points: npt.NDArray[np.float32], radius: float, rng: np.random.Generator) -> IntArray:
    """Return all points, or so many drawn ones that the pairs among them can be held."""
    n = len(points)
    probe = points[rng.choice(n, min(n, 200), replace=False)]
    neighbours = cKDTree(points).query_ball_point(probe, radius, return_length=True)
    expected = float(np.mean(neighbours)) * n / 2
    if expected <= MOST_CANDIDATES:
        return np.arange(n)
    kept = max(2, int(n * np.sqrt(MOST_CANDIDATES / expected)))
    return np.sort(rng.choice(n, kept, replace=False))


def _distance(
    points: npt.NDArray[np.float32] | Pixels, pairs: npt.NDArray[np.integer]
) -> npt.NDArray[np.float64]:
    """Euclidean distance of each pair of rows, block by block."""
    out = np.empty(len(pairs))
    for part in row_blocks(len(pairs), points.shape[1]):
        one, other = pairs[part].T
        difference = points[one].astype(np.float32) - points[other]
        out[part] = np.sqrt(np.einsum("nd,nd->n", difference, difference, dtype=np.float64))
    return out


def find_leaks(groups: Sequence[tuple[int, ...]], near: Sequence[Pair], n_train: int | None) -> list[Pair]:
    """(training row, test row, distance) for every test image that training has already shown.

    Exact duplicates are listed once per test row, with the first training row that equals it; a near pair
    stands for all exact duplicates of either of its images.
    """
    if n_train is None:
        return []
    leaks = [
        (group[0], row, 0.0) for group in groups if group[0] < n_train for row in group if row >= n_train
    ]
    whole = {row: group for group in groups for row in group}
    for one, other, distance in near:
        sides = whole.get(one, (one,)), whole.get(other, (other,))
        for train, test in (sides, sides[::-1]):
            if train[0] < n_train:
                leaks += [(train[0], row, distance) for row in test if row >= n_train]
    return leaks


def find_conflicts(groups: Sequence[tuple[int, ...]], labels: IntArray) -> list[tuple[int, ...]]:
    """Return groups of equal images whose labels differ."""
    return [group for group in groups if len(np.unique(labels[list(group)])) > 1]
