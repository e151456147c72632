"""10 · Your own photos, and more data than fits: from a folder to a stored model, and rows that stay on the disk."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Sightline 10 · Your own photos")


@app.cell(hide_code=True)
def _():
    import atexit
    import io
    import shutil
    import tempfile
    import tracemalloc
    from pathlib import Path

    import marimo as mo
    import numpy as np
    import pandas as pd
    from PIL import Image

    import sightline as sl
    from sightline.lessons import chart, data_name

    theme = mo.app_meta().theme
    scratch = Path(tempfile.mkdtemp(prefix="sightline-lesson-"))  # goes when the lesson is closed
    _later = atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    return Image, chart, data_name, io, mo, np, pd, scratch, sl, theme, tracemalloc


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 10 · Your own photos, and more data than fits

    All that was learned so far works for any labelled images. The simplest way to hand them over is a folder with one
    subfolder for each class:

    ```
    photos/cat/*.jpg      photos/dog/*.jpg
    ```

    Let us make such a folder from images at hand, load it as if it had come from a camera, and see what can go wrong.
    """)
    return


@app.cell
def _(data_name, sl):
    images = sl.load(data_name())
    return (images,)


@app.cell
def _(Image, images, np, scratch):
    photos = scratch / "photos"
    _rng = np.random.default_rng(0)
    for _k, _name in enumerate(images.classes[:10]):
        _folder = photos / f"class-{_k}"
        _folder.mkdir(parents=True, exist_ok=True)
        for _row in np.flatnonzero(images.train.labels == _k)[:40]:
            _photo = Image.fromarray(images.train.images[_row])
            _side = int(_rng.integers(40, 90))  # cameras differ
            _photo.resize((_side, _side)).save(_folder / f"{_row}.png")
    (photos / "class-0" / "notes.png").write_text("no image at all")
    sorted(path.name for path in photos.iterdir())
    return (photos,)


@app.cell
def _(images, photos, sl):
    own = sl.load(photos, size=(images.height, images.width))
    own
    return (own,)


@app.cell(hide_code=True)
def _(mo, own):
    mo.md(f"""
    {len(own)} photos of many sizes became {len(own)} images of {own.height} × {own.width}: fitted, padded, never
    stretched. A fifth was put aside for the test. What the reader of the folder wants you to know:

    {(chr(10) + 4 * " ").join(f"* {note}" for note in own.notes) or "* nothing"}

    ## Learn, and keep what was learned
    """)
    return


@app.cell
def _(own, scratch, sl):
    model = sl.Model(
        sl.make_recipe("pixels", shape=own.shape).fit(own.train.X, own.train.y),
        own.classes,
        own.shape,
        "pixels",
    )
    file = scratch / "model.sightline"
    sl.save_model(model, file)
    again = sl.load_model(file)
    return again, file, model


@app.cell(hide_code=True)
def _(again, file, mo, model, own):
    _same = bool((again.predict(own.test.images) == model.predict(own.test.images)).all())
    mo.md(f"""
    The file holds {file.stat().st_size:,} bytes: arrays and JSON, nothing that could run. Read back, it
    {"gives the same answer to every test image" if _same else "does not give the same answers"}.

    On the command line the same is

    ```
    sightline learn photos/
    sightline predict sightline-run/model.sightline new.jpg
    sightline explain sightline-run/model.sightline new.jpg
    ```

    ## Draw one yourself

    With the widgets installed (`pip install 'sightline[widgets]'`), draw on the pad; the drawing is centred and
    sized as the training images are.
    """)
    return


@app.cell
def _(images, sl):
    whole = sl.Model(
        sl.make_recipe("pixels", shape=images.shape).fit(images.train.X, images.train.y),
        images.classes,
        images.shape,
        "pixels",
    )
    return (whole,)


@app.cell
def _(images, mo, sl, whole):
    try:
        pad = mo.ui.anywidget(sl.DrawPad(images, whole))
    except sl.UsageError as missing:
        pad = mo.md(f"*{missing}*")
    pad
    return (pad,)


@app.cell(hide_code=True)
def _(mo):
    upload = mo.ui.file(filetypes=[".png", ".jpg", ".jpeg"], label="a photo of one digit")
    negative = mo.ui.checkbox(label="dark ink on white paper: take its negative")
    mo.vstack(
        [
            mo.md("Or give it a photo, cut to one digit. It is made grey and brought to the right size."),
            upload,
            negative,
        ]
    )
    return negative, upload


@app.cell
def _(Image, images, io, mo, negative, np, sl, theme, upload, whole):
    mo.stop(not upload.value, mo.md("*No photo yet.*"))
    _photo = Image.open(io.BytesIO(upload.value[0].contents)).convert("RGB" if images.channels == 3 else "L")
    _pixels = np.asarray(_photo.resize((images.width, images.height)))
    yours = sl.explain(whole, 255 - _pixels if negative.value else _pixels)
    sl.figures.explanation(yours, theme=theme)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## What goes wrong with one's own photos

    A model knows only what it has seen. Take the test images and change them as a camera or a pen might; the label
    stays.
    """)
    return


@app.cell
def _(images, np, pd, whole):
    exam = images.test.take(slice(0, 2000))
    pixels = exam.images.astype(np.int16)
    shift = max(1, images.width // 8)
    changed = {
        "as they are": pixels,
        "negative (dark on white)": 255 - pixels,
        "half as bright": pixels // 2,
        f"moved by {shift} to the right": np.roll(pixels, shift, axis=2),
        "upside down": pixels[:, ::-1],
        "noise added": pixels + np.random.default_rng(0).normal(0, 40, pixels.shape).astype(np.int16),
    }
    survived = pd.Series(
        {
            what: float((whole.predict(np.clip(some, 0, 255).astype(np.uint8)) == exam.labels).mean())
            for what, some in changed.items()
        },
        name="right",
    )
    survived.map(lambda share: f"{share:.1%}").to_frame()
    return exam, shift, survived


@app.cell(hide_code=True)
def _(mo, survived):
    mo.md(f"""
    Worst is “{survived.idxmin()}”: {survived.min():.1%}. `sightline predict` notices when the background of a photo
    is the opposite of that of the training images, takes the negative, and says so. For the rest there are two
    cures: bring new photos into the form of the training images, or put such changes among the training images
    (lesson 9).

    ## How many photos do I need?

    Learn from more and more images, and test on the same ones each time.
    """)
    return


@app.cell
def _(chart, exam, images, pd, sl):
    _most = min(len(images.train), 10_000)
    sizes = sorted({n for n in (50, 100, 200, 500, 1000, 2000, 5000, 10_000) if n < _most} | {_most})
    curve = []
    for _n in sizes:
        part = images.train.take(slice(0, _n))
        fit = sl.make_recipe("pixels", shape=images.shape).fit(part.X, part.y)
        curve.append({"images": _n, "training": fit.score(part.X, part.y), "test": fit.score(exam.X, exam.y)})
    learning = pd.DataFrame(curve).set_index("images")
    chart(
        {name: (learning.index, learning[name]) for name in learning},
        x="training images",
        y="share right",
        log_x=True,
        high=1,
    )
    return (learning,)


@app.cell(hide_code=True)
def _(learning, mo):
    mo.md(f"""
    With {learning.index[0]} images {learning["test"].iloc[0]:.1%}, with {learning.index[-1]:,}
    {learning["test"].iloc[-1]:.1%}. The two curves close in on each other: with few images a model learns them by
    heart, with many it cannot. Where they meet, more images no longer help; better features do.

    ## More data than fits

    An image is one byte a pixel. Many programs turn each into eight bytes at once, and a data set that would fit no
    longer does. Sightline's solver takes bytes as they are, and needs them a block at a time, so they may stay on
    the disk: NumPy *maps* a file into memory and reads only what is touched.
    """)
    return


@app.cell
def _(images, np, scratch, sl, tracemalloc):
    on_disk = scratch / "pixels.npy"
    _times = max(1, 20_000_000 // images.train.X.size)
    np.save(on_disk, np.tile(images.train.X, (_times, 1)))
    labels = np.tile(images.train.y, _times)
    rows = np.load(on_disk, mmap_mode="r")
    tracemalloc.start()
    big = sl.LogisticRegression(C=1 / 255**2, tol=1e-3).fit(rows, labels)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    as_floats = rows.size * np.dtype(np.float64).itemsize
    return as_floats, big, on_disk, peak, rows


@app.cell(hide_code=True)
def _(as_floats, big, exam, mo, on_disk, peak, rows):
    mo.md(f"""
    {rows.shape[0]:,} rows of {rows.shape[1]} pixels, {on_disk.stat().st_size / 1e6:.0f} MB on the disk. As
    floating-point numbers of eight bytes they would take {as_floats / 1e6:.0f} MB. Learning from the mapped file
    took at most **{peak / 1e6:.0f} MB** of arrays, {peak / as_floats:.0%} of that, and the model is right about
    {big.score(exam.X, exam.y):.1%} of the {len(exam):,} test images.

    ## Questions to explore

    1. **Are two photos of the same cat a problem?** Think of lesson 7.
    2. **What if one class has many more photos than the other?**
    3. **Does the order of the rows matter?**
    """)
    return


@app.cell
def _(images, np, sl):
    pair = images.subset(images.classes[:2])
    _a = np.flatnonzero(pair.train.labels == 0)[:100]
    _b = np.flatnonzero(pair.train.labels == 1)[:5]
    _rows = np.concatenate([_a, _b])
    _X, _y = pair.train.X[_rows] / np.float32(255), pair.train.y[_rows]
    _exam = pair.test.X / np.float32(255)
    rare = pair.test.labels == 1
    found_rare = {
        weight: float(
            (sl.LogisticRegression(C=0.01, class_weight=weight).fit(_X, _y).predict(_exam)[rare] == 1).mean()
        )
        for weight in (None, "balanced")
    }
    _part = images.train.take(slice(0, 2000))
    _order = np.random.default_rng(1).permutation(len(_part))
    _one = sl.make_recipe("pixels", shape=images.shape).fit(_part.X, _part.y)
    _two = sl.make_recipe("pixels", shape=images.shape).fit(_part.X[_order], _part.y[_order])
    order_agrees = float((_one.predict(images.test.X) == _two.predict(images.test.X)).mean())
    _few = images.train.take(slice(0, 300))
    _copies = np.clip(
        _few.X.astype(np.int16) + np.random.default_rng(0).integers(-8, 9, _few.X.shape), 0, 255
    ).astype(np.uint8)  # fmt: skip
    _fit = sl.LogisticRegression(C=100.0).fit(_few.X / np.float32(255), _few.y)
    twins = float(_fit.score(_copies / np.float32(255), _few.y))
    strangers = float(_fit.score(images.test.X / np.float32(255), images.test.y))
    return found_rare, order_agrees, pair, strangers, twins


@app.cell(hide_code=True)
def _(found_rare, mo, order_agrees, pair, strangers, twins):
    mo.accordion(
        {
            "1 · The same cat twice": mo.md(
                "If one is in training and the other in the test, yes: the model has seen the answer. "
                "Tested on nearly equal copies of its training images, a model here is right about "
                f"{twins:.1%}; on images that it has never seen, about {strangers:.1%}. Keep all photos of "
                "one cat on the same side; `sightline explore photos/` finds pairs that are nearly the "
                "same."
            ),
            "2 · Unequal classes": mo.md(
                f"100 images of {pair.classes[0]} and 5 of {pair.classes[1]}, and a strong penalty: of the "
                f"test images of {pair.classes[1]}, {found_rare[None]:.0%} are found. With "
                "class_weight='balanced', which makes both classes count the same, "
                f"{found_rare['balanced']:.0%}. Accuracy alone would not have told: look at recall."
            ),
            "3 · The order": mo.md(
                "No. F is a sum over all rows and has one lowest point. Learned from the same images in "
                f"another order, two models agree on {order_agrees:.2%} of the test images."
            ),
        }
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Where to go from here

    `sightline learn photos/` tells the whole story of your photos on one page; `sightline studio photos/` lets you
    watch it learn, draw, and ask why. And the ten lessons are yours to change: `sightline lessons copy my-lessons`.
    """)
    return


if __name__ == "__main__":
    app.run()
