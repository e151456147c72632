"""Writes tests/golden/*.json, what Python and the page must agree on: ``python tests/studio/golden.py``."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from sightline.evaluation import evaluate, evaluate_probabilities, thresholds
from sightline.explanation import explain
from sightline.explanation.linear import pixel_weights, take_back
from sightline.features import PCA, make_recipe
from sightline.logistic.classifier import LogisticRegression, probability_of
from sightline.sources import load
from sightline.studio.framing import frame, measure
from sightline.studio.packet import packed, plain
from sightline.studio.wire import Framing, Neighbour

GOLDEN = Path(__file__).parents[1] / "golden"


def rounded(values, digits=6):
    return np.round(np.asarray(values, np.float64), digits).tolist()


def packet():
    arrays = {
        "bytes": np.array([[1, 2, 3], [4, 5, 255]], np.uint8),
        "shorts": np.array([0, 65535], np.uint16),
        "whole": np.array([-1, 7, 1 << 30], np.int32),
        "rows": np.array([4_000_000_000], np.uint32),
        "numbers": np.array([[0.5, -1.25], [np.inf, 3e-8]], np.float32),
        "none": np.empty((0, 4), np.float32),
    }
    value = Neighbour(row=3, label=1, distance=2.5)
    return {
        "hex": packed(value, **arrays).hex(),
        "value": plain(value),
        "arrays": {
            name: {"dtype": one.dtype.name, "shape": list(one.shape), "data": plain(one.ravel().tolist())}
            for name, one in arrays.items()
        },
    }


def drawn(height, width, strokes, thickness, value=255):
    """A pad with thick lines, as a person draws them."""
    pad = np.zeros((height, width))
    rows, columns = np.mgrid[:height, :width]
    for r0, c0, r1, c1 in strokes:
        for t in np.linspace(0, 1, 60):
            distance = np.hypot(rows - (r0 + t * (r1 - r0)), columns - (c0 + t * (c1 - c0)))
            pad = np.maximum(pad, np.clip(thickness / 2 + 0.5 - distance, 0, 1) * value)
    return np.round(pad).astype(np.uint8)


def framing():
    digits = measure(load("digits").train.images)
    mnist = Framing(
        ink=True, negative=False, height=28, width=28, channels=1, box_height=20.0, box_width=20.0, centre="mass",
        centre_row=13.9933, centre_column=14.0247, stroke=2.4, threshold=25,
    )  # fmt: skip
    colour = replace(mnist, negative=True, channels=3, height=12, width=10, box_height=10.0, box_width=9.0,
                     centre="box", centre_row=5.5, centre_column=4.5)  # fmt: skip
    seven = drawn(60, 48, [(8, 8, 8, 36), (8, 36, 50, 20)], 5)
    corner = drawn(40, 40, [(1, 30, 12, 38)], 3, 200)
    tiny = np.zeros((9, 9), np.uint8)
    tiny[4, 6] = 255
    faint = np.full((7, 7), 25, np.uint8)
    rgb = np.stack([seven, seven // 2, np.zeros_like(seven)], axis=2)
    cases = [(mnist, seven), (mnist, corner), (mnist, tiny), (mnist, faint), (digits, seven), (digits, corner),
             (replace(mnist, negative=True), seven), (colour, rgb)]  # fmt: skip
    return {
        "cases": [
            {"framing": asdict(one), "pad": pad.tolist(), "image": frame(pad, one).tolist()}
            for one, pad in cases
        ]
    }


def models():
    """Two linear models, ten classes and two, with their data."""
    digits = load("digits")
    for data, recipe in ((digits, "pixels"), (digits.subset(["3", "8"]), "pca")):
        yield data, make_recipe(recipe, shape=data.shape).fit(data.train.X, data.train.y)


def model():
    cases = []
    for data, fitted in models():
        images = data.test.images[:6]
        W = np.round(pixel_weights(fitted, data.n_features), 8)
        b = np.round(take_back(fitted, np.zeros(data.n_features)).bias, 8)
        z = images.reshape(6, -1) @ W.T + b
        cases.append(
            {
                "weights": W.tolist(), "bias": b.tolist(), "images": images.reshape(6, -1).tolist(),
                "z": rounded(z, 8), "probability": rounded(probability_of(z), 8),
            }
        )  # fmt: skip
    return {"cases": cases}


def explanations():
    cases = []
    for data, fitted in models():
        W = pixel_weights(fitted, data.n_features)
        b = take_back(fitted, np.zeros(data.n_features)).bias
        for row in (0, 5, 11):
            found = explain(fitted, data.test.images[row])
            change = found.smallest_change
            cases.append(
                {
                    "weights": rounded(W, 12), "bias": rounded(b, 12), "image": found.image.tolist(),
                    "contributions": rounded(found.contributions), "predicted": found.predicted,
                    "runner_up": found.runner_up,
                    "change": None if change is None
                    else {"target": change.target, "delta": rounded(change.delta), "norm": change.norm},
                }
            )  # fmt: skip
    return {"cases": cases}


def pca():
    digits = load("digits")
    scaled = digits.train.X / 255.0
    fitted = PCA(12).fit(scaled)
    coordinates = fitted.transform(scaled[:1])
    restored = {}
    for m in (0, 1, 5, 12):
        kept = np.where(np.arange(12) < m, coordinates, 0)
        restored[str(m)] = rounded(fitted.inverse_transform(kept)[0], 8)
    return {
        "mean": rounded(fitted.mean_, 8), "components": rounded(fitted.components_, 8),
        "coordinates": rounded(coordinates[0], 8), "restored": restored,
    }  # fmt: skip


def threshold():
    data, fitted = list(models())[1]
    found = evaluate(fitted, data)
    p = np.round(found.probability[:, 1], 6)
    of = thresholds(replace(found, probability=np.column_stack([1 - p, p])), 1, steps=21)
    return {
        "label": (found.labels == 1).astype(int).tolist(), "probability": p.tolist(),
        "cases": [
            {
                "threshold": float(of.threshold[i]), "true_positive": int(of.true_positive[i]),
                "false_positive": int(of.false_positive[i]), "false_negative": int(of.false_negative[i]),
                "true_negative": int(of.true_negative[i]),
            }
            for i in range(21)
        ],
    }  # fmt: skip


def random_model(seed):
    """A linear model that nothing was fitted to, an image, and what Python says of both: ties and dead ends too."""
    rng = np.random.default_rng(seed)
    K, shape = int(rng.integers(2, 8)), tuple(rng.integers(2, 7, 2)) + ((3,) if seed % 4 == 3 else ())
    W = rng.standard_normal((K if K > 2 else 1, int(np.prod(shape)))) * 10 ** rng.uniform(-4, 0)
    W[:, rng.random(W.shape[1]) < 0.2] = 0
    b = rng.standard_normal(len(W)) * 10 ** rng.uniform(-1, 2)
    if seed % 5 == 1 and K > 2:
        W[1], b[1] = W[0], b[0]  # two classes that are one
    if seed % 7 == 2:
        b[-1] += 1e6  # decided, whatever the image
    if seed % 11 == 4:
        W[:], b[:] = 0, 0
    x = rng.choice([0, 255], shape) if seed % 3 == 1 else rng.integers(0, 256, shape)
    linear = LogisticRegression()
    linear.coef_, linear.intercept_ = W.astype(np.float32), b.astype(np.float32)
    linear.classes_, linear.n_features_in_ = np.arange(K), W.shape[1]
    found = explain(linear, x.astype(np.uint8))
    change = found.smallest_change
    return {
        "weights": linear.coef_.tolist(), "bias": linear.intercept_.tolist(), "image": x.ravel().tolist(),
        "z": found.z.tolist(), "probability": found.probability.tolist(),
        "contributions": found.contributions.ravel().tolist(), "predicted": found.predicted,
        "runner_up": found.runner_up,
        "change": None if change is None
        else {"target": change.target, "delta": change.delta.ravel().tolist(), "norm": change.norm},
    }  # fmt: skip


def random_frame(seed):
    """Strokes on a pad, a frame that was measured on nothing, and the image in it."""
    rng = np.random.default_rng(seed)
    height, width, high, wide = (int(side) for side in rng.integers((5, 5, 12, 12), (33, 33, 61, 61)))
    channels = 3 if seed % 3 == 2 else 1
    strokes = rng.uniform(0, 1, (int(rng.integers(0, 4)), 4)) * (high, wide, high, wide)
    pad = drawn(high, wide, strokes, rng.uniform(1, 6), int(rng.integers(20, 256)))
    if channels == 3 and seed % 2:
        pad = np.stack([pad, pad // 3, 255 - pad], axis=2) * (pad > 0)[:, :, None]
    one = Framing(
        ink=True, negative=bool(seed % 2), height=height, width=width, channels=channels,
        box_height=float(rng.uniform(2, height)), box_width=float(rng.uniform(2, width)),
        centre=("mass", "box")[seed % 2], centre_row=round(float(rng.uniform(0, height)), 4),
        centre_column=round(float(rng.uniform(0, width)), 4), stroke=2.0, threshold=25,
    )  # fmt: skip
    return {"framing": asdict(one), "pad": pad.tolist(), "image": frame(pad, one).tolist()}


def random_judged(seed):
    """Probabilities, labels, and what Python counts at some thresholds of one class."""
    rng = np.random.default_rng(seed)
    K, n = int(rng.integers(2, 6)), int(rng.integers(2, 25))
    p = np.round(rng.dirichlet(np.ones(K), n), int(rng.integers(1, 4)))
    found = evaluate_probabilities(p, rng.integers(0, K, n), tuple(map(str, range(K))))
    of, at = thresholds(found, k := int(rng.integers(0, K)), steps=11), range(11)
    keys = ("true_positive", "false_positive", "false_negative", "true_negative")
    return {
        "label": found.labels.tolist(), "probability": p.ravel().tolist(), "K": K, "k": k,
        "confusion": found.confusion.ravel().tolist(), "threshold": of.threshold.tolist(),
        "counts": [[int(getattr(of, key)[i]) for key in keys] for i in at],
    }  # fmt: skip


def many(n):
    return {
        "models": [random_model(seed) for seed in range(n)],
        "frames": [random_frame(seed) for seed in range(n // 3)],
        "judged": [random_judged(seed) for seed in range(n // 2)],
    }


FILES = {
    "packet": packet, "framing": framing, "model": model, "explain": explanations, "pca": pca,
    "thresholds": threshold, "random": lambda: many(24),
}  # fmt: skip

if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, make in FILES.items():
        text = json.dumps(make(), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        (GOLDEN / f"{name}.json").write_text(text + "\n", encoding="utf-8")
