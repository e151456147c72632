"""How many labels are wrong, estimated by confident learning from probabilities and labels.

With p_ij the probability of class j for image i, class j has as its threshold how sure the model is of it, on
average, for images that bear its label:

    t_j = mean of p_ij over the images i labelled j

Image i speaks for argmax over {j : p_ij ≥ t_j} of p_ij, if for any class. Of the images labelled k that speak, the
share w_k speaks for another class; the estimate is the average of w_k over all labels.

Source: Northcutt, Jiang, Chuang, "Confident learning: estimating uncertainty in dataset labels", JAIR 70 (2021),
section 3.1. cleanlab 2.9, the library of its authors, rounds to whole images and otherwise gives the same.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def thresholds_of(probability: Doubles, labels: Codes) -> Doubles:
    """(K,) t_j: how sure the model is on average of the images labelled j; infinite where there are none.

    Parameters
    ----------
    probability : (n, K) float64, rows that sum to 1
    labels : (n,) int64, 0…K−1
    """
    K = probability.shape[1]
    count = np.bincount(labels, minlength=K)
    own = np.bincount(labels, weights=probability[np.arange(len(labels)), labels], minlength=K)
    # The computed mean of equal numbers may lie above all of them, by a rounding.
    return np.where(count > 0, own / np.maximum(count, 1) * (1 - 1e-12), np.inf)


def wrong_share(probability: Doubles, labels: Codes, thresholds: Doubles) -> float:
    """Estimate the share of wrong labels by confident learning; NaN where there are no images.

    Parameters
    ----------
    probability : (n, K) float64, rows that sum to 1
    labels : (n,) int64, 0…K−1
    thresholds : (K,) float64, from `thresholds_of`
    """
    if not len(labels):
        return float("nan")
    K, sure = probability.shape[1], probability >= thresholds
    speaks, spoken = sure.any(axis=1), np.where(sure, probability, -1.0).argmax(axis=1)
    total = np.bincount(labels[speaks], minlength=K)
    right = np.bincount(labels[speaks & (spoken == labels)], minlength=K)
    # Where no image of a class speaks, nothing is known against its labels.
    wrong = np.where(total > 0, 1 - right / np.maximum(total, 1), 0.0)
    return float(np.bincount(labels, minlength=K) @ wrong / len(labels))
