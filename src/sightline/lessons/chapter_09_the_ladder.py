"""9 · The ladder to 99.5 %: straightened, by direction, by patches, with copies; every decision explained."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Sightline 9 · The ladder")


@app.cell(hide_code=True)
def _():
    import time
    from itertools import pairwise

    import marimo as mo
    import numpy as np
    import pandas as pd

    import sightline as sl
    from sightline import anatomy
    from sightline.features import find_recipe
    from sightline.lessons import data_name

    theme = mo.app_meta().theme
    return anatomy, data_name, find_recipe, mo, np, pairwise, pd, sl, theme, time


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 9 · The ladder to 99.5 %

    The classifier stays what it is: weigh, add up, softmax. Rung by rung it gets better numbers to see. Each rung
    adds one idea about images that we have and the machine has not.

    To be quick we learn from some of the training images, and compare on others of them. The 99.5 % are what the top
    rung is built for; they take all 60,000 images of MNIST, and the end of this lesson says how to climb there.
    """)
    return


@app.cell
def _(data_name, sl):
    images = sl.load(data_name())
    few = 1600 if images.n_features < 500 else 1000  # large images take longer
    small = images.train.take(slice(0, few)).split(test_size=0.25, seed=0)
    small
    return images, small


@app.cell
def _(find_recipe, sl, small):
    rungs = ("pixels", "pca-poly", "deskew-pca-poly", "orientation", "two-layers")
    fixed = {rung: dict(find_recipe(rung).defaults) for rung in rungs}
    for _rung in ("pca-poly", "deskew-pca-poly"):
        fixed[_rung]["n_components"] = 30
    fixed["two-layers"]["n_atoms"] = 100
    story = sl.run(sl.Config(data=small, recipes=rungs, choices=fixed))
    of = {result.name: result for result in story.recipes}
    return of, rungs, story


@app.cell
def _(sl, story, theme):
    sl.figures.ladder(story, theme=theme)
    return


@app.cell
def _(mo, pd, story):
    table = pd.DataFrame(
        [
            {
                "rung": one.name,
                "sees": one.summary,
                "features": one.n_features,
                "errors": f"{1 - one.evaluation.accuracy.value:.1%}",
                "95 %": f"{1 - one.evaluation.accuracy.high:.1%} to {1 - one.evaluation.accuracy.low:.1%}",
                "seconds": round(one.total_seconds, 1),
            }
            for one in story.recipes
        ]
    ).set_index("rung")
    _first, _last = story.recipes[0].evaluation.accuracy, story.recipes[-1].evaluation.accuracy
    _said = mo.md(f"""
    From {1 - _first.value:.1%} errors to {1 - _last.value:.1%}, on {len(story.test)} images. Mind the intervals:
    with so few images, rungs near each other cannot be told apart. The next picture shows which images each rung
    fixed and which it newly got wrong, and whether that may be chance.
    """)
    mo.vstack([table, _said])
    return


@app.cell
def _(sl, story, theme):
    sl.figures.ladder_story(story, theme=theme)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Rung: straighten

    Some people write upright, some lean. The slant says who wrote, not what. From the ink $a(r, c)$ with its centre
    $(\bar r, \bar c)$, the slant is how much the column moves for each row,

    $$s = \frac{\sum a\,(r - \bar r)(c - \bar c)}{\sum a\,(r - \bar r)^2}$$

    and each row is pushed back by it. For one image this moves pixels, no more, so a decision can still be traced to
    them.
    """)
    return


@app.cell
def _(anatomy, np, of, sl, small, theme):
    _straight = of["deskew-pca-poly"].model
    _slants = anatomy.straighten(_straight, small.test.images[:100]).slant
    leaning = np.argsort(-np.abs(_slants))[:6]
    sl.figures.straightened(
        anatomy.straighten(_straight, small.test.images[leaning]),
        [small.classes[k] for k in small.test.labels[leaning]],
        theme=theme,
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Rung: which way intensity rises

    A stroke is where dark turns bright and dark again. *Where* exactly hardly matters; *in which direction* matters
    much. In each cell of a grid, count how strongly intensity rises in each direction. Choose an image.
    """)
    return


@app.cell(hide_code=True)
def _(mo, small):
    row = mo.ui.slider(
        0, len(small.test) - 1, value=0, label="image kept aside", show_value=True, full_width=True
    )
    row
    return (row,)


@app.cell
def _(anatomy, of, row, sl, small, theme):
    sl.figures.orientation_roses(
        anatomy.find_directions(of["orientation"].model, small.test.images[row.value]), theme=theme
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Rung: patches, and patches of patches

    Who says that directions are the right thing to look for? Let the images say it: cut out thousands of small
    patches, and learn a **dictionary** of the patterns (**atoms**) that they are made of. No label is used. Then
    note in each part of an image how strongly each atom answers. Do it twice, and the second layer sees how the
    parts of the first lie together.
    """)
    return


@app.cell
def _(anatomy, of, sl, small, theme):
    layers = of["two-layers"].model
    sl.figures.dictionary_atoms(anatomy.find_atoms(layers, small.train.images[:300]), theme=theme)
    return (layers,)


@app.cell
def _(anatomy, layers, row, sl, small, theme):
    sl.figures.feature_maps(anatomy.trace_features(layers, small.test.images[row.value]), theme=theme)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Rung: more images for nothing

    A digit that is moved, turned or stretched a little is still the same digit. So the training images may be copied
    with such changes, and the classifier learns from the copies too. The test images are never changed.
    """)
    return


@app.cell
def _(anatomy, sl, small, theme, time):
    _began = time.perf_counter()
    augmented = sl.make_recipe("patches-augmented", shape=small.shape, copies=2, n_atoms=100)
    _way = anatomy.augmentation_of(augmented)
    _copies = anatomy.make_copies(small.train.images, _way[0], n=5)
    examples = sl.figures.augmentation_examples(
        _copies, [small.classes[k] for k in small.train.labels[:6]], theme=theme
    )
    augmented.fit(small.train.X, small.train.y)
    with_copies = sl.evaluate(augmented, small)
    plain = sl.make_recipe("two-layers", shape=small.shape, n_atoms=100).fit(small.train.X, small.train.y)
    without_copies = sl.evaluate(plain, small)
    seconds = time.perf_counter() - _began
    examples
    return seconds, with_copies, without_copies


@app.cell(hide_code=True)
def _(mo, seconds, sl, with_copies, without_copies):
    mo.md(f"""
    Without copies {1 - without_copies.accuracy.value:.1%} errors, with two of each
    {1 - with_copies.accuracy.value:.1%} (both learned in {seconds:.0f} seconds).
    {sl.compare(with_copies, without_copies)}

    ## How each decision is explained

    Better features must not make a black box of it. Each step of a recipe knows which linear map it is *at one
    image*, so what z is made of can be taken back: to the features, to the cells of a grid, to the pixels. The
    shares always add up.
    """)
    return


@app.cell
def _(anatomy, layers, row, sl, small, theme):
    shares = anatomy.share_cells(
        layers, small.test.images[row.value], label=int(small.test.labels[row.value])
    )
    sl.figures.cell_shares(shares, theme=theme)
    return (shares,)


@app.cell
def _(layers, row, sl, small, theme):
    why = sl.explain(
        layers, small.test.images[row.value], label=int(small.test.labels[row.value]), train=small
    )
    sl.figures.explanation(why, theme=theme)
    return (why,)


@app.cell(hide_code=True)
def _(mo, np, shares, why):
    _by_pixels = why.contributions.reshape(len(why.z), -1).sum(axis=1) + why.bias
    _by_cells = sum(grid.shares.reshape(len(shares.z), -1).sum(axis=1) for grid in shares.grids) + shares.bias
    mo.md(f"""
    For this image the shares of all pixels and the bias differ from z by at most
    {np.abs(_by_pixels - why.z).max():.0e}, the shares of all cells by at most
    {np.abs(_by_cells - shares.z).max():.0e}. The way back, step by step:

    {(chr(10) + 4 * " ").join(f"* {line}" for line in why.path)}
    """)
    return


@app.cell
def _(find_recipe, mo, pd, sl):
    known = {name: find_recipe(name) for name in sl.recipes()}
    measured = pd.DataFrame(
        [
            {
                "recipe": name,
                "right": f"{1 - one.error / 100:.2%}",
                "minutes": round(one.cost / 60, 1),
                "sees": one.summary,
            }
            for name, one in known.items()
            if one.error < 100
        ],
        columns=["recipe", "right", "minutes", "sees"],
    ).set_index("recipe")
    _words = mo.md(r"""
    ## With all images

    Here the numbers are too small to reach the top. Climb it yourself: `sightline learn mnist --recipe best` takes
    its time and uses all images; `sightline learn mnist --budget 60s` goes as far as a minute allows, and says why.
    `benchmarks/frontier.py` measures every rung. What was measured when the recipes were made:
    """)
    mo.vstack([_words, measured if len(measured) else mo.md("*Nothing is recorded in this version.*")])
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Questions to explore

    1. **Which rung helped most, and might it be chance?**
    2. **Does straightening help every class alike?**
    3. **Which images does even the top rung get wrong?** Would you have known?
    """)
    return


@app.cell
def _(images, mo, of, pairwise, pd, rungs, sl, story, theme):
    steps = []
    for _before, _after in pairwise(rungs):
        _duel = sl.compare(of[_after].evaluation, of[_before].evaluation)
        steps.append(
            {
                "from": _before,
                "to": _after,
                "fixed": _duel.only_a,
                "newly wrong": _duel.only_b,
                "p": round(_duel.p_value, 4),
            }
        )
    climbs = pd.DataFrame(steps)
    gain = pd.Series(
        of["deskew-pca-poly"].evaluation.recall - of["pca-poly"].evaluation.recall,
        index=pd.Index(story.test.classes, name="class"),
        name="recall gained by straightening",
    )
    _net = climbs["fixed"] - climbs["newly wrong"]
    _best = climbs.iloc[_net.idxmax()]
    _top = of["two-layers"].evaluation
    mo.accordion(
        {
            "1 · The best rung": mo.vstack(
                [
                    mo.md(
                        f"From {_best['from']} to {_best['to']}: {_best['fixed']} images fixed, "
                        f"{_best['newly wrong']} newly wrong; two equally good models would differ so much "
                        f"with a probability of {_best['p']:.2g}."
                    ),
                    climbs,
                ]
            ),
            "2 · Straightening": mo.md(
                f"It gains most for “{gain.idxmax()}” ({gain.max():+.1%} of its images) and least for "
                f"“{gain.idxmin()}” ({gain.min():+.1%}). With about {len(story.test) // images.n_classes} "
                f"images a class, one image is {images.n_classes / len(story.test):.1%}: do not read too "
                "much into it."
            ),
            "3 · What is left": sl.figures.errors(_top, story.test, n=10, theme=theme)
            if len(_top.errors)
            else mo.md(
                f"None of the {len(story.test)} images kept aside. Choose another seed, or more images."
            ),
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("**Next:** lesson 10, *Your own photos, and more data than fits*.")
    return


if __name__ == "__main__":
    app.run()
