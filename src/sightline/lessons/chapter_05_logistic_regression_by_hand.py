"""5 · Logistic regression by hand: simulate 100 samples of 3 features, then find the weights again."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Sightline 5 · Logistic regression by hand")


@app.cell(hide_code=True)
def _():
    import marimo as mo
    import numpy as np
    import pandas as pd

    import sightline as sl
    from sightline.lessons import chart

    theme = mo.app_meta().theme
    return chart, mo, np, pd, sl, theme


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 5 · Logistic regression by hand

    Three steps lead from features to a decision:

    $$z = w_1 x_1 + w_2 x_2 + \dots + w_d x_d + b \qquad \hat y = \sigma(z) \qquad
    \text{class} = \begin{cases} 1 & \hat y \ge \text{threshold} \\ 0 & \text{else} \end{cases}$$

    The **weights** $w$ say how much each feature counts and in which direction, the **bias** $b$ where one starts
    from. We draw weights, bias and features at random and follow a hundred samples through all three steps. Nothing
    is learned yet; that comes in the second half.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    samples = mo.ui.slider(20, 1000, step=20, value=100, label="samples", show_value=True)
    features = mo.ui.slider(1, 10, value=3, label="features", show_value=True)
    seed = mo.ui.slider(0, 50, value=0, label="seed", show_value=True)
    mo.hstack([samples, features, seed], justify="start", gap=2)
    return features, samples, seed


@app.cell
def _(features, samples, seed, sl):
    drawn = sl.simulate(samples.value, features.value, seed=seed.value)
    return (drawn,)


@app.cell(hide_code=True)
def _(drawn, mo):
    mo.md(f"""
    `X` has the shape {drawn.X.shape}, the weights {drawn.weights.shape}. `X @ w + b` takes, for every sample, each
    feature times its weight, adds them up, and adds b: {drawn.z.shape}, one number z for each sample. The first six:
    """)
    return


@app.cell
def _(drawn, pd, sl):
    by_hand = drawn.X @ drawn.weights + drawn.bias
    steps = pd.DataFrame(drawn.X[:6], columns=[f"x{j + 1}" for j in range(drawn.X.shape[1])])
    steps["z"] = by_hand[:6]
    steps["probability"] = sl.sigmoid(by_hand[:6])
    steps["class"] = (steps["probability"] >= 0.5).astype(int)
    steps.round(3)
    return (by_hand,)


@app.cell(hide_code=True)
def _(by_hand, drawn, mo):
    _terms = " + ".join(
        f"({w:+.2f})·({x:+.2f})" for w, x in zip(drawn.weights, drawn.X[0], strict=True)
    ).replace("-", "−")
    mo.md(f"""
    Sample 0 in full: {_terms} + ({drawn.bias:+.2f}) = **{by_hand[0]:+.3f}**.

    Every sample lies on the sigmoid, at its own z. Where it lies decides its class.
    """)
    return


@app.cell
def _(drawn, sl, theme):
    sl.figures.simulation(drawn, theme=theme)
    return


@app.cell(hide_code=True)
def _(mo):
    threshold = mo.ui.slider(
        0.0, 1.0, step=0.01, value=0.5, label="threshold", show_value=True, full_width=True
    )
    threshold
    return (threshold,)


@app.cell(hide_code=True)
def _(drawn, mo, threshold):
    ones = int((drawn.probability >= threshold.value).sum())
    mo.md(f"""
    With a threshold of {threshold.value:.2f}, **{ones} of {len(drawn.z)}** samples are class 1. A higher threshold
    asks for more certainty before it says 1: fewer samples pass.

    ## Now the other way round

    In life nobody tells us the weights. We see features and labels, and want the weights back. So let us forget them:
    every sample gets a label, drawn with its own probability, as if by a coin that is not quite fair.
    """)
    return


@app.cell
def _(drawn, mo, np):
    coins = np.random.default_rng(1).random(len(drawn.probability))
    labels = (coins < drawn.probability).astype(int)
    mo.stop(
        labels.min() == labels.max(),
        mo.md("All coins fell the same way: choose another seed, or more samples."),
    )
    return (labels,)


@app.cell(hide_code=True)
def _(labels, mo):
    mo.md(rf"""
    {labels.sum()} of {len(labels)} are labelled 1. How well do some weights fit these labels? The **log loss** is
    small where the labels that occurred were called probable:

    $$L(w, b) = -\frac1n \sum_i \Big( y_i \log \hat y_i + (1 - y_i) \log (1 - \hat y_i) \Big)$$

    Its slope is wonderfully simple, *prediction minus label, times feature*:

    $$\frac{{\partial L}}{{\partial w}} = \frac1n \sum_i (\hat y_i - y_i)\, x_i \qquad
    \frac{{\partial L}}{{\partial b}} = \frac1n \sum_i (\hat y_i - y_i)$$

    **Gradient descent** walks downhill: again and again, a step against the slope. That is the whole of learning. The
    length of a step is yours to choose.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    rate = mo.ui.slider(
        steps=[0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30], value=1, label="length of a step", show_value=True
    )
    count = mo.ui.slider(10, 400, step=10, value=100, label="steps", show_value=True)
    mo.hstack([rate, count], justify="start", gap=2)
    return count, rate


@app.cell
def _(drawn, labels, np, sl):
    def log_loss(w, b):
        """Return L(w, b), computed so that no logarithm of 0 can occur."""
        z = drawn.X @ w + b
        return float(np.mean(np.logaddexp(0, z) - labels * z))

    def descend(rate, steps):
        """Return weights, bias, and the loss after every step."""
        w, b = np.zeros(drawn.X.shape[1]), 0.0
        losses = [log_loss(w, b)]
        for _ in range(steps):
            miss = sl.sigmoid(drawn.X @ w + b) - labels
            w = w - rate * (drawn.X.T @ miss) / len(labels)
            b = b - rate * float(miss.mean())
            losses.append(log_loss(w, b))
        return w, b, np.array(losses)

    return descend, log_loss


@app.cell
def _(chart, count, descend, log_loss, np, rate, drawn):
    found_w, found_b, losses = descend(rate.value, count.value)
    chart(
        {"log loss": (np.arange(len(losses)), losses)},
        x="step",
        y="log loss",
        levels={"with the true weights": log_loss(drawn.weights, drawn.bias)},
    )
    return found_b, found_w, losses


@app.cell(hide_code=True)
def _(drawn, log_loss, losses, mo):
    level = log_loss(drawn.weights, drawn.bias)
    verdict = "The walk has not come so low: try more steps, or longer ones."
    if losses[-1] < level:
        verdict = "The walk ends *below* it: it fits the coins that happened to fall, too."
    mo.md(f"""
    From {losses[0]:.4f} (undecided about everything) to {losses[-1]:.4f}. The level shows the loss with the weights
    that made the labels, {level:.4f}. {verdict}

    Sightline's own solver goes straight to the lowest point:
    """)
    return


@app.cell
def _(drawn, found_b, found_w, labels, np, pd, sl):
    solved = sl.LogisticRegression(C=1e4).fit(drawn.X, labels)
    compared = pd.DataFrame(
        {
            "true": [*drawn.weights, drawn.bias],
            "gradient descent": [*found_w, found_b],
            "Sightline": [*solved.coef_[0], solved.intercept_[0]],
        },
        index=[*(f"w{j + 1}" for j in range(len(found_w))), "b"],
    )
    farthest = float(np.abs(compared["gradient descent"] - compared["Sightline"]).max())
    compared.round(3)
    return compared, farthest, solved


@app.cell(hide_code=True)
def _(compared, farthest, mo, solved):
    off = float((compared["Sightline"] - compared["true"]).abs().max())
    mo.md(f"""
    The two differ by at most {farthest:.4f}; Sightline took {int(solved.n_iter_[0])} passes over the samples. From
    the true weights its own differ by up to {off:.3f}, and that is no fault of the method: few samples cannot tell
    more.

    ## Questions to explore

    1. **How long may a step be?** Try 0.01 and 30 above.
    2. **Do more samples bring the weights nearer to the true ones?** How many, for half the distance?
    3. **What does a weight mean?** Add 1 to one feature; what happens to the odds?
    """)
    return


@app.cell
def _(descend, np, pd):
    lengths = [0.01, 0.1, 1.0, 30.0]
    ends = {r: descend(r, 100)[2] for r in lengths}
    walks = pd.DataFrame(
        {"loss after 100": {r: at[-1] for r, at in ends.items()},
         "went up": {r: int((np.diff(at) > 1e-12).sum()) for r, at in ends.items()}}
    )  # fmt: skip
    walks.index.name = "step"
    return (walks,)


@app.cell
def _(features, np, pd, sl):
    def distance(n, draws=12):
        """Return how far, on average, the weights found from n samples lie from the true ones."""
        far = []
        for at in range(draws):
            true = sl.simulate(n, features.value, seed=at)
            y = (np.random.default_rng(1000 + at).random(n) < true.probability).astype(int)
            if 0 < y.sum() < n:
                fit = sl.LogisticRegression(C=1e3).fit(true.X, y)
                far.append(np.linalg.norm(fit.coef_[0] - true.weights))
        return float(np.median(far))

    sizes = [100, 400, 1600, 6400]
    nearer = pd.DataFrame({"samples": sizes, "distance": [distance(n) for n in sizes]}).set_index("samples")
    return nearer, sizes


@app.cell
def _(compared, drawn, np, sl):
    sample = drawn.X[0]
    moved = sample + np.eye(len(sample))[0]
    odds = [float(p / (1 - p)) for p in (sl.sigmoid(x @ drawn.weights + drawn.bias) for x in (sample, moved))]
    weight = float(compared["true"].iloc[0])
    return odds, weight


@app.cell(hide_code=True)
def _(mo, nearer, np, odds, sizes, walks, weight):
    _ratio = nearer["distance"].iloc[0] / nearer["distance"].iloc[-1]
    mo.accordion(
        {
            "1 · The length of a step": mo.vstack(
                [
                    mo.md(
                        "Too short, and a hundred steps do not arrive; too long, and the walk jumps across "
                        "the valley and goes up at times (last column: how often of 100)."
                    ),
                    walks.round(4),
                ]
            ),
            "2 · More samples": mo.vstack(
                [
                    mo.md(
                        f"Yes. From {sizes[0]} to {sizes[-1]:,} samples, {sizes[-1] // sizes[0]} times as many, the "
                        f"distance shrank {_ratio:.1f}-fold. Chance shrinks as 1/√n, √{sizes[-1] // sizes[0]} = "
                        f"{np.sqrt(sizes[-1] / sizes[0]):.0f}: for half the distance take four times as many samples."
                    ),
                    nearer.round(3),
                ]
            ),
            "3 · The meaning of a weight": mo.md(
                f"The odds p / (1 − p) of sample 0 are {odds[0]:.4f}; with x₁ larger by 1 they are "
                f"{odds[1]:.4f}, {odds[1] / odds[0]:.4f} times as much, and e^w₁ = e^({weight:+.4f}) = "
                f"{np.exp(weight):.4f}. A weight is the logarithm of the factor by which one more of its "
                "feature multiplies the odds."
            ),
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("**Next:** lesson 6, *Train on real digits*.")
    return


if __name__ == "__main__":
    app.run()
