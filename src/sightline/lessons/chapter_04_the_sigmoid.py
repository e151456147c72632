"""4 · The sigmoid: how any number becomes a probability, and why it is this curve and no other."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Sightline 4 · The sigmoid")


@app.cell(hide_code=True)
def _():
    import warnings

    import marimo as mo
    import numpy as np
    import pandas as pd

    import sightline as sl
    from sightline.lessons import chart, data_name

    theme = mo.app_meta().theme
    return chart, data_name, mo, np, pd, sl, theme, warnings


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 4 · The sigmoid

    A rule that adds things up can answer with any number: −37, 0.2, 1,000. A probability lies between 0 and 1. The
    **sigmoid** takes one to the other:

    $$\sigma(z) = \frac{1}{1 + e^{-z}}$$

    Large $z$: nearly 1. Very negative $z$: nearly 0. And $\sigma(0) = \tfrac12$, undecided. A **threshold** turns the
    probability into a decision: class 1 where $\sigma(z)$ is at least the threshold, else class 0.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    threshold = mo.ui.slider(
        0.01, 0.99, step=0.01, value=0.5, label="threshold", show_value=True, full_width=True
    )
    threshold
    return (threshold,)


@app.cell
def _(sl, theme, threshold):
    sl.figures.sigmoid_curve(threshold.value, theme=theme)
    return


@app.cell(hide_code=True)
def _(mo, np, sl, threshold):
    z_cut = float(np.log(threshold.value / (1 - threshold.value)))
    mo.md(f"""
    A threshold of {threshold.value:.2f} on the probability is a threshold of {z_cut:+.2f} on z, because
    σ({z_cut:+.2f}) = {float(sl.sigmoid(z_cut)):.2f}. For every threshold on the one there is one on the other.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Steeper, flatter, left, right

    In logistic regression $z$ comes from the features: $z = w x + b$ for a single one. Two knobs:
    the weight $w$ says how steep the curve is (and which way it goes), the bias $b$ moves it.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    w = mo.ui.slider(-5, 5, step=0.1, value=2, label="weight w", show_value=True)
    b = mo.ui.slider(-5, 5, step=0.1, value=-1, label="bias b", show_value=True)
    mo.hstack([w, b], justify="start", gap=2)
    return b, w


@app.cell
def _(b, chart, np, sl, w):
    x = np.linspace(-6, 6, 241)
    crossing = {} if w.value == 0 or abs(b.value / w.value) > 6 else {"undecided": -b.value / w.value}
    chart(
        {"σ(w x + b)": (x, sl.sigmoid(w.value * x + b.value)), "σ(x)": (x, sl.sigmoid(x))},
        x="x",
        y="probability of class 1",
        levels={"one half": 0.5},
        marks=crossing,
        low=0,
        high=1,
    )
    return (x,)


@app.cell(hide_code=True)
def _(b, mo, w):
    mo.md(
        f"The curve crosses one half where w x + b = 0: at x = −b / w = {-b.value / w.value:+.2f}. There it rises by "
        f"w / 4 = {w.value / 4:+.2f} for one step of x."
        if w.value
        else "With a weight of 0 the feature does not matter: the same probability everywhere."
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Why this shape?

    Many curves go from 0 to 1. Here is a reason for this one. Suppose that a feature of class 0 scatters around one
    value and that of class 1 around another, both in the bell shape of a normal distribution, equally wide. Somebody
    shows you a value $x$. How probable is class 1? Count: among all samples with about this $x$, the share of class
    1.

    Two equal bells, by Bayes' rule, give *exactly* a sigmoid, with $w = (\mu_1 - \mu_0)/s^2$ and
    $b = (\mu_0^2 - \mu_1^2)/2s^2$. The dots below are counted, the curve is computed.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    gap = mo.ui.slider(0.5, 4, step=0.1, value=2, label="distance of the bells", show_value=True)
    width = mo.ui.slider(0.5, 2, step=0.1, value=1, label="their width s", show_value=True)
    mo.hstack([gap, width], justify="start", gap=2)
    return gap, width


@app.cell
def _(chart, gap, np, sl, width, x):
    rng = np.random.default_rng(0)
    n = 20_000
    classes = rng.integers(0, 2, n)
    centres = np.array([-gap.value / 2, gap.value / 2])
    values = centres[classes] + width.value * rng.standard_normal(n)
    cells = np.linspace(-6, 6, 41)
    cell_of = np.digitize(values, cells) - 1
    counted = np.array([(cell_of == c).sum() for c in range(40)])
    full = counted >= 30
    share = np.array([classes[cell_of == c].mean() if full[c] else 0.5 for c in range(40)])[full]
    at = ((cells[:-1] + cells[1:]) / 2)[full]
    slope = gap.value / width.value**2
    largest_miss = float(np.abs(share - sl.sigmoid(slope * at)).max())
    chart(
        {"σ(w x + b)": (x, sl.sigmoid(slope * x)), "counted share of class 1": (at, share)},
        x="x",
        y="share of class 1",
        points=("counted share of class 1",),
        low=0,
        high=1,
    )
    return largest_miss, n, slope


@app.cell(hide_code=True)
def _(largest_miss, mo, n, slope):
    mo.md(rf"""
    Of {n:,} drawn samples no dot lies farther than {largest_miss:.3f} from the curve with $w$ = {slope:.2f}. Said
    the other way round: the **log odds** of class 1, $\log\frac{{p}}{{1-p}}$, is the straight line $w x + b$. That
    is what logistic regression assumes, and all that it assumes.

    ## Why is this useful?

    Let us see real images on the curve. A model learns to tell two classes apart; then each test image has its own
    $z$, and its own place on the sigmoid.
    """)
    return


@app.cell
def _(data_name, sl):
    images = sl.load(data_name())
    pair = images.subset(images.classes[:2])
    model = sl.make_recipe("pixels", shape=pair.shape).fit(pair.train.X, pair.train.y)
    return model, pair


@app.cell
def _(chart, model, np, pair, sl):
    shown = slice(0, 300)
    z = np.asarray(model.decision_function(pair.test.X[shown]), dtype=np.float64)
    truth = pair.test.labels[shown]
    reach = float(np.abs(z).max())
    along = np.linspace(-reach, reach, 200)
    chart(
        {
            "σ(z)": (along, sl.sigmoid(along)),
            f"images of {pair.classes[0]}": (z[truth == 0], sl.sigmoid(z[truth == 0])),
            f"images of {pair.classes[1]}": (z[truth == 1], sl.sigmoid(z[truth == 1])),
        },
        x="z",
        y=f"probability of {pair.classes[1]}",
        points=(f"images of {pair.classes[0]}", f"images of {pair.classes[1]}"),
        levels={"one half": 0.5},
    )
    return truth, z


@app.cell(hide_code=True)
def _(mo, np, pair, truth, z):
    _doubt = np.abs(z).argmin()
    mo.md(f"""
    {np.mean((z >= 0) == (truth == 1)):.1%} of these {len(z)} images lie on their own side. The most doubtful has
    z = {z[_doubt]:+.2f} and is labelled {pair.classes[truth[_doubt]]}. A yes or no would hide that doubt; the
    probability tells it.

    ## Questions to explore

    1. **What is $\\sigma(-z)$, if you know $\\sigma(z)$?** Try a few numbers.
    2. **Where is the curve steepest?**
    3. **What does the formula, typed as it stands, do with z = −1,000?**
    4. **And with more than two classes?**
    """)
    return


@app.cell
def _(np, pd, sl):
    asked = np.array([0.0, 0.5, 1.0, 2.0, 5.0])
    mirrored = pd.DataFrame({"z": asked, "σ(z)": sl.sigmoid(asked), "σ(−z)": sl.sigmoid(-asked)})
    mirrored["sum"] = mirrored["σ(z)"] + mirrored["σ(−z)"]
    fine = np.linspace(-8, 8, 100_001)
    steepness = np.gradient(sl.sigmoid(fine), fine)
    return fine, mirrored, steepness


@app.cell
def _(np, sl, warnings):
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        naive = float(1 / (1 + np.exp(-np.float64(-1000.0))))
    careful = float(sl.sigmoid(-1000.0))
    scores = np.array([2.0, 1.0, -1.0])
    probabilities = sl.softmax(scores)
    two = sl.softmax(np.array([0.0, 1.3]))[1]
    return careful, complaints, naive, probabilities, scores, two


@app.cell(hide_code=True)
def _(careful, complaints, fine, mirrored, mo, naive, probabilities, scores, sl, steepness, two):
    mo.accordion(
        {
            "1 · σ(−z)": mo.vstack(
                [mo.md("The two add up to 1: the curve is symmetric about (0, ½)."), mirrored]
            ),
            "2 · Steepest": mo.md(
                f"At z = {abs(fine[steepness.argmax()]):.2f}, with a slope of {steepness.max():.4f}: one quarter. In "
                "general σ′ = σ (1 − σ), largest where σ = ½. Learning is quickest where the model is undecided."
            ),
            "3 · z = −1,000": mo.md(
                f"It gives {naive}, and NumPy complains {len(complaints)} time(s): "
                f"“{complaints[0].message if complaints else 'nothing'}”, for e to the power of 1,000 is "
                "beyond any number that the machine has. `sl.sigmoid` computes e^z / (1 + e^z) where z is "
                f"below 0: {careful}, and no complaint."
            ),
            "4 · More than two classes": mo.md(
                "Each class has its own z, and the **softmax** e^z_k / Σ e^z_j makes probabilities of them: "
                f"the scores {scores.tolist()} become {[round(float(p), 3) for p in probabilities]}, which "
                f"add up to {float(probabilities.sum()):.3f}. With two classes it is the sigmoid of their "
                f"difference: {float(two):.4f} = σ(1.3) = {float(sl.sigmoid(1.3)):.4f}."
            ),
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("**Next:** lesson 5, *Logistic regression by hand*.")
    return


if __name__ == "__main__":
    app.run()
