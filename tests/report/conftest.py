"""A small run built by hand, so that the page is tested apart from what fills it."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from sightline.dataset import Dataset
from sightline.evaluation import Curve, Evaluation, Interval, Reliability
from sightline.explanation import Change, Explanation, Neighbours
from sightline.exploration import explore
from sightline.logistic.history import FitHistory, Pass
from sightline.results import RecipeResult, Run, Stages, TwoFeatures


def interval(value, spread=0.01):
    return Interval(float(value), float(value) - spread, float(value) + spread, "bootstrap of 1,000 draws")


def curve(truth, score):
    fpr, tpr, threshold = metrics.roc_curve(truth, score, drop_intermediate=False)
    called = np.array([np.sum(score >= t) for t in threshold])
    precision = np.where(called > 0, tpr * truth.sum() / np.maximum(called, 1), 1.0)
    area, average = metrics.auc(fpr, tpr), metrics.average_precision_score(truth, score)
    return Curve(np.minimum(threshold, 1.0), fpr, tpr, precision, float(area), float(average))


def reliability(top, right):
    edges = np.linspace(0, 1, 11)
    place = np.clip(np.digitize(top, edges) - 1, 0, 9)
    count = np.bincount(place, minlength=10)
    full = np.maximum(count, 1)
    confidence = np.where(count, np.bincount(place, top, minlength=10) / full, np.nan)
    accuracy = np.where(count, np.bincount(place, right, minlength=10) / full, np.nan)
    return Reliability(edges, count, confidence, accuracy, accuracy - 0.05, np.minimum(accuracy + 0.05, 1))


def evaluation(classes, labels, probability):
    every, guess = np.arange(len(classes)), probability.argmax(axis=1)
    right, top = guess == labels, probability.max(axis=1)
    scores = metrics.precision_recall_fscore_support(labels, guess, labels=every, zero_division=0)
    precision, recall, f1, support = scores
    errors = np.flatnonzero(~right)
    average = {"precision": float(precision.mean()), "recall": float(recall.mean()), "f1": float(f1.mean())}
    return Evaluation(
        classes=classes,
        labels=labels,
        predicted=guess,
        probability=probability,
        confusion=metrics.confusion_matrix(labels, guess, labels=every),
        precision=precision,
        recall=recall,
        f1=f1,
        support=support,
        accuracy=interval(right.mean()),
        log_loss=interval(metrics.log_loss(labels, probability, labels=every)),
        brier=interval(((probability - np.eye(len(classes))[labels]) ** 2).sum(axis=1).mean()),
        calibration_error=interval(abs(top.mean() - right.mean())),
        macro=average,
        weighted=average,
        reliability=reliability(top, right),
        curves=tuple(curve((labels == k).astype(int), probability[:, k]) for k in every),
        errors=errors[np.argsort(-top[errors])],
    )


def history(n=12):
    passes = [Pass(i, 0.01 * i, 0.1 + 2 * 0.5**i, 0.5**i, 2 * 0.5**i, 3 * 0.5**i, 1.0) for i in range(n)]
    return FitHistory(tuple(passes), True, "converged: the remaining gap is below 1e-6")


def recipe(name, dataset, power):
    train, test = dataset.train, dataset.test
    scale = lambda images: (images.reshape(len(images), -1) / 255.0) ** power  # noqa: E731
    model = LogisticRegression(max_iter=2000).fit(scale(train.images), train.labels)
    probability = model.predict_proba(scale(test.images))
    maps = model.coef_.reshape(-1, *dataset.shape) if power == 1 else None
    judged = evaluation(dataset.classes, test.labels, probability)
    result = RecipeResult(
        name=name,
        summary=f"each pixel to the power of {power}",
        n_features=dataset.n_features,
        fit_seconds=0.02,
        total_seconds=0.5,
        n_passes=12,
        converged=True,
        history=history(),
        evaluation=judged,
        chosen={"C": 1.0},
        weight_maps=maps,
    )
    return result, model


def explanation(dataset, model, row):
    test = dataset.test
    image, K = test.images[row], dataset.n_classes
    x = image.reshape(-1) / 255.0
    contributions = (model.coef_ * x).reshape(-1, *dataset.shape)
    probability = model.predict_proba(x[None])[0]
    order = np.argsort(-probability)
    coef = model.coef_ if K > 2 else np.vstack([-model.coef_, model.coef_]) / 2
    delta = (coef[order[1]] - coef[order[0]]).reshape(dataset.shape) * 4
    near = dataset.train.take(np.arange(6))
    return Explanation(
        image=image,
        classes=dataset.classes,
        z=model.decision_function(x[None]).reshape(-1),
        bias=model.intercept_,
        probability=probability,
        predicted=int(order[0]),
        runner_up=int(order[1]),
        contributions=contributions,
        path=("pixels divided by 255: exact",),
        smallest_change=Change(
            delta,
            image + delta,
            float(np.linalg.norm(delta)),
            int(order[1]),
            True,
            "closed form, the smallest",
        ),
        neighbours=Neighbours(np.arange(6), near.labels, np.arange(6.0), near.images),
        label=int(test.labels[row]),
    )


def stages(dataset, m=8, components=6):
    train = dataset.train
    X = train.X / 255.0
    mean = X.mean(axis=0)
    directions = np.linalg.svd(X - mean, full_matrices=False)[2][:components]
    restored = (X[:m] - mean) @ directions.T @ directions + mean
    return Stages(
        rows=np.arange(m),
        original=train.images[:m],
        scaled=train.images[:m] / 255.0,
        restored=np.clip(restored, 0, 1).reshape(m, *dataset.shape),
        n_components=components,
        components=directions.reshape(components, *dataset.shape),
    )


def digits(classes=tuple("0123456789"), colour=False, n=900):
    images, labels = load_digits(return_X_y=True)
    kept = np.flatnonzero(labels < len(classes))[:n]
    images = np.rint(images[kept] * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8)
    if colour:
        images = np.stack([images, images[:, ::-1], images.transpose(0, 2, 1)], axis=3)
    labels = labels[kept].astype(np.int64)
    return Dataset(
        images, labels, tuple(classes), name="digits", licence="CC BY 4.0", n_train=len(kept) * 2 // 3
    )


def make_run(dataset, explained=3):
    fitted = [recipe("pixels", dataset, 1), recipe("squares", dataset, 2)]
    model = fitted[0][1]
    rng = np.random.default_rng(0)
    pair = (dataset.classes[0], dataset.classes[1])
    sides = rng.integers(0, 2, 200)
    values = rng.normal(0.3, 0.05, (200, 2)) + 0.1 * sides[:, None]
    return Run(
        dataset=dataset,
        test=dataset.test,
        exploration=explore(dataset),
        recipes=tuple(result for result, _ in fitted),
        best="pixels",
        explanations=tuple(explanation(dataset, model, row) for row in range(explained)),
        stages=stages(dataset),
        two_features=TwoFeatures(pair, values, sides, np.array([9.0, -4.0]), -2.0, 0.9),
        seed=0,
        version="0.1.0",
        machine={"cpu": "a machine", "cores": 2, "python": "3.11"},
        seconds=12.3,
        command="sightline learn digits",
    )


HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="session")
def ten():
    return make_run(digits())


@pytest.fixture(scope="session")
def hostile():
    dataset = digits((HOSTILE, '" onload="alert(2)', "</style><img src=http://x.example/y.png>"))
    files = tuple(f"{HOSTILE}/{i}.png" for i in range(len(dataset)))
    run = make_run(replace(dataset, files=files, name=HOSTILE, source=HOSTILE, notes=(HOSTILE,)))
    return replace(run, command=f"sightline learn {HOSTILE}", machine={HOSTILE: HOSTILE})


@pytest.fixture(scope="session")
def two_colours():
    return make_run(digits(("cat", "dog"), colour=True))
