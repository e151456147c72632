"""6 · Train on real digits: weights you can see, why raw pixels "fail to converge", and two solvers at one task."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Sightline 6 · Train on real digits")


@app.cell(hide_code=True)
def _():
    import time
    import warnings
    from dataclasses import replace

    import marimo as mo
    import numpy as np
    import pandas as pd
    from sklearn.linear_model import LogisticRegression as Theirs
    from threadpoolctl import threadpool_limits

    import sightline as sl
    from sightline.lessons import data_name

    theme = mo.app_meta().theme
    return Theirs, data_name, mo, np, pd, replace, sl, theme, threadpool_limits, time, warnings


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 6 · Train on real digits

    Lesson 5 had two classes and three features. Now each pixel is a feature, and each class $k$ has weights and a
    bias of its own:

    $$z_k = \sum_j w_{kj} x_j + b_k \qquad p_k = \frac{e^{z_k}}{\sum_m e^{z_m}}$$

    Learning minimises the log loss and, with it, the size of the weights:

    $$F(W, b) = -\frac1n \sum_i \log p_{y_i}(x_i) + \frac{1}{2 C n} \lVert W \rVert^2$$

    The second part is the **penalty**. A large $C$ trusts the data more, a small $C$ keeps the weights small.
    """)
    return


@app.cell
def _(data_name, sl):
    images = sl.load(data_name())
    train, test = images.train, images.test
    return images, test, train


@app.cell
def _(images, sl, time, train):
    began = time.perf_counter()
    model = sl.make_recipe("pixels", shape=images.shape)
    model.fit(train.X, train.y, classifier__keep_weights=True)
    seconds = time.perf_counter() - began
    return model, seconds


@app.cell(hide_code=True)
def _(mo, model, seconds, test, train):
    accuracy = float(model.score(test.X, test.y))
    mo.md(f"""
    Learned from {len(train):,} images in {seconds:.1f} seconds and {int(model[-1].n_iter_[0])} passes over them;
    right about **{accuracy:.1%}** of {len(test):,} test images, which it has never seen.

    ## What it has learned can be seen

    There is one weight for each pixel and class, so the weights of a class are a picture. Blue: ink here speaks *for*
    the class. Orange: ink here speaks *against* it. Move the slider through the passes and watch them form.
    """)
    return


@app.cell(hide_code=True)
def _(model):
    steps = [one for one in model[-1].history_ if one.coef is not None]
    return (steps,)


@app.cell(hide_code=True)
def _(mo, steps):
    after = mo.ui.slider(
        1, len(steps), value=len(steps), label="after pass", show_value=True, full_width=True
    )
    after
    return (after,)


@app.cell
def _(after, images, sl, steps, theme):
    at_pass = steps[after.value - 1]
    maps = at_pass.coef.reshape(-1, *images.shape)
    sl.figures.WeightMapDisplay(maps, images.classes).plot(theme=theme).figure_
    return (at_pass,)


@app.cell(hide_code=True)
def _(at_pass, mo, model, np, test):
    _z = model[:-1].transform(test.X) @ at_pass.coef.T + at_pass.intercept
    _decided = _z.argmax(axis=1) if _z.shape[1] > 1 else (_z[:, 0] > 0).astype(int)
    mo.md(
        f"After pass {at_pass.number}: F = {at_pass.objective:.5f}, right about "
        f"{np.mean(_decided == test.labels):.1%} of the test images."
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## One decision, pixel by pixel

    Because $z$ is a sum, every pixel has a share in it, and the shares add up exactly. Choose a test image.
    """)
    return


@app.cell(hide_code=True)
def _(mo, test):
    row = mo.ui.slider(
        0, min(200, len(test) - 1), value=0, label="test image", show_value=True, full_width=True
    )
    row
    return (row,)


@app.cell
def _(images, model, row, sl, test, theme):
    known = sl.Model(model, images.classes, images.shape, "pixels")
    why = sl.explain(known, test.images[row.value], label=int(test.labels[row.value]))
    sl.figures.explanation(why, theme=theme)
    return known, why


@app.cell(hide_code=True)
def _(mo, np, why):
    _sums = why.contributions.reshape(len(why.z), -1).sum(axis=1) + why.bias
    mo.md(f"""
    All shares and the bias add up to z: the largest difference over the classes is {np.abs(_sums - why.z).max():.1e}.

    ## “Failed to converge”

    Many a first attempt with scikit-learn on raw pixels, 0…255, ends in a warning: *lbfgs failed to converge*. What
    is wrong? Nothing is broken. Look at the landscape that the solver walks in. In some directions it is steep, in
    others nearly flat; the ratio of the two is the **condition number** κ. Plain descent needs about κ steps for
    each further decimal place, and every method that only knows slopes suffers from it.
    """)
    return


@app.cell
def _(Theirs, np, sl, threadpool_limits, time, train, warnings):
    few = train.take(slice(0, 3000))
    K = few.n_classes

    def objective(W, b, X, C):
        """Return F(W, b), as it is written above."""
        p = (
            sl.softmax(X @ W.T + b)
            if len(W) > 1
            else np.column_stack([1 - (q := sl.sigmoid(X @ W[0] + b)), q])
        )
        return float(
            -np.log(np.maximum(p[np.arange(len(X)), few.y], 1e-300)).mean() + (W**2).sum() / (2 * C * len(X))
        )

    def condition(X, C):
        """Return the ratio of the steepest to the flattest curvature of F at W = 0."""
        variance = np.linalg.eigvalsh(np.cov(X.T))
        penalty = 1 / (C * len(X))
        return (variance[-1] / K + penalty) / (max(variance[0], 0) / K + penalty)

    def both(name, X, C):
        """Fit scikit-learn's solver and ours to the same task; return a line of the table, and our model."""
        line = {"pixels": name, "C": f"{C:.3g}", "κ": f"{condition(X, C):,.0f}"}
        values = []
        makers = {
            "scikit-learn": Theirs(C=C, max_iter=100),
            "Sightline": sl.LogisticRegression(C=C, n_threads=1),
        }
        for who, maker in makers.items():
            started = time.perf_counter()
            with warnings.catch_warnings(record=True) as said, threadpool_limits(1):
                warnings.simplefilter("always")
                maker.fit(X, few.y)
            line[f"{who}: passes"] = int(np.max(maker.n_iter_))
            line[f"{who}: seconds"] = round(time.perf_counter() - started, 2)
            line[f"{who} says"] = str(said[0].message).split("\n")[0][:44] if said else "converged"
            values.append(objective(np.float64(maker.coef_), np.float64(maker.intercept_), X, C))
        line["F above ours"] = f"{values[0] - values[1]:+.1e}"
        return line, makers["Sightline"]

    return both, few


@app.cell
def _(both, few, np, pd):
    raw = few.X.astype(np.float64)
    spread = raw.std(axis=0)
    standard = (raw - raw.mean(axis=0)) / np.where(spread > 0, spread, 1)
    tasks = [
        ("0…255", raw, 1.0),
        ("0…255, the penalty to match", raw, 1 / 255**2),
        ("0…1", raw / 255, 1.0),
        ("mean 0, variance 1", standard, 1.0),
    ]
    fitted = [both(*task) for task in tasks]
    table = pd.DataFrame([line for line, _ in fitted]).set_index("pixels")
    table.T
    return fitted, table


@app.cell(hide_code=True)
def _(few, fitted, mo, np, table):
    _failed = (table["scikit-learn says"] != "converged").sum()
    _ours = (table["Sightline says"] != "converged").sum()
    _same = float(np.abs(fitted[1][1].coef_ * 255 - fitted[2][1].coef_).max())
    mo.md(f"""
    Four views of the same {len(few):,} images. Within its 100 passes, scikit-learn's solver reported trouble in
    **{_failed}** of 4 cases, ours in **{_ours}**. (The last line is how much higher scikit-learn's F ended than
    ours.)

    Three lessons in one table:

    1. **Raw pixels make the penalty negligible.** With pixels 255 times as large, weights are 255 times as small,
       and a penalty on their squares counts for 255² times less. Scaling to 0…1 *and* leaving C alone is another
       task, not the same task made easier.
    2. **The same task is the same task.** Rows two and three have the same κ. Our two models are the same but for the
       factor 255: their weights differ by at most {_same:.1e}.
    3. **A solver that knows curvature does not mind.** Ours measures how F curves, from a few rows, and walks in
       coordinates in which it curves about alike everywhere.
    """)
    return


@app.cell
def _(fitted, sl, table, theme):
    sl.figures.convergence(
        {name: one.history_ for name, (_, one) in zip(table.index, fitted, strict=True)}, theme=theme
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    Each line is how far our solver still was above its lowest value, pass by pass, on a logarithmic scale.

    ## Questions to explore

    1. **Does a lower F mean a better classifier?**
    2. **How strong should the penalty be?** Choose C, and compare training with test.
    3. **The tutorial's question: how does a computer learn from pixels what humans recognise by patterns?** Take all
       pixels out of every image and put them back in another order, the same for all. Can you still read the digits?
       Can the computer?
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    strength = mo.ui.slider(
        steps=[1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000], value=1, label="C", show_value=True, full_width=True
    )
    strength
    return (strength,)


@app.cell
def _(few, pd, sl, strength, test):
    values = sorted({1e-3, 0.1, 10.0, float(strength.value)})
    tried = []
    for C in values:
        fit = sl.make_recipe("pixels", shape=few.shape, C=C).fit(few.X, few.y)
        row_of = {"C": C, "training": fit.score(few.X, few.y), "test": fit.score(test.X, test.y)}
        tried.append({**row_of, "‖W‖": float((fit[-1].coef_ ** 2).sum() ** 0.5)})
    penalties = pd.DataFrame(tried).set_index("C")
    penalties.round(4)
    return (penalties,)


@app.cell
def _(images, np, replace, sl, theme):
    order = np.random.default_rng(0).permutation(images.n_features)
    scrambled = replace(images, images=images.X[:, order].reshape(images.images.shape), name="scrambled")
    sl.figures.gallery(scrambled, theme=theme)
    return order, scrambled


@app.cell
def _(few, images, order, scrambled, sl):
    plain = sl.make_recipe("pixels", shape=images.shape).fit(few.X, few.y)
    blind = sl.make_recipe("pixels", shape=images.shape).fit(few.X[:, order], few.y)
    agree = float((plain.predict(images.test.X) == blind.predict(scrambled.test.X)).mean())
    scores = (
        float(plain.score(images.test.X, images.test.y)),
        float(blind.score(scrambled.test.X, images.test.y)),
    )
    farthest = float(abs(plain[-1].coef_[:, order] - blind[-1].coef_).max())
    return agree, farthest, scores


@app.cell(hide_code=True)
def _(agree, farthest, few, fitted, mo, np, penalties, scores, test):
    _best = penalties["test"].idxmax()
    _kept = penalties["training"].idxmax()
    _right = [float(np.mean(one.predict(few.X.astype(float)) == few.y)) for _, one in fitted[:2]]
    mo.accordion(
        {
            "1 · A lower F": mo.md(
                "Not by itself. F is about the training images: ours of the first task is right about "
                f"{_right[0]:.1%} of them, of the second about {_right[1]:.1%}. What counts is the test, and "
                "there it is the penalty that matters; see question 2. A solver's duty is to arrive. Where "
                "to go is ours to say."
            ),
            "2 · The penalty": mo.md(
                f"Of the values tried above, training is best at C = {_kept:g} "
                f"({penalties['training'].max():.1%}), the test at C = {_best:g} "
                f"({penalties['test'].max():.1%} of {len(test):,}). Too small a C learns too little, too "
                "large a C learns the training images by heart. (To choose C by the test images would be "
                "cheating: lesson 7.)"
            ),
            "3 · Pixels and patterns": mo.md(
                f"The computer is right about {scores[0]:.1%} of the test images as they are, and about "
                f"{scores[1]:.1%} of the scrambled ones; {agree:.1%} of its answers are the same, and its "
                f"weights are the same weights in another order, within {farthest:.1e}. So this model knows "
                "no strokes, no loops, no neighbours. It learns how much light at each single place speaks "
                "for each class, and adds up. People see the pattern, and the order of the pixels is all to "
                "them. A model can be told about neighbours, by giving it other features; lessons 8 and 9 "
                "do, and it gets much better."
            ),
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("**Next:** lesson 7, *Judge it*.")
    return


if __name__ == "__main__":
    app.run()
