"""Sightline: `fit_blocks`, whole fits, each asked for a relative gap."""

from __future__ import annotations

import warnings

from sightline.logistic import LogisticRegression
from streamed.peer import SCALE, Peer, Stream, Watch

TOLERANCES = (1e-1, 1e-2, 1e-3, 1e-4)


class Ours(Peer):
    """Our own solver."""

    name, package = "sightline fit_blocks", "sightline"
    translation = "C"

    def run(self, stream: Stream, watch: Watch) -> None:
        """One fit a tolerance."""
        for tol in TOLERANCES:
            model = LogisticRegression(C=stream.C, tol=tol, n_threads=stream.threads)
            watch.start()
            model.fit_blocks(stream, scale=SCALE)
            watch.take(model.coef_ / SCALE, model.intercept_)


def optimum(stream: Stream) -> float:
    """F*, as our solver finds it at 1e-6."""
    model = LogisticRegression(C=stream.C, tol=1e-6, n_threads=stream.threads)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit_blocks(stream, scale=SCALE)
    return stream.objective(model.coef_ / SCALE, model.intercept_)
