"""More images than fit into memory, or more machines than one: all is done block by block, where the blocks are."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sklearn.pipeline import Pipeline

from sightline.dataset import Dataset
from sightline.engine.blocks import RowBlocks
from sightline.engine.kept import KeptBlocks
from sightline.evaluation import Evaluation, evaluate
from sightline.evaluation.tally import judged_blocks
from sightline.features import RangeScaler, Recipe, StreamedPipeline
from sightline.features.overblocks import FeatureBlocks, copied, learn_steps
from sightline.ground.place import Place
from sightline.ground.record import Learned, Steps
from sightline.model import Model
from sightline.selection import Selection, quiet_convergence, select
from sightline.sources.large import Large

MANY, TOLERANCE = 1_000_000, 1e-4
"""From so many images on, the relative gap to which is learned: far less than what they leave open."""


class BlockGround:
    """Images in blocks, a sample of them, and who goes over the blocks.

    Parameters
    ----------
    large : Large
    shown : Dataset
        The sample of `large_scene`.
    place : Place
        Closed with this.
    seed : int
    """

    def __init__(self, large: Large, shown: Dataset, place: Place, seed: int) -> None:
        self.large, self.shown, self.place, self.seed = large, shown, place, seed
        self._searches: dict[str, Any] = {}

    # -- choosing --------------------------------------------------------------------------------------

    def expect(self, recipes: Sequence[Recipe], parts: tuple[Dataset, ...]) -> None:
        """See `Ground`: the workers of a cluster search for one recipe each, at once."""
        client = self.place.client
        if client is None or not recipes:
            return
        sent = client.scatter(parts, broadcast=True, hash=False)
        for recipe in sorted(recipes, key=lambda one: -one.cost):
            self._searches[recipe.name] = client.submit(
                searched, recipe, sent, self.seed, pure=False, key=f"search-{recipe.name}-{id(self)}"
            )

    def select(self, recipe: Recipe, parts: tuple[Dataset, ...], told: Steps) -> Selection:
        """See `Ground`; on the sample."""
        future = self._searches.pop(recipe.name, None)
        if future is None:
            return select(recipe, parts, seed=self.seed, told=told.tried)
        from sightline.engine.cluster import awaited

        told.tried("choosing, on the workers", None)
        selection: Selection = awaited(self.place.client, future)
        return selection

    # -- learning --------------------------------------------------------------------------------------

    def learn(self, pipeline: Pipeline, told: Steps) -> Learned:
        """See `Ground`; from a million images on to a relative gap of 1e-4 where the recipe asks for less."""
        train, classifier = self.shown.train, pipeline[-1]
        self.place.watch = told.looked
        width = learn_steps(pipeline, self.large.train, train.X, train.labels, self.place.over)
        self.place.watch = None
        blocks, scale, kept = self.large.train, None, None
        if isinstance(pipeline, StreamedPipeline):
            blocks = copied(pipeline, blocks, train.X, self.large.image_shape)
            blocks = kept = KeptBlocks(FeatureBlocks(blocks, pipeline.steps[:-1], width))
        elif _only_range(pipeline):
            scale = 1 / (pipeline[0].high - pipeline[0].low)  # bytes stay bytes: a quarter of the traffic
        else:
            blocks = FeatureBlocks(blocks, pipeline.steps[:-1], width)
        tol = max(classifier.tol, TOLERANCE if len(self.large) >= MANY else 0.0)
        try:
            began = time.perf_counter()
            with quiet_convergence():
                classifier.set_params(tol=tol).fit_blocks(
                    blocks,
                    scale=scale,
                    cluster=self.place.client,
                    readers=self.place.readers,
                    listeners=[told.passed],
                )
            return Learned(width, time.perf_counter() - began)
        finally:  # whole or stopped half-way: what was learned is of use
            if scale is not None and hasattr(classifier, "coef_"):
                classifier.coef_ = classifier.coef_ / classifier.coef_.dtype.type(scale)
            if kept is not None:
                kept.close()

    # -- judging ---------------------------------------------------------------------------------------

    def judge(self, model: Model) -> Evaluation:
        """See `Ground`: image by image those shown; what can be added up, over all."""
        shown = evaluate(model, self.shown, seed=self.seed)
        test = self.large.test
        if test.shape[0] == len(self.shown.test):
            return shown
        pipeline = model.pipeline
        steps = pipeline.steps[:-1]
        width = pipeline[-1].coef_.shape[1]
        seen: RowBlocks = FeatureBlocks(test, steps, width)
        with self.place.over(seen) as sums:
            return judged_blocks(sums, pipeline[-1], len(model.classes), shown)

    def close(self) -> None:
        """See `Ground`."""
        for future in self._searches.values():
            future.cancel()
        self._searches.clear()
        self.place.close()


def searched(recipe: Recipe, parts: tuple[Dataset, ...], seed: int) -> Selection:
    """Choose what a recipe leaves open, on a worker."""
    return select(recipe, parts, seed=seed)


def _only_range(pipeline: Pipeline) -> bool:
    """Whether all that is done to pixels is to divide them."""
    first = pipeline[0]
    return len(pipeline) == 2 and isinstance(first, RangeScaler) and first.low == 0
