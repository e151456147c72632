"""scikit-learn's SGDClassifier: `partial_fit` over the blocks, epoch after epoch, one thread and one that reads."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import SGDClassifier

from sightline.engine.blocks import read_ahead
from streamed.peer import SCALE, Peer, Stream, Watch

EPOCHS, STEP = 200, 0.01


class Sgd(Peer):
    """Stochastic gradient descent as it comes, or with steps of one length and the mean of all steps."""

    def __init__(self, *, average: bool = False) -> None:
        self.settings: dict[str, Any] = (
            {"average": True, "learning_rate": "constant", "eta0": STEP} if average else {}
        )
        self.name = f"scikit-learn SGDClassifier{', averaged' if average else ''}"
        kind = f"'constant' of {STEP:g}" if average else "'optimal'"
        self.translation = f"alpha = 1 / (C n); learning rate {kind}; in the order of the rows"

    def unfit(self, stream: Stream) -> str:
        """Its objective of many classes is another one."""
        return "" if stream.n_classes == 2 else "one class against the rest: another objective"

    def run(self, stream: Stream, watch: Watch) -> None:
        """A look after every epoch."""
        alpha = 1 / (stream.C * stream.shape[0])
        model = SGDClassifier(loss="log_loss", alpha=alpha, random_state=0, **self.settings)
        watch.start()
        for _ in range(EPOCHS):
            for X, y in read_ahead(stream):
                model.partial_fit(X * np.float32(SCALE), y, classes=[0, 1])
            if watch.take(model.coef_, model.intercept_):
                return
