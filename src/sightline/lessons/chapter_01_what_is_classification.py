"""1 · What is classification: cats and dogs, digits, and a first rule that says which is which."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Sightline 1 · What is classification")


@app.cell(hide_code=True)
def _():
    from itertools import combinations

    import marimo as mo
    import numpy as np
    import pandas as pd

    import sightline as sl
    from sightline.lessons import chart, data_name

    theme = mo.app_meta().theme
    return chart, combinations, data_name, mo, np, pd, sl, theme


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 1 · What is classification?

    Show a child ten cats and ten dogs, and it will name the next one rightly. Nobody told it a rule; it had examples,
    each with its name. **Classification** is that: from examples with labels to a rule that labels what is new.

    $$\text{image} \;\longrightarrow\; \boxed{\text{rule}} \;\longrightarrow\; \text{label}$$

    Here the images are handwritten digits, because they come with this package and need no network. Everything works
    the same with photos of cats and dogs in two folders: `sightline lessons open 1 --data photos/`.
    """)
    return


@app.cell
def _(data_name, sl):
    images = sl.load(data_name())
    images
    return (images,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Two classes

    Begin with two. Which two do you want to tell apart?
    """)
    return


@app.cell(hide_code=True)
def _(images, mo):
    one = mo.ui.dropdown(list(images.classes), value=images.classes[0], label="this")
    other = mo.ui.dropdown(list(images.classes), value=images.classes[1], label="or that")
    mo.hstack([one, other], justify="start", gap=2)
    return one, other


@app.cell
def _(images, mo, np, one, other, sl, theme):
    mo.stop(one.value == other.value, mo.md("Choose two that differ."))
    pair = images.subset([one.value, other.value])
    some = np.concatenate([np.flatnonzero(pair.train.labels == k)[:10] for k in (0, 1)])
    sl.figures.gallery(pair.train, some, theme=theme)
    return (pair,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## A rule by hand

    A rule needs something to look at. Let us take one number from each image: how bright its **middle** is, from 0
    (black) to 1 (white). The rule: at least as bright as a **threshold**, and it is the second class; else the first.

    $$\text{label} = \begin{cases} \text{second} & \text{if brightness of the middle} \ge t \\
    \text{first} & \text{else} \end{cases}$$

    Where would you put $t$? Move it, and watch how many of the training images the rule gets right.
    """)
    return


@app.cell
def _(np):
    def middle(dataset):
        """Return the mean brightness, 0…1, of the middle of each image."""
        h, w = dataset.height, dataset.width
        square = dataset.X.reshape(len(dataset), h, w, -1)[
            :, 3 * h // 8 : -(-5 * h // 8), 3 * w // 8 : -(-5 * w // 8)
        ]
        return square.mean(axis=(1, 2, 3)) / 255

    def share_right(brightness, labels, threshold):
        """Return how often the rule is right."""
        return float(np.mean((brightness >= threshold) == (labels == 1)))

    return middle, share_right


@app.cell(hide_code=True)
def _(mo):
    threshold = mo.ui.slider(
        0, 1, step=0.01, value=0.5, label="threshold t", show_value=True, full_width=True
    )
    threshold
    return (threshold,)


@app.cell
def _(chart, middle, np, pair, threshold):
    seen, labels = middle(pair.train), pair.train.labels
    edges = np.linspace(0, 1, 26)
    bars = {
        name: ((edges[:-1] + edges[1:]) / 2, np.histogram(seen[labels == k], edges)[0])
        for k, name in enumerate(pair.classes)
    }
    chart(
        bars, x="brightness of the middle", y="images", marks={f"t = {threshold.value:.2f}": threshold.value}
    )
    return labels, seen


@app.cell(hide_code=True)
def _(labels, mo, pair, seen, share_right, threshold):
    right = share_right(seen, labels, threshold.value)
    commonest = max((labels == 0).mean(), (labels == 1).mean())
    mo.md(f"""
    With t = {threshold.value:.2f} the rule is right about **{right:.1%}** of the {len(labels):,} training images.
    Saying “{pair.classes[int((labels == 1).mean() > 0.5)]}” to everything would be right about {commonest:.1%}: less
    than that is worse than no rule at all.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## The machine's turn

    A machine learns when it finds the rule by itself, from the examples. For one threshold it can simply try them
    all. What counts afterwards are images that had no part in the choice: the **test** images. On the training
    images, a rule that has seen the answers has it easy.
    """)
    return


@app.cell
def _(labels, middle, mo, np, pair, seen, share_right):
    tried = np.linspace(0, 1, 101)
    scores = np.array([share_right(seen, labels, t) for t in tried])
    best = float(tried[scores == scores.max()].mean())
    tested = share_right(middle(pair.test), pair.test.labels, best)
    mo.md(f"""
    The best of {len(tried)} thresholds is **{best:.2f}**, right about {scores.max():.1%} of the training images, and
    about **{tested:.1%}** of the {len(pair.test):,} test images.
    """)
    return (tested,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    One number for an image is little. **Logistic regression** looks at all pixels at once: it gives each a weight,
    adds up, and turns the sum into a probability. Lessons 4 to 6 take it apart. Here is only what it achieves.
    """)
    return


@app.cell
def _(images, mo, pair, sl, tested):
    model = sl.make_recipe("pixels", shape=pair.shape).fit(pair.train.X, pair.train.y)
    all_pixels = float(model.score(pair.test.X, pair.test.y))
    of_all = sl.make_recipe("pixels", shape=images.shape).fit(images.train.X, images.train.y)
    all_classes = float(of_all.score(images.test.X, images.test.y))
    mo.md(f"""
    | rule | test images it gets right |
    |---|---:|
    | brightness of the middle, {pair.classes[0]} or {pair.classes[1]} | {tested:.1%} |
    | all {pair.n_features} pixels, {pair.classes[0]} or {pair.classes[1]} | {all_pixels:.1%} |
    | all {images.n_features} pixels, all {images.n_classes} classes at once | {all_classes:.1%} |
    | a guess among {images.n_classes} classes | {1 / images.n_classes:.1%} |
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Questions to explore

    1. **Which two classes does the middle tell apart worst?** Guess, then choose them above.
    2. **Which two are hardest with all pixels?** Guess before you open the answer.
    3. **Can a rule that is right about all training images be wrong about a test image?**
    """)
    return


@app.cell
def _(combinations, images, middle, np, pd, share_right, sl):
    few = 100
    rows = np.concatenate(
        [np.flatnonzero(images.train.labels == k)[:few] for k in range(min(images.n_classes, 10))]
    )
    sample = images.train.take(rows)
    results = []
    for a, b in combinations(np.unique(sample.labels), 2):
        two = sample.subset([images.classes[a], images.classes[b]]).split(test_size=0.4, seed=0)
        bright, truth = middle(two.train), two.train.labels
        at = max(np.linspace(0, 1, 51), key=lambda t: abs(share_right(bright, truth, t) - 0.5))
        way = share_right(bright, truth, at) >= 0.5
        by_middle = share_right(middle(two.test), two.test.labels, at)
        learned = sl.make_recipe("pixels", shape=two.shape).fit(two.train.X, two.train.y)
        results.append(
            {
                "pair": f"{images.classes[a]} or {images.classes[b]}",
                "middle": by_middle if way else 1 - by_middle,
                "all pixels": learned.score(two.test.X, two.test.y),
                "training": learned.score(two.train.X, two.train.y),
            }
        )
    pairs = pd.DataFrame(results).set_index("pair")
    return (pairs,)


@app.cell(hide_code=True)
def _(mo, pairs):
    _perfect = pairs[pairs["training"] == 1]
    _slips = _perfect[_perfect["all pixels"] < 1]
    mo.accordion(
        {
            "1 · Worst by the middle": mo.md(
                f"Of {len(pairs)} pairs, **{pairs['middle'].idxmin()}**: right about {pairs['middle'].min():.0%} of "
                "images kept aside, with the best threshold, whichever way round the rule is read."
            ),
            "2 · Hardest with all pixels": mo.vstack(
                [
                    mo.md(
                        f"**{pairs['all pixels'].idxmin()}**, at {pairs['all pixels'].min():.1%}. The five hardest, "
                        "each learned from at most 60 images a class and tested on 40 others:"
                    ),
                    pairs.sort_values("all pixels").head(5).map(lambda share: f"{share:.1%}"),
                ]
            ),
            "3 · Perfect in training, wrong in the test": mo.md(
                f"Yes. {len(_perfect)} of the {len(pairs)} rules are right about every training image, and "
                f"{len(_slips)} of these slip on images kept aside. That is why only the test counts."
            ),
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("**Next:** lesson 2, *Meet the data*.")
    return


if __name__ == "__main__":
    app.run()
