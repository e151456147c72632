"""8 · Fewer numbers, better numbers: scaling, principal components, restored digits, products of features."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Sightline 8 · Fewer numbers, better numbers")


@app.cell(hide_code=True)
def _():
    from dataclasses import replace

    import marimo as mo
    import numpy as np
    import pandas as pd

    import sightline as sl
    from sightline.lessons import chart, data_name

    theme = mo.app_meta().theme
    return chart, data_name, mo, np, pd, replace, sl, theme


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 8 · Fewer numbers, better numbers

    A classifier decides by what it gets to see. It may see the pixels as they are; it may also see numbers *made* of
    them: scaled ones, fewer ones, more telling ones. To make such numbers is called **feature engineering**.

    To be quick, this lesson learns from some of the training images, and tests on others of them. The test images
    stay untouched: we shall compare many things, and comparing is choosing.
    """)
    return


@app.cell
def _(data_name, sl):
    images = sl.load(data_name())
    small = images.train.take(slice(0, 5000)).split(test_size=0.25, seed=0)
    found = sl.explore(small)
    small
    return found, small


@app.cell
def _(found, sl, small):
    components = int(min(200, found.rank[0.95]))
    story = sl.run(sl.Config(data=small, recipes=("pca",), choices={"pca": {"n_components": components}}))
    return components, story


@app.cell(hide_code=True)
def _(components, mo, small):
    mo.md(f"""
    The same images three times: as they came; each pixel scaled by its own mean and spread; and restored from
    {components} numbers instead of {small.n_features}.
    """)
    return


@app.cell
def _(small, sl, story, theme):
    sl.figures.stages(story.stages, small.classes, small.train.labels[story.stages.rows], theme=theme)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Scaling

    Three usual ways, all of them column by column:

    $$\frac{x}{255} \qquad \frac{x - \min}{\max - \min} \qquad \frac{x - \text{mean}}{\text{standard deviation}}$$

    None adds or loses anything. What changes is how much the penalty weighs on each pixel. Standardising blows up
    pixels that hardly ever change: look at the second line of the picture.
    """)
    return


@app.cell
def _(pd, sl, small):
    rows = []
    for recipe in ("pixels", "minmax", "standard"):
        fit = sl.make_recipe(recipe, shape=small.shape, C=1.0).fit(small.train.X, small.train.y)
        rows.append(
            {
                "scaled": sl.recipes()[recipe],
                "training": f"{fit.score(small.train.X, small.train.y):.1%}",
                "kept aside": f"{fit.score(small.test.X, small.test.y):.1%}",
                "passes": int(fit[-1].n_iter_[0]),
            }
        )
    pd.DataFrame(rows).set_index("scaled")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Principal components

    Neighbouring pixels say nearly the same. **Principal components** are mixtures of all pixels, chosen so that the
    first varies as much as any mixture can, the second as much as any that is independent of the first, and so on.
    With the mean image $\mu$ and the directions $c_1, c_2, \dots$ (all of length 1, at right angles)

    $$t_i = c_i \cdot (x - \mu) \qquad x \approx \mu + t_1 c_1 + t_2 c_2 + \dots + t_k c_k$$

    The directions are images themselves:
    """)
    return


@app.cell
def _(sl, story, theme):
    sl.figures.eigen_images(story.stages, theme=theme)
    return


@app.cell
def _(sl, story, theme):
    sl.figures.scree(story.exploration, theme=theme)
    return


@app.cell(hide_code=True)
def _(found, mo, small):
    mo.md(f"""
    {found.rank[0.90]} of {small.n_features} directions carry 90 % of the variance, {found.rank[0.99]} carry 99 %.

    ## Restored digits

    How many numbers does a digit need? Restore images from their first k components.
    """)
    return


@app.cell(hide_code=True)
def _(components, mo):
    kept = mo.ui.slider(
        1, components, value=max(1, components // 5), label="k", show_value=True, full_width=True
    )
    kept
    return (kept,)


@app.cell
def _(components, kept, np, replace, sl, small, theme):
    whole = sl.make_recipe("pca", shape=small.shape, n_components=components).fit(
        small.train.X, small.train.y
    )
    coordinates = whole[:-1].transform(small.train.X)
    shown = coordinates[:10].copy()
    shown[:, kept.value :] = 0
    back = whole[:-1].inverse_transform(shown)
    sample = small.train.take(slice(0, 10))
    restored = replace(
        sample, images=np.clip(np.rint(back), 0, 255).astype(np.uint8).reshape(sample.images.shape)
    )
    sl.figures.gallery(restored, theme=theme)
    return coordinates, restored, sample, whole


@app.cell(hide_code=True)
def _(kept, mo, np, restored, sample, small):
    _lost = np.sqrt(np.mean((restored.X.astype(float) - sample.X) ** 2))
    mo.md(f"""
    Restored from {kept.value} numbers each, {kept.value / small.n_features:.0%} of {small.n_features}; on average a
    pixel is {_lost:.0f} of 255 intensities off (root of the mean square).

    ## How many does the classifier need?
    """)
    return


@app.cell
def _(chart, components, coordinates, np, pd, sl, small, whole):
    ks = sorted({min(k, components) for k in (1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 130, 200)})
    held = whole[:-1].transform(small.test.X)
    shares = []
    for _k in ks:
        fit_k = sl.LogisticRegression(C=1.0).fit(np.ascontiguousarray(coordinates[:, :_k]), small.train.y)
        shares.append(
            {
                "k": _k,
                "training": fit_k.score(np.ascontiguousarray(coordinates[:, :_k]), small.train.y),
                "kept aside": fit_k.score(np.ascontiguousarray(held[:, :_k]), small.test.y),
            }
        )
    by_k = pd.DataFrame(shares).set_index("k")
    chart(
        {name: (by_k.index, by_k[name]) for name in by_k},
        x="components k",
        y="share right",
        log_x=True,
        high=1,
        levels={"guessing": 1 / small.n_classes},
    )
    return (by_k,)


@app.cell(hide_code=True)
def _(by_k, mo, small):
    _top = by_k["kept aside"].max()
    _enough = by_k.index[by_k["kept aside"] >= _top - 0.01][0]
    mo.md(f"""
    The best of these is {_top:.1%}; **{_enough}** numbers instead of {small.n_features} come within one point of it.
    Fewer numbers will do. Are they better ones? A mixture of pixels that is weighted and added up is, in the
    end, still pixels that are weighted and added up.

    ## Better numbers

    What adding up can never express: *this and that together*. Take two features, each between −1 and 1; class 1 is
    where both have the same sign. Neither feature alone says anything. Their **product** says it all.
    """)
    return


@app.cell
def _(mo, np, sl):
    _rng = np.random.default_rng(0)
    plane = _rng.uniform(-1, 1, (2000, 2))
    same = (plane[:, 0] * plane[:, 1] > 0).astype(int)
    with_product = np.column_stack([plane, plane[:, 0] * plane[:, 1]])
    by_sum = sl.LogisticRegression().fit(plane[:1000], same[:1000]).score(plane[1000:], same[1000:])
    by_product = sl.LogisticRegression(C=100).fit(with_product[:1000], same[:1000])
    mo.md(f"""
    With x₁ and x₂: {by_sum:.1%} right. With x₁, x₂ and x₁·x₂:
    {by_product.score(with_product[1000:], same[1000:]):.1%}.

    The same with images: the first k components, and all their products in pairs, squares included. That makes
    k + k(k + 1)/2 features out of k.
    """)
    return


@app.cell
def _(chart, components, pd, sl, small):
    _lines = []
    for _k in sorted({min(k, components) for k in (4, 8, 12, 20, 30)}):
        line = {"k": _k, "features with products": _k + _k * (_k + 1) // 2}
        for _name, _recipe in (("components", "pca"), ("and products", "pca-poly")):
            _fit = sl.make_recipe(_recipe, shape=small.shape, n_components=_k).fit(
                small.train.X, small.train.y
            )
            line[_name] = _fit.score(small.test.X, small.test.y)
        _lines.append(line)
    products = pd.DataFrame(_lines).set_index("k")
    chart(
        {name: (products.index, products[name]) for name in ("components", "and products")},
        x="components k",
        y="share right, kept aside",
        points=(),
        high=1,
    )
    return (products,)


@app.cell(hide_code=True)
def _(mo, products):
    _last = products.iloc[-1]
    mo.md(f"""
    With k = {products.index[-1]}: {_last["components"]:.1%} by components alone, **{_last["and products"]:.1%}** with
    products ({_last["features with products"]:.0f} features). The errors shrink from {1 - _last["components"]:.1%} to
    {1 - _last["and products"]:.1%}, and the classifier is the same as before: it still only weighs and adds up.

    ## Two numbers are enough for a picture

    An old and lovely pair of features: how much light an image has (**intensity**), and how much it is like its own
    mirror image (**symmetry**). For the two classes that they tell apart best:
    """)
    return


@app.cell
def _(sl, story, theme):
    sl.figures.two_features(story.two_features, theme=theme)
    return


@app.cell(hide_code=True)
def _(mo, small, story):
    mo.md(f"""
    The line is right about {story.two_features.accuracy:.1%} of these images, with 2 numbers for each instead of
    {small.n_features}.

    ## Questions to explore

    1. **How many components does a person need, to read a digit?** Use the slider at *Restored digits*.
    2. **Are the last components noise?** What if the classifier sees *only* them?
    3. **The tutorial asks of its 784 columns: how much of it is truly useful?**
    """)
    return


@app.cell
def _(by_k, coordinates, np, sl, small, whole):
    _n = coordinates.shape[1]
    _half = _n // 2
    tail = np.ascontiguousarray(coordinates[:, _half:])
    _fit = sl.LogisticRegression(C=1.0).fit(tail, small.train.y)
    tail_right = float(
        _fit.score(np.ascontiguousarray(whole[:-1].transform(small.test.X)[:, _half:]), small.test.y)
    )
    tail_variance = float(tail.var(axis=0).sum() / coordinates.var(axis=0).sum())
    useful = {
        goal: int(by_k.index[by_k["kept aside"] >= goal * by_k["kept aside"].max()][0])
        for goal in (0.9, 0.95, 0.99)
    }
    return tail_right, tail_variance, useful


@app.cell(hide_code=True)
def _(found, kept, mo, small, tail_right, tail_variance, useful):
    mo.accordion(
        {
            "1 · A person": mo.md(
                f"Only you can tell; the slider stands at {kept.value}. Most people read most digits long "
                "before the picture is sharp. Compare with the curve below it: where does the machine reach "
                f"nine tenths of its best? At k = {useful[0.9]}."
            ),
            "2 · The last components": mo.md(
                f"The second half of the components carries {tail_variance:.1%} of the variance of all that "
                f"were kept. From it alone the classifier gets {tail_right:.1%} right; guessing gets "
                f"{1 / small.n_classes:.0%}. Little variance is not little information: PCA never looked at "
                "the labels."
            ),
            "3 · How much is useful": mo.md(
                f"{int(found.constant.sum())} of {small.n_features} columns never change and are of no use "
                f"at all. To reach 90 %, 95 % and 99 % of the best accuracy of this curve, {useful[0.9]}, "
                f"{useful[0.95]} and {useful[0.99]} mixtures are enough. Useful for what, one has to ask: "
                "for looking at the image, for telling classes apart, or for finding out what went wrong."
            ),
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("**Next:** lesson 9, *The ladder*.")
    return


if __name__ == "__main__":
    app.run()
