"""What features look like, built by hand from any run, so that the pictures are tested apart from what fills them."""

import numpy as np

from sightline.anatomy import (
    Atoms,
    CellGrid,
    CellShares,
    Copies,
    Directions,
    FeatureMaps,
    Found,
    Stage,
    Straightened,
)


def atoms(run, K=23, on_pixels=True):
    rng = np.random.default_rng(0)
    channels = run.dataset.shape[2:]
    use = np.sort(rng.random((K, 2)), axis=0)[::-1]
    return Atoms(
        which=rng.permutation(K),
        use=use / use.sum(),
        patterns=rng.normal(size=(K, 3, 3, *channels)) if on_pixels else None,
        excited=rng.integers(0, 256, (K, 2, 3, 3, *channels)).astype(float),
        n_images=20,
    )


def grid(shape, R, down, across, name):
    rng = np.random.default_rng(down)
    places = rng.normal(size=(R, 2 * down, 2 * across))
    shares = places.reshape(R, down, 2, across, 2).sum(axis=(2, 4))
    edges = (np.linspace(0, side, n + 1) for side, n in zip(shape[:2], (down, across), strict=True))
    return CellGrid(name, *edges, shares, places, (0.0, 0.0, float(shape[0]), float(shape[1])))


def found(shape, R, i, on_pixels):
    rng = np.random.default_rng(i)
    at = rng.random((7, 2)) * np.array(shape[:2]) - 0.5
    return Found(
        name=f"cell 1·0, atom {i} −",
        grid=i % 2,
        cell=(1, 0),
        shares=rng.normal(size=R),
        pattern=rng.normal(size=(3, 3, *shape[2:])) if on_pixels else None,
        patch=rng.integers(0, 256, (3, 3, *shape[2:])),
        at=at,
        answers=np.sort(rng.random(7))[::-1],
        side=3.0,
    )


def cells(run, on_pixels=True, grids=((3, 4), (9, 9))):
    """The z of an explained decision, shared out among cells at random."""
    one, shape = run.explanations[0], run.dataset.shape
    R = len(one.z)
    made = tuple(grid(shape, R, *size, f"patches of {n + 1} × {n + 1}") for n, size in enumerate(grids))
    bias = one.z - sum(part.shares.sum(axis=(1, 2)) for part in made)
    return CellShares(
        image=one.image,
        seen=one.image[::-1],
        classes=one.classes,
        z=one.z,
        bias=bias,
        probability=one.probability,
        predicted=one.predicted,
        runner_up=one.runner_up,
        label=one.label,
        grids=made,
        found=tuple(found(shape, R, i, on_pixels) for i in range(len(made) * 5)) if len(made) > 1 else (),
    )


def maps(run):
    rng, shape = np.random.default_rng(0), run.dataset.shape
    return FeatureMaps(
        image=run.test.images[0],
        recipe="by hand",
        stages=(
            Stage("straightened", "upright", rng.random((1, *shape)) * 255, ("",), "pixels"),
            Stage("scaled", "above and below", rng.normal(size=(1, *shape)), ("",), "signed"),
            Stage("patches", "its filter", rng.normal(size=(9, 3, 3, *shape[2:])), ("1 +",) * 9, "signed"),
            Stage("", "its answers", rng.random((9, 4, 5)), ("",) * 9, "amount"),
        ),
    )


def straightened(run, m=3):
    images = run.test.images[:m].astype(float)
    slant = np.linspace(-0.5, 0.5, len(images))
    middle = images.shape[2] / 2
    line = middle + slant[:, None] * (np.arange(images.shape[1]) - images.shape[1] / 2)
    return Straightened(images, images[:, ::-1], line, slant)


def copies(run, m=3, c=4):
    images = run.test.images[:m]
    return Copies(images, np.stack([images] * c, axis=1), "moved and turned")


def directions(run):
    rng, (high, wide) = np.random.default_rng(0), run.dataset.shape[:2]
    sizes = ((2, 3), (1, 1))
    return Directions(
        seen=run.test.images[0],
        windows=(3, 5),
        rows=tuple(np.linspace(0, high, r + 1) for r, _ in sizes),
        columns=tuple(np.linspace(0, wide, c + 1) for _, c in sizes),
        values=tuple(rng.random((*size, 8)) for size in sizes),
    )
