"""The chapters of the tutorial, in its order, each told with the numbers of a run."""

from __future__ import annotations

import numpy as np

from sightline import figures
from sightline.exploration import summary
from sightline.logistic import simulate
from sightline.results import Run
from sightline.retelling.page import Page, percent, plain

MOST_CLASSES = 12


def opening(page: Page, _: str) -> None:
    """Say what this is about, and what classification is."""
    story = page.story
    data, classes = story.dataset, _listed(story.dataset.classes)
    page.picture(
        "stages",
        lambda theme: figures.stages(story.stages, theme=theme),
        "The same images as they are, scaled, and restored from their principal components",
        f"The same images, as they are and as the classifier meets them: scaled, and restored from "
        f"{story.stages.n_components:,} numbers each.",
    )
    page.say(
        f"An image is a table of numbers. Here are {len(data):,} of them, called **{plain(data.name)}**, each with "
        "the name of what it shows. This page goes all the way: from the numbers to a classifier, and back to the "
        "pixels that made it decide.",
        "<!-- more -->",
        "### What is classification?",
        f"To classify is to say to which of a few classes a thing belongs. There are {len(data.classes)} of them "
        f"here: {classes}. From images whose class is known a rule is learned; it is judged on images that it has "
        "not seen.",
    )


def data(page: Page, again: str) -> None:
    """Show the images, and what a look at them finds."""
    story = page.story
    page.say(f"### Meet {plain(story.dataset.name)}")
    page.picture(
        "gallery",
        lambda theme: figures.gallery(story.dataset, theme=theme),
        "Images of the data set with their labels",
        "Some of the images, each with its label.",
    )
    page.say("### Setup and exploration")
    page.code(
        "from sightline import evaluate, explain, explore, figures, load, make_recipe, simulate\n\n"
        f"data = {again}\n"
        "X, y = data.train.X, data.train.y  # one image a row, one pixel a column\n"
        "print(X.shape)"
    )
    page.say(
        "What a look at all of them finds:",
        "\n".join(f"- {plain(one)}" for one in summary(story.exploration)),
    )


def pixels(page: Page, _: str) -> None:
    """Show the numbers behind an image."""
    story = page.story
    found, (low, high) = story.exploration, story.exploration.band
    page.say(
        "### The numbers behind an image",
        f"Each image is {' × '.join(str(side) for side in found.shape)} = {found.n_features:,} numbers from "
        f"{found.minimum} to {found.maximum}; {percent(found.zero_share, 0)} of them are 0. A band from the middle:",
    )
    page.code(f"print(data.X[:5, {low}:{high}])  # columns {low} to {high - 1} of the first five images")
    page.picture(
        "pixel-band",
        lambda theme: figures.pixel_band(story.dataset, found, theme=theme),
        f"Columns {low} to {high - 1} of the first images as numbers and as pixels",
        f"Columns {low} to {high - 1}: where they lie in an image, and what stands there.",
    )
    page.say("Laid out in rows again, the numbers are a picture:")
    page.code("figures.first_image(data)")
    page.picture(
        "first-image",
        lambda theme: figures.first_image(story.dataset, theme=theme),
        "The first image, its pixels as squares",
        "The first image.",
    )


def sigmoid(page: Page, _: str) -> None:
    """Say what the sigmoid does."""
    page.say(
        "### Logistic regression",
        "Despite its name it classifies. It adds up evidence to one number z, and the **sigmoid** turns that into a "
        "probability:",
    )
    page.formula(r"\sigma(z) = \frac{1}{1 + e^{-z}}")
    page.picture(
        "sigmoid",
        lambda theme: figures.sigmoid_curve(theme=theme),
        "The sigmoid, an S from 0 to 1 that passes one half at z = 0",
        "Any z becomes a number between 0 and 1. Far below 0 it is nearly 0, far above nearly 1, and at 0 it is one "
        "half: there the decision turns.",
    )


def decision(page: Page, _: str) -> None:
    """Take one decision step by step."""
    story = page.story
    two = story.two_features
    first, second = (plain(name) for name in two.classes)
    page.say(
        "### How one decision is made",
        "Every feature $x_j$ has a weight $w_j$. Their products and the bias $b$ are added:",
    )
    page.formula(r"z = w_1 x_1 + w_2 x_2 + \dots + w_n x_n + b, \qquad \hat{y} = \sigma(z)")
    page.say(
        r"If $\hat{y} \geq 0.5$ the answer is class 1, else class 0. With two features one can see it: how much ink "
        f"there is, and how symmetric it is. The line is where z = 0; it parts {first} from {second} and puts "
        f"{percent(two.accuracy, 1)} of them on their own side."
    )
    page.picture(
        "two-features",
        lambda theme: figures.two_features(two, theme=theme),
        "Two classes in the plane of intensity and symmetry, parted by a line",
        f"z = {two.weights[0]:.2f} · intensity {two.weights[1]:+.2f} · symmetry {two.bias:+.2f}",
    )
    if len(story.dataset.classes) > 2:
        page.say(
            f"With {len(story.dataset.classes)} classes there is a z for each, and the **softmax** shares them out:"
        )
        page.formula(r"p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}")


def simulation(page: Page, _: str) -> None:
    """Let random weights decide."""
    seed = page.story.seed
    page.say(
        "### Simulating it", "Nothing is learned yet: weights, bias and a hundred inputs are drawn at random."
    )
    page.code(
        f"drawn = simulate(100, 3, seed={seed})\n"
        "z = drawn.X @ drawn.weights + drawn.bias\n"
        "print(z.shape)  # one z for each of the hundred\n"
        "figures.simulation(drawn)"
    )
    page.picture(
        "simulation",
        lambda theme: figures.simulation(simulate(seed=seed), theme=theme),
        "A hundred points on the sigmoid, each at its z and its probability",
        "Each input at its z and its probability. The dashed line is one half.",
    )


def learning(page: Page, _: str) -> None:
    """Climb the ladder."""
    story = page.story
    rows = ["| recipe | what it sees | features | accuracy | 95 % interval |", "|---|---|---:|---:|---:|"]
    for one in story.recipes:
        score, mark = one.evaluation.accuracy, "**" if one.name == story.best else ""
        rows.append(
            f"| {mark}{plain(one.name)}{mark} | {plain(one.summary)} | {one.n_features:,} | "
            f"{mark}{percent(score.value)}{mark} | {percent(score.low)} to {percent(score.high)} |"
        )
    page.say(
        "### Learning",
        "To learn is to find the weights under which the labels of the training images are most probable, with a "
        "price on large weights. What the classifier gets to see makes the difference:",
        "\n".join(rows),
    )
    if len(story.recipes) > 1:
        page.picture(
            "ladder",
            lambda theme: figures.ladder(story, theme=theme),
            "Accuracy of each recipe with its interval",
            f"The same classifier, better features. **{plain(story.best)}** did best on images kept aside from "
            "training; the test images chose nothing.",
        )
    chosen = "".join(f", {key}={value!r}" for key, value in story.winner.chosen.items())
    page.code(
        f"model = make_recipe({story.best!r}, shape=data.shape, seed={story.seed}{chosen})\n"
        "model.fit(X, y)\n"
        "judged = evaluate(model, data)\n"
        "print(judged.accuracy)"
    )


def judging(page: Page, _: str) -> None:
    """Say what the best recipe gets wrong."""
    judged, names = page.story.winner.evaluation, page.story.dataset.classes
    wrong = judged.n_wrong
    page.say(
        "### How good is it?",
        f"{wrong:,} of {judged.n:,} test images are taken for something else.",
    )
    page.picture(
        "confusion",
        lambda theme: figures.confusion_matrix(judged, theme=theme),
        "Confusion matrix",
        "Each row a true class, each column what it was taken for.",
    )
    if wrong:
        off = judged.confusion - np.diag(np.diag(judged.confusion))
        true, taken = (int(one) for one in np.unravel_index(int(off.argmax()), off.shape))
        page.say(
            f"The most frequent mistake: {plain(names[true])} taken for {plain(names[taken])}, "
            f"{int(off[true, taken])} times."
        )
        page.picture(
            "errors",
            lambda theme: figures.errors(judged, page.story.test, theme=theme),
            "The images that were taken for something else, surest first",
            "Wrong, and surest about it first.",
        )


def reasons(page: Page, _: str) -> None:
    """Take one decision apart."""
    story = page.story
    one = next((one for one in story.explanations if one.label != one.predicted), None) or next(
        iter(story.explanations), None
    )
    if one is None:
        return
    decided, rival = plain(one.classes[one.predicted]), plain(one.classes[one.runner_up])
    page.say(
        "### Why does it decide so?",
        f"One decision, taken apart: {decided} or {rival}? What all pixels add, and the bias, is z, exactly.",
    )
    page.picture(
        "explanation",
        lambda theme: figures.explanation(one, theme=theme),
        "One image, what each pixel says for and against, and the smallest change that flips the decision",
        f"Blue speaks for {decided}, orange against it.",
    )
    page.code("why = explain(model, data.test.images[0], train=data)\nfigures.explanation(why)")


def again(story: Run) -> str:
    """Say how it is done again."""
    made = f"Made with Sightline {story.version} in {story.seconds:.0f} s"
    command = f" by `{story.command}`" if story.command and "`" not in story.command else ""
    licence = f" Licence of the images: {plain(story.dataset.licence)}." if story.dataset.licence else ""
    return f"{made}{command}.{licence} Same seed, same numbers."


def _listed(names: tuple[str, ...]) -> str:
    shown = [plain(name) for name in names[:MOST_CLASSES]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


CHAPTERS = (opening, data, pixels, sigmoid, decision, simulation, learning, judging, reasons)
"""Each adds itself to a page; the second argument is the call that loads the data again."""
