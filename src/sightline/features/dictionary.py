"""Dictionaries of patches, learned from images without labels: what they are made of, again and again.

Patches are freed of mean and contrast, then whitened: with Σ = U Λ Uᵀ their covariance and μ their mean,
w = (x̃ − μ) U (Λ + r)^(−½) Uᵀ. Atoms c_k of length 1 are found among them, and a patch's score on atom k is
w · c_k = x̃ · f_k + o_k with f_k = U (Λ + r)^(−½) Uᵀ c_k and o_k = −μ · f_k.

Sources: Coates and Ng, Learning feature representations with k-means, 2012 (spherical k-means); Chan et al.,
PCANet, 2015 (principal components as atoms).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from sightline.engine.threads import ThreadTeam, cut, single_threaded_blas

Floats = npt.NDArray[np.float32]
KINDS = ("kmeans", "pca", "random")
ROUNDS = 10
"""Of k-means: the atoms hardly move any more, and the features do not notice."""


class Dictionary(NamedTuple):
    """`filters` (entries, K) and `offset` (K,) float32 of the scores; `atoms` (K, entries) whitened, of length 1."""

    filters: Floats
    offset: Floats
    atoms: Floats


@single_threaded_blas()
def learn_dictionary(
    patches: Floats, n_atoms: int, *, kind: str = "kmeans", ridge: float = 0.3, seed: int = 0
) -> Dictionary:
    """Learn atoms from patches x̃ (n, entries), freed of mean and contrast.

    Parameters
    ----------
    patches : (n, entries) float32
    n_atoms : int
        At most n are found, and of kind "pca" at most as many as there are entries.
    kind : "kmeans", "pca" or "random"
        Directions round which patches gather, whatever their sign; principal components; patches as they come.
    ridge : float ≥ 0
        r: directions of less variance than this are not blown up.
    seed : int

    Returns
    -------
    Dictionary
        Law: the same patches and seed give the same atoms, on any number of threads.
    """
    rng, team = np.random.default_rng(seed), ThreadTeam(*patches.shape)
    try:
        mean = patches.mean(axis=0, dtype=np.float64)
        parts = cut(len(patches), 8)
        gram = np.sum(team.each(lambda part: patches[part].T @ patches[part], parts), axis=0)
        covariance = gram.astype(np.float64) / len(patches) - np.outer(mean, mean)
        variance, U = np.linalg.eigh(covariance)
        root = np.sqrt(np.maximum(variance, 0) + max(ridge, 1e-6))
        whitening = ((U / root) @ U.T).astype(np.float32)
        if kind == "pca":
            order = np.argsort(-variance, kind="stable")[:n_atoms]
            atoms = np.ascontiguousarray(U[:, order].T, np.float32)
        else:
            white = np.empty_like(patches)
            offset = (mean @ whitening.astype(np.float64)).astype(np.float32)

            def whiten(part: slice) -> None:
                np.subtract(patches[part] @ whitening, offset, out=white[part])

            team.each(whiten, parts)
            atoms = white[rng.choice(len(white), min(n_atoms, len(white)), replace=False)]
            atoms /= np.maximum(np.linalg.norm(atoms, axis=1, keepdims=True), 1e-12)
            if kind == "kmeans":
                atoms = _gathered(white, atoms, team, parts)
    finally:
        team.close()
    filters = whitening @ atoms.T
    return Dictionary(filters, (-mean @ filters.astype(np.float64)).astype(np.float32), atoms)


def _gathered(white: Floats, atoms: Floats, team: ThreadTeam, parts: list[slice]) -> Floats:
    """Spherical k-means: each patch goes to the atom it lies along most, each atom to the mean of its patches."""
    K = len(atoms)

    def pull(part: slice) -> Any:
        scores = white[part] @ atoms.T
        nearest = np.abs(scores).argmax(axis=1)
        strength = scores[np.arange(len(nearest)), nearest]
        return (
            csr_matrix((strength, (nearest, np.arange(len(nearest)))), shape=(K, len(nearest))) @ white[part]
        )

    for _ in range(ROUNDS):
        pulled = np.sum(team.each(pull, parts), axis=0)
        length = np.linalg.norm(pulled, axis=1, keepdims=True)
        atoms = np.where(length > 1e-6, pulled / np.maximum(length, 1e-6), atoms).astype(np.float32)
    return atoms
