"""7 · Judge it: accuracy and its interval, who is taken for whom, thresholds, calibration, leakage."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Sightline 7 · Judge it")


@app.cell(hide_code=True)
def _():
    import marimo as mo
    import numpy as np
    import pandas as pd

    import sightline as sl
    from sightline.lessons import chart, data_name

    theme = mo.app_meta().theme
    return chart, data_name, mo, np, pd, sl, theme


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 7 · Judge it

    A model without a judgement is an opinion. Here is how to tell how good one is, how sure we are of that, what it
    gets wrong, and how one fools oneself.
    """)
    return


@app.cell
def _(data_name, sl):
    images = sl.load(data_name())
    train, test = images.train, images.test
    model = sl.make_recipe("pixels", shape=images.shape).fit(train.X, train.y)
    judged = sl.evaluate(model, images)
    return images, judged, model, test, train


@app.cell(hide_code=True)
def _(judged, mo, test):
    mo.md(rf"""
    ## Accuracy, and how sure we are of it

    It is right about **{judged.accuracy.value:.2%}** of {len(test):,} test images. With other test images, drawn in
    the same way, it would be a little more or less. An interval says how much; this one, Wilson's, covers the true
    accuracy in 95 of 100 such experiments: **{judged.accuracy.low:.2%} to {judged.accuracy.high:.2%}**. For $k$
    right of $n$, $\hat p = k/n$ and $q = 1.96$, it is

    $$\frac{{1}}{{1 + q^2/n}} \Big( \hat p + \frac{{q^2}}{{2n}}
    \pm q \sqrt{{\hat p (1 - \hat p)/n + q^2/4n^2}} \Big)$$

    How many test images do you need?
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    number = mo.ui.slider(
        steps=[20, 50, 100, 200, 500, 1000, 2000, 5000, 10000], value=200, label="n", show_value=True
    )
    number
    return (number,)


@app.cell
def _(chart, judged, np, number):
    def wilson(p, n, q=1.959964):
        """Return both ends of Wilson's interval of a share p among n."""
        middle, half = p + q**2 / (2 * n), q * np.sqrt(p * (1 - p) / n + q**2 / (4 * n**2))
        return (middle - half) / (1 + q**2 / n), (middle + half) / (1 + q**2 / n)

    sizes = np.logspace(1.3, 4, 60)
    ends = wilson(judged.accuracy.value, sizes)
    chart(
        {"upper end": (sizes, ends[1]), "lower end": (sizes, ends[0])},
        x="test images",
        y="accuracy",
        marks={f"n = {number.value:,}": number.value},
        levels={"measured": judged.accuracy.value},
        log_x=True,
        high=1,
    )
    return (wilson,)


@app.cell(hide_code=True)
def _(judged, mo, number, wilson):
    _low, _high = wilson(judged.accuracy.value, number.value)
    mo.md(f"""
    With {number.value:,} test images the interval would reach from {_low:.1%} to {_high:.1%}: {_high - _low:.1%}
    wide.

    ## Who is taken for whom

    A **confusion matrix** counts, line by line: of all images of this class, how many were called what?
    """)
    return


@app.cell
def _(judged, mo, sl, theme):
    try:
        grid = mo.ui.anywidget(sl.ConfusionGrid(judged))
    except sl.UsageError as missing:
        grid = mo.md(f"*{missing}*")
    mo.vstack([sl.figures.confusion_matrix(judged, theme=theme), grid])
    return (grid,)


@app.cell
def _(grid, judged, sl, test, theme):
    _wanted = getattr(grid, "value", {}).get("cell") if hasattr(grid, "widget") else None
    in_cell = judged.errors
    if _wanted:
        in_cell = ((judged.labels == _wanted[0]) & (judged.predicted == _wanted[1])).nonzero()[0]
    if _wanted and len(in_cell):
        shown = sl.figures.gallery(test, in_cell[:20], theme=theme)
    else:
        shown = "No such image." if _wanted else sl.figures.errors(judged, test, n=15, theme=theme)
    shown
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    Click a cell of the grid to see the images behind it; before that, the surest mistakes are shown.

    ## Precision, recall, F1

    For one class there are two ways to be wrong: to call what it is not (**false alarm**), and to miss what it is.

    $$\text{precision} = \frac{\text{hits}}{\text{called}} \qquad \text{recall} = \frac{\text{hits}}{\text{there are}}
    \qquad F_1 = \frac{2 \cdot \text{hits}}{\text{called} + \text{there are}}$$
    """)
    return


@app.cell
def _(judged, np, pd):
    hits, called, there = (
        np.diag(judged.confusion),
        judged.confusion.sum(axis=0),
        judged.confusion.sum(axis=1),
    )
    scores = pd.DataFrame(
        {
            "hits": hits,
            "called": called,
            "there are": there,
            "precision": hits / np.maximum(called, 1),
            "recall": hits / np.maximum(there, 1),
            "F1": 2 * hits / np.maximum(called + there, 1),
        },
        index=pd.Index(judged.classes, name="class"),
    )
    scores.round(3)
    return (scores,)


@app.cell(hide_code=True)
def _(images, mo, scores):
    kind = mo.ui.dropdown(list(images.classes), value=str(scores["F1"].idxmin()), label="class")
    cut = mo.ui.slider(
        0.01, 0.99, step=0.01, value=0.5, label="call it from this probability on", show_value=True
    )
    dear = mo.ui.slider(1, 20, value=1, label="a miss costs as much as … false alarms", show_value=True)
    mo.vstack(
        [mo.md("Who is called, at which probability? That depends on what a mistake costs."), kind, cut, dear]
    )
    return cut, dear, kind


@app.cell
def _(judged, kind, sl, theme):
    sl.figures.thresholds(judged, judged.classes.index(kind.value), theme=theme)
    return


@app.cell
def _(cut, dear, judged, kind, mo, np):
    k = judged.classes.index(kind.value)
    _is, _p = judged.labels == k, judged.probability[:, k]

    def costs(t):
        """Return false alarms, misses, and what they cost together."""
        alarms, misses = int((~_is & (_p >= t)).sum()), int((_is & (_p < t)).sum())
        return alarms, misses, alarms + dear.value * misses

    _all = np.linspace(0.005, 0.995, 199)
    _cheapest = _all[np.argmin([costs(t)[2] for t in _all])]
    _alarms, _misses, _cost = costs(cut.value)
    mo.md(f"""
    From {cut.value:.2f} on: {_alarms} false alarms and {_misses} misses of “{kind.value}”, at a cost of {_cost}. The
    cheapest threshold on these images is {_cheapest:.3f}, at {costs(_cheapest)[2]}. Theory, for probabilities that
    can be believed: 1 / (1 + {dear.value}) = {1 / (1 + dear.value):.3f}.

    ## Can its probabilities be believed?

    Of all answers that it was 80 % sure of, 80 % should be right. Below, sureness against how often it was right.
    """)
    return


@app.cell
def _(judged, sl, theme):
    sl.figures.reliability(judged, theme=theme)
    return


@app.cell(hide_code=True)
def _(judged, mo):
    _gap = float(judged.probability.max(axis=1).mean()) - judged.accuracy.value
    mo.md(f"""
    On average it is {judged.probability.max(axis=1).mean():.1%} sure and {judged.accuracy.value:.1%} right:
    {"too sure" if _gap > 0 else "too modest"} by {abs(_gap):.1%}. The **calibration error**, the mean distance from
    the diagonal, is {judged.calibration_error.value:.3f}, and with 95 % certainty between
    {judged.calibration_error.low:.3f} and {judged.calibration_error.high:.3f}.

    ## How one fools oneself

    **Leakage** is when test images take part in learning. Then the test measures memory. Here three models learn
    with next to no penalty, and all are tested on the same images. The first gets few images; the second gets more;
    the third gets as many as the second, but the additional ones *are* the test images.
    """)
    return


@app.cell
def _(mo, np, pd, sl, test, train):
    _t = min(1000, len(test), len(train) - 300)
    exam = test.take(slice(0, _t))

    def taught(X, y):
        """Return the accuracy on the exam of a model that learned from these rows."""
        fit = sl.LogisticRegression(C=100.0).fit(X / np.float32(255), y)
        return float(fit.score(exam.X / np.float32(255), exam.y))

    leak = pd.Series(
        {
            "300 images": taught(train.X[:300], train.y[:300]),
            f"and {_t:,} more": taught(train.X[: 300 + _t], train.y[: 300 + _t]),
            f"and the {_t:,} of the exam": taught(
                np.concatenate([train.X[:300], exam.X]), np.concatenate([train.y[:300], exam.y])
            ),
        },
        name="accuracy in the exam",
    )
    mo.md(f"""
    | learned from | right in the exam |
    |---|---:|
    {(chr(10) + 4 * " ").join(f"| {what} | {share:.1%} |" for what, share in leak.items())}

    {leak.iloc[2]:.1%} instead of {leak.iloc[1]:.1%}: the difference is not skill.

    A quieter way is to try many things and keep what did best *on the test images*. Sixty models each see only ten
    pixels, drawn at random. The winner on a small exam is announced with its score; then it sits a second exam.
    """)
    return


@app.cell
def _(mo, np, pd, sl, test, train):
    _rng = np.random.default_rng(0)
    _half = min(100, len(test) // 2)
    _used = np.flatnonzero(train.X[:2000].std(axis=0) > 20)
    contests = []
    for _ in range(60):
        eyes = _rng.choice(_used, size=min(10, len(_used)), replace=False)
        fit = sl.LogisticRegression(C=1.0).fit(train.X[:600, eyes] / np.float32(255), train.y[:600])
        right = fit.predict(test.X[:2000, eyes] / np.float32(255)) == test.y[:2000]
        contests.append({"first exam": right[:_half].mean(), "second exam": right[_half:].mean()})
    contest = pd.DataFrame(contests)
    lead = contest.sort_values("first exam").iloc[-5:].mean() - contest.mean()
    mo.md(f"""
    The five winners of the first exam lead the average of all {len(contest)} by {lead["first exam"]:.1%} there, and
    by {lead["second exam"]:.1%} in the second: the rest was luck. Whoever chooses by the test images needs other
    images to be judged by. Sightline chooses on training images alone.

    ## Is one model really better than another?

    Two models on the same images: what counts are the images that only one of them gets right. If both were equally
    good, each of these would be a fair coin (McNemar's test).
    """)
    return


@app.cell
def _(images, judged, mo, sl, train):
    rival = sl.make_recipe("standard", shape=images.shape).fit(train.X, train.y)
    second = sl.evaluate(rival, images)
    duel = sl.compare(judged, second)
    mo.md(f"""
    All pixels: {judged.accuracy.value:.2%}. Each pixel scaled by its own spread (lesson 8):
    {second.accuracy.value:.2%}. Only the first is right about {duel.only_a} images, only the second about
    {duel.only_b}. {duel}

    ## Questions to explore

    1. **Does a model that is surer also err less?** If it may keep silent about the least sure tenth, how much better
       does it get?
    2. **The tutorial's question, again: what do machines see that we overlook?** Lesson 3 read the edges of images.
       Here we look for the smallest change of an image that flips the decision.
    """)
    return


@app.cell
def _(images, judged, mo, model, np, sl, test, theme):
    _sure = np.sort(judged.probability.max(axis=1))
    _spoken = judged.probability.max(axis=1) >= _sure[len(_sure) // 10]
    _right = judged.predicted == judged.labels
    _known = sl.Model(model, images.classes, images.shape, "pixels")
    reasons = [sl.explain(_known, test.images[i], label=int(test.labels[i])) for i in range(12)]
    flips = {
        i: why.smallest_change.norm / np.linalg.norm(test.images[i].astype(float))
        for i, why in enumerate(reasons)
        if why.smallest_change is not None and why.smallest_change.flips
    }
    mo.accordion(
        {
            "1 · Silence": mo.md(
                f"It errs on {1 - _right.mean():.2%} of all test images, and on "
                f"{1 - _right[_spoken].mean():.2%} of the nine tenths that it is surest of. Of the least "
                f"sure tenth it gets {1 - _right[~_spoken].mean():.0%} wrong: these are the images to show "
                "to a person."
            ),
            "2 · What we overlook": mo.vstack(
                [
                    mo.md(
                        f"For {len(flips)} of the first {len(reasons)} test images a change was found that "
                        "flips the decision; half of these changes are smaller than "
                        f"{np.median(list(flips.values())):.0%} of the length of the image, spread thinly "
                        "over many pixels. A person hardly notices it, and would not change the answer. The "
                        "machine weighs every pixel, also those that no reader would look at. What "
                        "fascinates it is not always what the image is about."
                    ),
                    sl.figures.explanation(reasons[min(flips, key=lambda i: flips[i])], theme=theme),
                ]
                if flips
                else [mo.md("No such change was found for any of them.")]
            ),
        }
    )
    return flips, reasons


@app.cell(hide_code=True)
def _(mo):
    mo.md("**Next:** lesson 8, *Fewer numbers, better numbers*.")
    return


if __name__ == "__main__":
    app.run()
