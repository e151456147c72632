"""How good a model is, as packets: decisions on all images, the evaluation, labels to doubt, one against another."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.errors import DataError, UsageError
from sightline.evaluation import Evaluation, compare, evaluate_probabilities
from sightline.evaluation import Interval as Measured
from sightline.evaluation.intervals import f1_interval, wilson
from sightline.studio.learned import Learned
from sightline.studio.library import Library
from sightline.studio.packet import codes, packed, singles
from sightline.studio.weights import WayBack
from sightline.studio.wire import (
    ClassScores,
    ComparisonSummary,
    EvaluationSummary,
    Interval,
    PredictionsSummary,
    ReliabilityBin,
    WeightsSummary,
)

Floats = npt.NDArray[np.floating[Any]]
ROWS = 4096
MOST_SUSPECTS = 200


def probabilities(learned: Learned, library: Library) -> npt.NDArray[np.float32]:
    """(n, K') probability of each class that the model knows, for all images; made once."""
    kept = learned.once("probabilities", lambda: _probabilities(learned, library).tobytes())
    return np.frombuffer(kept, np.float32).reshape(len(library.dataset), -1)


def _probabilities(learned: Learned, library: Library) -> npt.NDArray[np.float32]:
    images = library.dataset.images
    out = np.empty((len(images), len(learned.codes)), np.float32)
    for start in range(0, len(images), ROWS):
        out[start : start + ROWS] = learned.model.predict_proba(images[start : start + ROWS])
    return out


def predictions(learned: Learned, library: Library) -> bytes:
    """What every image is decided to be, and how surely."""
    p = probabilities(learned, library)
    labels, K = library.dataset.labels, library.dataset.n_classes
    own = np.full(K, -1)
    own[learned.codes] = np.arange(len(learned.codes))
    place = own[labels]
    truth = np.where(place >= 0, p[np.arange(len(p)), np.maximum(place, 0)], 0)
    return packed(
        _about(learned),
        predicted=codes(learned.codes[p.argmax(axis=1)], K),
        confidence=p.max(axis=1),
        truth=singles(truth),
    )


def _about(learned: Learned) -> PredictionsSummary:
    return PredictionsSummary(learned.summary.id, learned.summary.classes)


def _of_classes(learned: Learned, library: Library, part: slice) -> npt.NDArray[np.int64]:
    """Rows of a part of the data whose class the model knows."""
    return np.flatnonzero(np.isin(library.dataset.labels[part], learned.codes)) + (part.start or 0)


def evaluated(learned: Learned, library: Library) -> tuple[npt.NDArray[np.int64], Evaluation]:
    """The test rows of the model's classes, and what was measured on them.

    Raises
    ------
    DataError
        There are no test images.
    """
    rows = _of_classes(learned, library, slice(library.n_train, len(library.dataset)))
    if not len(rows):
        raise DataError(f"'{library.dataset.name}' has no test images", "Load it with a split, such as 0.2.")
    labels = np.searchsorted(learned.codes, library.dataset.labels[rows])
    p = probabilities(learned, library)[rows].astype(np.float64)
    return rows, evaluate_probabilities(p, labels, learned.model.classes)


def evaluation(learned: Learned, library: Library) -> bytes:
    """Everything measured on the test images."""
    rows, found = evaluated(learned, library)
    K = library.dataset.n_classes
    counts = [len(one.threshold) for one in found.curves]
    starts = np.cumsum([0, *counts])
    curves = {
        name: singles(np.concatenate([getattr(one, name) for one in found.curves]))
        for name in ("threshold", "false_positive_rate", "true_positive_rate", "precision")
    }
    f1 = _f1_intervals(found)
    summary = EvaluationSummary(
        model=learned.summary.id,
        classes=learned.summary.classes,
        n=len(rows),
        accuracy=_interval(found.accuracy),
        log_loss=_interval(found.log_loss),
        brier=_interval(found.brier),
        calibration_error=_interval(found.calibration_error),
        by_class=tuple(
            ClassScores(
                label=int(learned.codes[k]),
                support=int(found.support[k]),
                precision=_share(found.confusion[k, k], found.confusion[:, k].sum()),
                recall=_share(found.confusion[k, k], found.support[k]),
                f1=f1[k],
                roc_auc=_finite(one.roc_auc),
                average_precision=_finite(one.average_precision),
                start=int(starts[k]),
                count=counts[k],
            )
            for k, one in enumerate(found.curves)
        ),
        reliability=_reliability(found),
    )
    return packed(
        summary,
        rows=rows.astype(np.uint32),
        label=codes(learned.codes[found.labels], K),
        predicted=codes(learned.codes[found.predicted], K),
        probability=singles(found.probability),
        confusion=found.confusion.astype(np.uint32),
        errors=rows[found.errors].astype(np.uint32),
        **curves,
    )


def _interval(one: Measured) -> Interval:
    return Interval(one.value, one.low, one.high, one.method)


def _share(hits: int, of: int) -> Interval:
    low, high = wilson(hits, of)
    return Interval(float(hits / max(of, 1)), float(low), float(high), "Wilson score")


def _f1_intervals(found: Evaluation) -> list[Interval]:
    hits, called, present = np.diag(found.confusion), found.confusion.sum(axis=0), found.confusion.sum(axis=1)
    ways = zip(hits.tolist(), called.tolist(), present.tolist(), strict=True)
    return [_interval(f1_interval(*one)) for one in ways]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _reliability(found: Evaluation) -> tuple[ReliabilityBin, ...]:
    one = found.reliability
    return tuple(
        ReliabilityBin(
            low_edge=float(one.edges[b]),
            high_edge=float(one.edges[b + 1]),
            count=int(one.count[b]),
            confidence=_finite(one.confidence[b]),
            accuracy=_finite(one.accuracy[b]),
            low=_finite(one.low[b]),
            high=_finite(one.high[b]),
        )
        for b in range(len(one.count))
    )


def suspects(learned: Learned, library: Library) -> bytes:
    """Training images of which the model, though it learned from them, is surest that their label is wrong."""
    rows = _of_classes(learned, library, slice(0, library.n_train))
    p, labels, K = (
        probabilities(learned, library)[rows],
        library.dataset.labels[rows],
        library.dataset.n_classes,
    )
    own = np.searchsorted(learned.codes, labels)
    lead = p.max(axis=1) - p[np.arange(len(rows)), own]
    order = np.argsort(-lead, kind="stable")[:MOST_SUSPECTS]
    order = order[lead[order] > 0]
    return packed(
        _about(learned),
        rows=rows[order].astype(np.uint32),
        label=codes(labels[order], K),
        predicted=codes(learned.codes[p[order].argmax(axis=1)], K),
        confidence=p[order].max(axis=1),
    )


def comparison(a: Learned, b: Learned, library: Library) -> bytes:
    """Two models on the same test images.

    Raises
    ------
    UsageError
        They know different classes.
    """
    if a.summary.classes != b.summary.classes:
        raise UsageError(
            "the two models know different classes", "Compare models that learned the same classes."
        )
    (rows, of_a), (_, of_b) = evaluated(a, library), evaluated(b, library)
    found, K = compare(of_a, of_b), library.dataset.n_classes
    summary = ComparisonSummary(
        a=a.summary.id,
        b=b.summary.id,
        n=len(rows),
        both_right=found.both_right,
        only_a=found.only_a,
        only_b=found.only_b,
        both_wrong=found.both_wrong,
        difference=_interval(found.difference),
        p_value=found.p_value,
        sentence=str(found),
    )
    return packed(
        summary,
        rows=rows.astype(np.uint32),
        label=codes(a.codes[of_a.labels], K),
        a=codes(a.codes[of_a.predicted], K),
        b=codes(b.codes[of_b.predicted], K),
        confidence_a=singles(of_a.probability.max(axis=1)),
        confidence_b=singles(of_b.probability.max(axis=1)),
    )


def weights(
    back: WayBack,
    coef: Floats,
    intercept: Floats,
    *,
    model: str,
    classes: tuple[int, ...],
    index: int,
    passes: int,
) -> bytes:
    """Weights on the pixels 0…255, and biases."""
    W, bias = back.weights(coef, intercept)
    summary = WeightsSummary(model, classes, back.exact, index, passes)
    return packed(summary, weights=singles(W), bias=singles(bias))


def model_weights(learned: Learned) -> bytes:
    """Those of a model."""
    step = learned.classifier
    return weights(
        learned.back, step.coef_, step.intercept_, model=learned.summary.id, classes=learned.summary.classes,
        index=max(0, _newest(learned)), passes=_newest(learned) + 1,
    )  # fmt: skip


def weights_at(learned: Learned, index: int | None) -> bytes:
    """Those after a pass of the training that a model came of; None is the last.

    Raises
    ------
    UsageError
        There are none.
    """
    found = learned.snapshots.at(index)
    if found is None:
        raise UsageError("there are no weights yet", "Wait for the first pass.")
    return weights(
        learned.back, found[1], found[2], model=learned.summary.id, classes=learned.summary.classes,
        index=found[0], passes=_newest(learned) + 1,
    )  # fmt: skip


def _newest(learned: Learned) -> int:
    return -1 if learned.snapshots.newest is None else learned.snapshots.newest[0]
