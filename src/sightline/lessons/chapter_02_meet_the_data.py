"""2 · Meet the data: fetch it, see its keys, its shape, its range, and the dark sky of zeros."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Sightline 2 · Meet the data")


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
    # 2 · Meet the data

    Nobody would judge a book by a summary of its summary. Before anything learns, we look: how many images are there,
    what is an image to a computer, which numbers occur in it, and where are they?

    Every lesson starts by loading images. `sl.load` takes a name (`"digits"`, `"mnist"`), a folder of images, or a
    file.
    """)
    return


@app.cell
def _(data_name, sl):
    name = data_name()
    images = sl.load(name)
    images
    return images, name


@app.cell(hide_code=True)
def _(images, mo):
    mo.md(f"""
    ## What is in the box

    The box answers to the same names as scikit-learn's `fetch_openml`: {", ".join(f"`{key}`" for key in images)}.
    The two that matter are `data`, the pixels, and `target`, what a person said each image is.
    """)
    return


@app.cell
def _(images):
    X, y = images.X, images.y
    images["target"].head(10).to_frame()
    return X, y


@app.cell(hide_code=True)
def _(X, images, mo, y):
    colours = ", each with a red, a green and a blue value" if images.channels == 3 else ""
    mo.md(f"""
    `X` has the shape {X.shape}: {X.shape[0]:,} images, one a row, and {X.shape[1]} numbers in each.
    `y` has the shape {y.shape}: one class for each image, out of {images.n_classes}.

    **Why {X.shape[1]}?** An image has {images.height} × {images.width} pixels{colours}, which makes
    {" × ".join(str(side) for side in images.shape)} = {X.shape[1]} numbers. To make one row of it, the lines of the
    image are laid one behind the other, the top line first. Move the slider, and see where a column of `X` lies in
    the image.
    """)
    return


@app.cell(hide_code=True)
def _(X, images, mo):
    column = mo.ui.slider(
        0, X.shape[1] - 1, value=X.shape[1] // 2 + images.width // 2, label="column of X", show_value=True
    )
    column
    return (column,)


@app.cell
def _(X, column, images, mo, np):
    place = np.unravel_index(column.value, images.shape)
    here = X[:, column.value]
    mo.md(f"""
    Column {column.value} is the pixel in line {place[0]} from the top and {place[1]} from the left, both counted
    from 0. Over all images it has the value {here.mean():.1f} on average, and it is black (0) in
    {(here == 0).mean():.0%} of them.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## From black to white

    A pixel is a whole number between 0 (black as a shadow) and 255 (bright as the sun), one byte. Which of these
    numbers do occur, and how often? Note the logarithmic scale: one step upwards is *ten times* as often.
    """)
    return


@app.cell
def _(images, sl):
    found = sl.explore(images)
    return (found,)


@app.cell
def _(found, sl, theme):
    sl.figures.intensity_histogram(found, theme=theme)
    return


@app.cell(hide_code=True)
def _(found, mo):
    mo.md(f"""
    ## A dark sky

    The values run from {found.minimum} to {found.maximum}, and {found.zero_share:.1%} of them are exactly 0. An
    image is like the night sky: mostly dark, with a few lights. Astronomers do not mind, and we should not either,
    but it is good to know where the light is. Bright places below differ much from image to image. A dot marks a
    pixel that is the same in *every* image: it can tell nothing apart.
    """)
    return


@app.cell
def _(found, sl, theme):
    sl.figures.variance_map(found, theme=theme)
    return


@app.cell(hide_code=True)
def _(found, images, mo):
    mo.md(f"""
    ## A band of numbers

    To see light as numbers, look at a band of columns across the middle. The original tutorial took the columns 400
    to 499 of MNIST; for the {images.n_features} columns here we begin with {found.band[0]} to {found.band[1] - 1}.
    Choose others, and other images.
    """)
    return


@app.cell(hide_code=True)
def _(found, images, mo):
    band = mo.ui.range_slider(
        start=0,
        stop=images.n_features,
        value=list(found.band),
        label="columns",
        show_value=True,
        full_width=True,
    )
    first = mo.ui.slider(0, min(200, len(images) - 6), value=0, label="first image", show_value=True)
    mo.vstack([band, first])
    return band, first


@app.cell
def _(band, first, images):
    images.data.iloc[first.value : first.value + 6, band.value[0] : band.value[1]]
    return


@app.cell
def _(first, found, images, sl, theme):
    sl.figures.pixel_band(images, found, row=first.value, theme=theme)
    return


@app.cell(hide_code=True)
def _(band, images, mo, np):
    _lines = np.unravel_index([band.value[0], max(band.value[0], band.value[1] - 1)], images.shape)[0]
    mo.md(f"""
    The columns that you chose lie in lines {_lines[0]} to {_lines[1]} of the {images.height} lines of an image. As
    numbers a digit is hard to see; as a picture it is obvious. The computer only has the numbers.

    ## Questions to explore

    1. **Where is the light?** Move the band to the top, the middle and the bottom, and watch how many zeros there
       are.
    2. **How many columns could be thrown away, without losing anything at all?**
    3. **Is it the same part of the sky that is dark in every class?**
    4. **So many numbers: how much of it is truly useful?**

    Try first; then open what was found here.
    """)
    return


@app.cell
def _(X, chart, images, np):
    light = X.reshape(len(images), images.height, -1).mean(axis=(0, 2))
    chart(
        {"mean intensity": (np.arange(images.height), light)},
        x="line of the image, from the top",
        y="intensity",
    )
    return (light,)


@app.cell
def _(X, images, np, pd, y):
    varies = X.min(axis=0) != X.max(axis=0)
    rebuilt = np.tile(X[0], (len(X), 1))
    rebuilt[:, varies] = X[:, varies]
    lossless = bool((rebuilt == X).all())
    never_lit = pd.DataFrame(
        {"pixels never lit": [int((X[y == k].max(axis=0) == 0).sum()) for k in range(images.n_classes)]},
        index=pd.Index(images.classes, name="class"),
    )
    return lossless, never_lit, varies


@app.cell(hide_code=True)
def _(found, light, lossless, mo, never_lit, varies):
    mo.accordion(
        {
            "1 · Where is the light?": mo.md(
                f"Line {light.argmax()} is the brightest, with {light.max():.0f} on average; line "
                f"{light.argmin()} the darkest, with {light.min():.1f}. The drawing above shows all of them."
            ),
            "2 · How many columns can go?": mo.md(
                f"{(~varies).sum()} of {len(varies)} columns are the same in every image. All images can be put "
                f"together again from the other {varies.sum()}: {'exactly' if lossless else 'not exactly'}, as the "
                "cell above has tried."
            ),
            "3 · The same dark for every class?": mo.vstack(
                [
                    mo.md(
                        f"No. Between {never_lit.iloc[:, 0].min()} and {never_lit.iloc[:, 0].max()} pixels "
                        "are never lit, and which ones depends on the class. That darkness is information "
                        "too: ink where a class never has any speaks against it."
                    ),
                    never_lit.T,
                ]
            ),
            "4 · How much is truly useful?": mo.md(
                f"Pixels next to each other say nearly the same. {found.rank[0.90]} well chosen mixtures of all "
                f"{len(varies)} pixels carry 90 % of what varies, {found.rank[0.95]} carry 95 %, and "
                f"{found.rank[0.99]} carry 99 %. Lesson 8 finds these mixtures, and what they are worth."
            ),
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Two questions that need a model

    The tutorial asks two more at this place, and both are answered by doing, further on.

    * *How does a computer learn from pixels what humans recognise by patterns?* Lesson 6 scrambles all pixels, until
      no person can read a single digit, and lets the computer learn once more.
    * *What patterns do we humans overlook that machines might find fascinating?* Lesson 3 reads the edges of the
      images alone, where we see next to nothing; lesson 7 finds the smallest change that flips a decision.

    **Next:** lesson 3, *See the digits*.
    """)
    return


if __name__ == "__main__":
    app.run()
