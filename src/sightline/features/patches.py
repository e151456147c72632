"""Patches: how often each atom of a learned dictionary is found in each part of the image."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sightline.engine.device import Device, device_of, find_device, host
from sightline.engine.threads import ThreadTeam, blocks, single_threaded_blas
from sightline.errors import DataError, UsageError
from sightline.features.dictionary import KINDS, learn_dictionary
from sightline.features.images import DTYPES, Shape, float_type, resolve_shape
from sightline.features.layer import Layer, cells
from sightline.features.layer_arrays import ArrayLayer, through
from sightline.features.layer_at import LayerAt

Floats = npt.NDArray[Any]
BLOCK = 32
FAINT = 0.05
"""A patch whose standard deviation is below this share of that of the images teaches the dictionary nothing."""
MAPS_OF = 500
"""Images whose maps show in which directions they differ."""


class Patches(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    r"""Sums over a grid of what every patch has in common with the atoms of a dictionary.

    For the cell g, the sign ± and the atom k: φ = √ Σ_{patches p in g} max(0, ±s_pk − t), see
    `sightline.features.layer`. The dictionary is learned from patches of the images of the fit, without labels.

    Parameters
    ----------
    shape : (height, width[, channels]) or None
        None takes a grey square, else a colour square, else one row of pixels.
    size : int
        Side of a patch in pixels.
    n_atoms : int
        K; as many as there are different patches, at most.
    grid : int or None
        Cells a side; None makes cells of `pool` positions a side instead: a map of the image for a next layer.
    pool : int
        Side of a cell in positions where `grid` is None.
    pad : int
        Pixels that are added all round, each like the nearest of the border.
    n_components : int or None
        Keep these many directions in which the 2K numbers of a cell differ most, None all.
    dictionary : "kmeans", "pca" or "random"
    threshold, floor, ridge : float
        t of the scores; of the variance of a patch, its contrast; of the whitening.
    n_patches : int
        From how many patches the dictionary is learned.
    random_state : int
        Draws patches and first atoms.
    device : str
        Where features are computed: "cpu", or on a graphics card, "cuda"; see `sightline.engine.device`. Without a
        card a UserWarning says so, and the processor is used. The dictionary is learned on the processor.

    Attributes
    ----------
    shape_ : (height, width, channels)
    filters_, offset_ : (size² · channels, K), (K,)
    directions_ : (2K, n_components), or None
    map_shape_ : (rows, columns, numbers) of what comes out

    Notes
    -----
    Takes numbers in 0…1, as `RangeScaler` makes them. Laws: compiled and NumPy agree within rounding · a blank
    image gives what its blank patches give, whatever its grey · features are ≥ 0 where `n_components` is None.
    """

    def __init__(
        self,
        shape: Shape | None = None,
        *,
        size: int = 6,
        n_atoms: int = 100,
        grid: int | None = 4,
        pool: int = 2,
        pad: int = 0,
        n_components: int | None = None,
        dictionary: str = "kmeans",
        threshold: float = 0.5,
        floor: float = 0.1,
        ridge: float = 1.0,
        n_patches: int = 60_000,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.shape = shape
        self.size = size
        self.n_atoms = n_atoms
        self.grid = grid
        self.pool = pool
        self.pad = pad
        self.n_components = n_components
        self.dictionary = dictionary
        self.threshold = threshold
        self.floor = floor
        self.ridge = ridge
        self.n_patches = n_patches
        self.random_state = random_state
        self.device = device

    @single_threaded_blas()
    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:
        """Learn the dictionary.

        Raises
        ------
        UsageError
            The images are smaller than a patch, or a choice does not exist.
        DataError
            No patch of any image differs from a blank one.
        """
        rows = validate_data(self, host(X), dtype=DTYPES)
        self.shape_ = _shape_of(self.shape, rows.shape[1])
        self._check()
        self._drop_layer()
        patches = self._drawn(rows, np.random.default_rng(self.random_state))
        learned = learn_dictionary(
            patches, self.n_atoms, kind=self.dictionary, ridge=self.ridge, seed=self.random_state
        )
        self.filters_, self.offset_, self.directions_ = learned.filters, learned.offset, None
        layer = self._layer
        numbers = 2 * layer.n_atoms
        if self.n_components is not None and self.n_components < numbers:
            few = rows[:: max(1, len(rows) // MAPS_OF)][:MAPS_OF]
            self.map_shape_ = (*layer.grid, numbers)
            seen = self._through(few).reshape(-1, numbers)
            seen -= seen.mean(axis=0)
            _, U = np.linalg.eigh((seen.T @ seen).astype(np.float64))
            directions = U[:, ::-1][:, : self.n_components]
            self.directions_ = (directions / max(float((seen @ directions).std()), 1e-12)).astype(np.float32)
            numbers = self.n_components
        self.map_shape_ = (*layer.grid, numbers)
        return self

    def transform(self, X: npt.ArrayLike) -> Floats:
        """(n, d) rows to (n, rows · columns · numbers) features; float64 stays, the rest becomes float32.

        Rows that are an array of PyTorch or CuPy give features that are one too, made on the device where they are.
        """
        check_is_fitted(self)
        there = device_of(X)
        if there is not None:
            found: Floats = self._through_arrays(X, there)
            return found
        return self._through(validate_data(self, host(X), dtype=DTYPES, reset=False))

    def images(self, X: Floats) -> Floats:
        """Rows as images (n, height, width, channels), padded."""
        square = X.reshape(len(X), *self.shape_)
        pad = ((0, 0), (self.pad, self.pad), (self.pad, self.pad), (0, 0))
        return np.pad(square, pad, mode="edge") if self.pad else square

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Such as "cell 1·2, atom 17 −", cells counted by row and column from the top left."""
        down, across, numbers = self.map_shape_
        if self.directions_ is None:
            K = numbers // 2
            kinds = [f"atom {k} {sign}" for sign in "+−" for k in range(K)]
        else:
            kinds = [f"direction {k}" for k in range(numbers)]
        names = [f"cell {r}·{c}, {kind}" for r in range(down) for c in range(across) for kind in kinds]
        return np.array(names, dtype=object)

    @property
    def _layer(self) -> Layer:
        """The layer as it was fitted; made when first needed."""
        if "_made" not in self.__dict__:
            high, wide, channels = self.shape_
            shape = (high + 2 * self.pad, wide + 2 * self.pad, channels)
            down, across = shape[0] - self.size + 1, shape[1] - self.size + 1
            if self.grid is None:
                pool = min(self.pool, down, across)
                rows, columns = np.arange(0, down + 1, pool), np.arange(0, across + 1, pool)
            else:
                rows, columns = cells(down, self.grid), cells(across, self.grid)
            filters, offset = self.filters_, self.offset_
            t, floor = float(self.threshold), float(self.floor)
            self._made = Layer(shape, self.size, filters, offset, rows, columns, t, floor)
        return self._made

    def at(self, x: npt.NDArray[Any]) -> LayerAt:
        """The layer at one image (d,), for the way back from scores to pixels."""
        return LayerAt(self._layer, self.images(np.asarray(x, np.float64)[None]))

    def unpadded(self, pull: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Weights on padded images (R, h, w, c) taken back to the pixels they repeat, (R, d)."""
        for axis, length in ((1, self.shape_[0]), (2, self.shape_[1])):
            source = np.clip(np.arange(length + 2 * self.pad) - self.pad, 0, length - 1)
            folded = np.zeros((*pull.shape[:axis], length, *pull.shape[axis + 1 :]))
            for at, to in enumerate(source):
                folded[(slice(None),) * axis + (to,)] += pull[(slice(None),) * axis + (at,)]
            pull = folded
        return pull.reshape(len(pull), -1)

    def _drop_layer(self) -> None:
        self.__dict__.pop("_made", None)

    def __getstate__(self) -> Any:
        state = dict(super().__getstate__())
        state.pop("_made", None)  # holds addresses
        return state

    def _check(self) -> None:
        high, wide, _ = self.shape_
        if self.size > min(high, wide) + 2 * self.pad or self.size < 1:
            raise UsageError(
                f"images of {high}×{wide} pixels are smaller than a patch of {self.size}×{self.size}",
                "Choose a smaller `size`, or another recipe.",
            )
        if self.dictionary not in KINDS:
            raise UsageError(f"there is no dictionary {self.dictionary!r}", f"There are {', '.join(KINDS)}.")
        for name, least in (("n_atoms", 1), ("pool", 1), ("pad", 0), ("n_patches", 1)):
            if getattr(self, name) < least:
                raise UsageError(f"{name} = {getattr(self, name)!r} is below {least}")
        if self.grid is not None and self.grid < 1:
            raise UsageError(
                f"grid = {self.grid!r} is below 1", "None makes cells of `pool` positions a side."
            )

    def _drawn(self, rows: Floats, rng: np.random.Generator) -> Floats:
        """Patches x̃ that are not blank, drawn from all images alike."""
        high, wide, _ = self.shape_
        down, across = high + 2 * self.pad - self.size + 1, wide + 2 * self.pad - self.size + 1
        spread = float(np.std(rows[:: max(1, len(rows) // MAPS_OF)], dtype=np.float64))
        kept: list[Floats] = []
        found = 0
        wanted = min(self.n_patches, len(rows) * down * across)
        for _ in range(8):  # blank ones are drawn as well, and left
            image = np.sort(rng.integers(0, len(rows), wanted))
            row, column = rng.integers(0, down, wanted), rng.integers(0, across, wanted)
            for part in blocks(slice(0, wanted), 4096):
                patches = self._patches_at(rows, image[part], row[part], column[part])
                alive = patches[patches.std(axis=1) > FAINT * spread]
                kept.append(alive)
                found += len(alive)
            if found >= wanted:
                break
        drawn = np.concatenate(kept)
        drawn = drawn[rng.permutation(len(drawn))[:wanted]]
        if not len(drawn):
            raise DataError(
                "every patch of the images is blank: there is nothing to learn a dictionary from",
                "Are all images of one grey? `sightline explore` shows them.",
            )
        drawn -= drawn.mean(axis=1, keepdims=True)
        drawn /= np.sqrt(np.square(drawn).mean(axis=1, keepdims=True) + np.float32(self.floor))
        return drawn

    def _patches_at(self, rows: Floats, image: Any, row: Any, column: Any) -> Floats:
        images = self.images(np.asarray(rows[image], np.float32))
        i = np.arange(len(image))[:, None, None]
        step = np.arange(self.size)
        picked = images[i, row[:, None, None] + step[:, None], column[:, None, None] + step]
        return np.asarray(picked.reshape(len(image), -1), np.float32)

    def _through(self, rows: Floats) -> Floats:
        dtype, layer = float_type(rows.dtype), self._layer
        device = find_device(self.device)
        if device is not None:
            return through(ArrayLayer(layer, self.pad, self.directions_, device), rows, dtype)
        out = np.empty((len(rows), int(np.prod(self.map_shape_))), dtype)
        team = ThreadTeam(len(rows), layer.width)

        def part(slab: slice) -> None:
            for block in blocks(slab, BLOCK):
                found = layer(self.images(rows[block].astype(dtype, copy=False)))
                if self.directions_ is not None:
                    found = found.reshape(-1, 2 * layer.n_atoms) @ self.directions_.astype(dtype)
                out[block] = found.reshape(len(out[block]), -1)

        team.map(part)
        team.close()
        return out

    def _through_arrays(self, X: Any, device: Device) -> Any:
        d = int(np.prod(self.shape_))
        if len(X.shape) != 2 or X.shape[1] != d:
            raise DataError(
                f"X has the shape {tuple(X.shape)}", f"Expected rows of {d} numbers, as in the fit."
            )
        xp, X = device.xp, X.detach() if device.library == "torch" else X
        rows = X if X.dtype == xp.float64 else xp.astype(X, xp.float32, copy=False)
        return ArrayLayer(self._layer, self.pad, self.directions_, device)(rows)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _shape_of(shape: Shape | None, n_features: int) -> tuple[int, int, int]:
    """(height, width, channels), of any number of channels."""
    if shape is None or len(shape) == 2:
        found = resolve_shape(shape, n_features)
        return (found[0], found[1], found[2] if len(found) == 3 else 1)
    high, wide, channels = (int(side) for side in shape)
    if len(shape) != 3 or high * wide * channels != n_features:
        raise UsageError(
            f"rows of {n_features} numbers are not images of shape {shape}",
            "Give (height, width) or (height, width, channels) whose product is the number of columns.",
        )
    return high, wide, channels
