"""3 · See the digits: one of them, a gallery, the average of each class, and the oddities."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Sightline 3 · See the digits")


@app.cell(hide_code=True)
def _():
    from dataclasses import replace

    import marimo as mo
    import numpy as np
    import pandas as pd

    import sightline as sl
    from sightline.lessons import data_name

    theme = mo.app_meta().theme
    return data_name, mo, np, pd, replace, sl, theme


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 3 · See the digits

    A row of numbers becomes a picture when its lines are put below each other again. That is all that *reshape* does:

    $$(x_0, x_1, \dots, x_{hw-1}) \;\longrightarrow\;
    \begin{pmatrix} x_0 & \cdots & x_{w-1} \\ x_w & \cdots & x_{2w-1} \\ \vdots & & \vdots \end{pmatrix}$$

    ## One
    """)
    return


@app.cell
def _(data_name, sl):
    images = sl.load(data_name())
    return (images,)


@app.cell(hide_code=True)
def _(images, mo):
    row = mo.ui.slider(0, min(500, len(images) - 1), value=0, label="image", show_value=True, full_width=True)
    row
    return (row,)


@app.cell
def _(images, row, sl, theme):
    sl.figures.first_image(images, row.value, theme=theme)
    return


@app.cell
def _(images, row):
    images.X[row.value].reshape(images.shape)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    The numbers above are that picture. Read them as a map: 0 is black, 255 is white.

    ## A gallery

    One image says little about how people write. Look at many.
    """)
    return


@app.cell(hide_code=True)
def _(images, mo):
    which = mo.ui.dropdown(["all", *images.classes], value="all", label="class")
    many = mo.ui.slider(5, 100, step=5, value=20, label="how many", show_value=True)
    mo.hstack([which, many], justify="start", gap=2)
    return many, which


@app.cell
def _(images, many, np, sl, theme, which):
    of_class = images.labels == images.labels
    if which.value != "all":
        of_class = images.labels == images.classes.index(which.value)
    sl.figures.gallery(images, np.flatnonzero(of_class)[: many.value], theme=theme)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    Where the notebook's widgets are installed (`pip install 'sightline[widgets]'`), here is a gallery to scroll
    through. Click an image to choose it.
    """)
    return


@app.cell
def _(images, mo, np, sl):
    try:
        picker = mo.ui.anywidget(sl.Gallery(images, np.arange(min(400, len(images)))))
    except sl.UsageError as missing:
        picker = mo.md(f"*{missing}*")
    picker
    return (picker,)


@app.cell
def _(images, mo, picker):
    chosen = getattr(picker, "value", {}).get("selected") if hasattr(picker, "value") else None
    mo.md(
        "Nothing is chosen yet."
        if chosen is None
        else f"Row {chosen}: labelled **{images.classes[images.labels[chosen]]}**."
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## The average of each class

    Lay all images of one class on top of each other, and take the mean of every pixel:

    $$\bar{x}_k = \frac{1}{n_k} \sum_{i \,:\, y_i = k} x_i$$

    Sharp places are where people agree, blurred ones where they do not.
    """)
    return


@app.cell
def _(images, sl):
    found = sl.explore(images)
    return (found,)


@app.cell
def _(found, sl, theme):
    sl.figures.class_means(found, theme=theme)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## The averages as a classifier

    An average is already a rule: give every image the class whose average is nearest. Nothing else is learned.
    """)
    return


@app.cell
def _(images, np):
    def nearest_mean(train, test):
        """Return for each test image the class whose mean training image is nearest."""
        means = np.array([train.X[train.labels == k].mean(axis=0) for k in range(train.n_classes)])
        pixels = test.X.astype(np.float64)
        distance = (means**2).sum(axis=1) - 2 * pixels @ means.T  # |x|² is the same for every class
        return means, distance.argmin(axis=1)

    means, decided = nearest_mean(images.train, images.test)
    right = float(np.mean(decided == images.test.labels))
    return decided, means, nearest_mean, right


@app.cell(hide_code=True)
def _(images, mo, right):
    mo.md(f"""
    It is right about **{right:.1%}** of the {len(images.test):,} test images; guessing would be right about
    {1 / images.n_classes:.1%}. Remember this number: everything that follows has to do better.

    ## Oddities

    Some images lie far from the average of their class. These are the farthest of each; would you have given them the
    same label?
    """)
    return


@app.cell
def _(found, images, sl, theme):
    odd = found.atypical[:, :3].ravel()
    sl.figures.gallery(images, odd[odd >= 0], theme=theme)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("And the nearest, the most ordinary of each class:")
    return


@app.cell
def _(found, images, sl, theme):
    usual = found.typical[:, :3].ravel()
    sl.figures.gallery(images, usual[usual >= 0], theme=theme)
    return


@app.cell(hide_code=True)
def _(found, images, mo):
    repeats = sum(len(group) - 1 for group in found.exact_duplicates)
    mo.md(f"""
    Oddities of another kind are images that occur twice. Here {repeats or "no"} image{
        "s repeat" if repeats != 1 else " repeats"
    } an earlier one exactly, {len(found.leaks) or "no"} pair{
        "s lie" if len(found.leaks) != 1 else " lies"
    } with
    one image among the training and one among the test images, and {
        len(found.conflicts) or "none"
    } of the repeated
    images carr{"y" if len(found.conflicts) != 1 else "ies"} two different labels. Such a pair makes a test of
    {len(images.test):,} images look better than it is; lesson 7 measures by how much.

    ## Questions to explore

    1. **Which two averages are most alike?** Look at them first, then open the answer.
    2. **Does the classifier of averages take these two for each other most often?**
    3. **Do people differ more in some digits than in others?**
    4. **The tutorial's question: what patterns do we humans overlook that machines might find fascinating?** Below,
       all but the edge of each image is blacked out. What can you still read? What can the averages?
    """)
    return


@app.cell(hide_code=True)
def _(images, mo):
    rim = mo.ui.slider(
        1,
        images.height // 2 - 1,
        value=max(1, images.height // 7),
        label="width of the edge",
        show_value=True,
    )
    rim
    return (rim,)


@app.cell
def _(images, np, replace, rim, sl, theme):
    edge = np.ones(images.shape, dtype=bool)
    edge[rim.value : -rim.value, rim.value : -rim.value] = False
    edges = replace(images, images=np.where(edge, images.images, np.uint8(0)), name="edges")
    sl.figures.gallery(edges, theme=theme)
    return edge, edges


@app.cell
def _(edges, images, nearest_mean, np):
    by_edge = float(np.mean(nearest_mean(edges.train, edges.test)[1] == images.test.labels))
    light = float(edges.images.sum(dtype=np.int64) / images.images.sum(dtype=np.int64))
    return by_edge, light


@app.cell
def _(decided, found, images, means, np, pd):
    apart = np.sqrt(((means[:, None] - means[None]) ** 2).mean(axis=2))
    np.fill_diagonal(apart, np.inf)
    alike = np.unravel_index(apart.argmin(), apart.shape)
    taken_for = np.zeros((images.n_classes, images.n_classes), dtype=int)
    np.add.at(taken_for, (images.test.labels, decided), 1)
    mixed = taken_for + taken_for.T
    np.fill_diagonal(mixed, 0)
    most_mixed = np.unravel_index(mixed.argmax(), mixed.shape)
    spread = pd.Series(
        np.sqrt(found.class_variance.reshape(images.n_classes, -1).mean(axis=1)).round(1),
        index=pd.Index(images.classes, name="class"),
        name="spread in intensities",
    )
    return alike, apart, mixed, most_mixed, spread


@app.cell(hide_code=True)
def _(alike, apart, by_edge, edge, images, light, mixed, mo, most_mixed, rim, spread):
    _a, _b = (images.classes[k] for k in sorted(alike))
    _c, _d = (images.classes[k] for k in sorted(most_mixed))
    mo.accordion(
        {
            "1 · Most alike": mo.md(
                f"**{_a} and {_b}**: their averages differ by {apart.min():.1f} intensities (root of the "
                "mean square); the two that are least alike differ by "
                f"{apart[apart < apart.max()].max():.1f}."
            ),
            "2 · Most often confused": mo.md(
                f"{_c} and {_d}, {mixed.max()} times on the test images. "
                + (
                    "They are the same two."
                    if sorted(most_mixed) == sorted(alike)
                    else f"Not the same two: {_a} and {_b} are confused {mixed[alike]} times. How near the averages "
                    "are is one thing, how widely each class spreads around its own is another."
                )
            ),
            "3 · Who spreads most": mo.vstack(
                [
                    mo.md(
                        f"Yes: a pixel of **{spread.idxmax()}** lies {spread.max():.0f} intensities from its class's "
                        f"average, of **{spread.idxmin()}** only {spread.min():.0f} (root of the mean square)."
                    ),
                    spread.to_frame().T,
                ]
            ),
            "4 · What we overlook": mo.md(
                f"An edge {rim.value} wide is {edge.mean():.0%} of the pixels and holds {light:.1%} of the "
                f"light. From it alone the averages get {by_edge:.1%} right, where guessing gets "
                f"{1 / images.n_classes:.0%}. Where strokes come near the border, and where they never do, "
                "is a pattern that nobody looks for when reading. A machine that weighs every pixel finds "
                "it. Lesson 7 shows the other side of it: changes that no reader notices flip its answer."
            ),
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("**Next:** lesson 4, *The sigmoid*.")
    return


if __name__ == "__main__":
    app.run()
