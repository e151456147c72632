"""How much error is left, for how many seconds? All recipes, scikit-learn's pipelines and what was published.

    python benchmarks/frontier.py DATA                      choose by: a part of the training images is judged
    python benchmarks/frontier.py DATA --test               look once: learn from all, judge the test images
    python benchmarks/frontier.py DATA --search             what other numbers in the recipes would do
    python benchmarks/frontier.py DATA --figure frontier.png --json frontier.json
    python benchmarks/frontier.py DATA --cluster local:2    our recipes on workers: block by block, where they are

Every entry is a process of its own: seconds from uint8 images in memory to predictions, everything included, and its
largest memory. What is done is kept in the JSON file, and not done again: a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sightline.dataset import Dataset
from sightline.logistic import Pass

PUBLISHED = {
    "linear, pixels (LeCun et al., 1998)": 7.6,
    "PCA and quadratic (LeCun et al., 1998)": 3.3,
    "PCANet (Chan et al., 2015)": 0.62,
    "scattering, SVM (Bruna and Mallat, 2013)": 0.43,
    "kernel network, linear SVM (Mairal et al., 2014)": 0.39,
}
"""Test error on MNIST, percent; how long they took is not known, so they are lines."""


Traits = dict[str, float]


@dataclass(frozen=True)
class Entry:
    """One way from images to predictions: `build` gives something with fit and predict, on rows of pixels.

    It is told the data and their traits: whether such images may be straightened, or mirrored.
    """

    name: str
    build: Callable[[Dataset, Traits], Any]
    ours: bool = True


@dataclass(frozen=True)
class Outcome:
    """`error` in percent of `n` images; `seconds`; `memory` in GB; or `failed`, and why."""

    name: str
    ours: bool
    error: float = float("nan")
    n: int = 0
    seconds: float = float("nan")
    memory: float = float("nan")
    failed: str = ""


class Recipe:
    """A recipe of ours, by name and choices."""

    def __init__(self, name: str, **choices: float) -> None:
        self.name, self.choices = name, choices

    def __call__(self, data: Dataset, traits: Traits) -> Any:
        """Build it for images of this shape and these traits."""
        from sightline.features import find_recipe, make_recipe

        own = {name: value for name, value in traits.items() if name in find_recipe(self.name).defaults}
        own |= {name: value for name, value in self.choices.items() if "__" not in name}
        steps = {name: value for name, value in self.choices.items() if "__" in name}  # of a step's own
        return make_recipe(self.name, shape=data.shape, seed=0, **own).set_params(**steps)


def linear(_: Dataset, __: Traits) -> Any:
    """scikit-learn's own linear model on pixels."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler

    return make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=300))


def quadratic(_: Dataset, __: Traits) -> Any:
    """The same on 45 components and their products."""
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures

    products = PolynomialFeatures(2, include_bias=False)
    return make_pipeline(
        MinMaxScaler(), PCA(45, whiten=True), products, LogisticRegression(C=0.01, max_iter=100)
    )


def nystroem(_: Dataset, __: Traits) -> Any:
    """The same on 1,000 directions of a Gaussian kernel."""
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler

    kernel = Nystroem(gamma=0.02, n_components=1000, random_state=0)
    return make_pipeline(MinMaxScaler(), kernel, LogisticRegression(C=10, max_iter=100))


def scattering(data: Dataset, _: Traits) -> Any:
    """kymatio's scattering and scikit-learn's model, where kymatio can be imported."""
    from kymatio.sklearn import Scattering2D  # type: ignore[import-not-found]
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    layer = Scattering2D(J=3, shape=data.shape[:2], L=8)
    return make_pipeline(layer, StandardScaler(), LogisticRegression(C=0.01, max_iter=100))


OURS = [
    Entry("symmetry", Recipe("symmetry")),
    Entry("pixels", Recipe("pixels")),
    Entry("minmax", Recipe("minmax")),
    Entry("standard", Recipe("standard")),
    Entry("pca", Recipe("pca")),
    Entry("25 components", Recipe("pca-poly", n_components=25)),
    Entry("pca-poly", Recipe("pca-poly")),
    Entry("deskew-pca-poly", Recipe("deskew-pca-poly")),
    Entry("one scale", Recipe("orientation", scales=1)),
    Entry("orientation", Recipe("orientation")),
    Entry("patches", Recipe("patches")),
    Entry("two-layers", Recipe("two-layers")),
    Entry("with 1 copy", Recipe("patches-augmented", copies=1, C=0.02)),
    Entry("patches-augmented", Recipe("patches-augmented")),
    Entry("best", Recipe("best")),
]
PEERS = [
    Entry("scikit-learn: pixels", linear, ours=False),
    Entry("scikit-learn: PCA and products", quadratic, ours=False),
    Entry("scikit-learn: Gaussian kernel, 1,000 points", nystroem, ours=False),
    Entry("kymatio: scattering", scattering, ours=False),
]
SEARCH = [
    *(Entry(f"orientation, C {C:g}", Recipe("orientation", C=C)) for C in (0.01, 0.03, 0.1)),
    *(Entry(f"patches, C {C:g}", Recipe("patches", C=C)) for C in (0.01, 0.03, 0.1)),
    *(Entry(f"patches of {s}, ridge {r:g}",
            Recipe("patches", n_atoms=400, patches__size=s, patches__ridge=r, patches__grid=3))
      for s in (6, 9) for r in (1.0, 0.1)),
    *(Entry(f"two-layers, C {C:g}", Recipe("two-layers", C=C)) for C in (0.003, 0.01, 0.03, 0.1)),
    *(Entry(f"two-layers, {K} atoms", Recipe("two-layers", n_atoms=K)) for K in (50, 100, 400)),
    *(Entry(f"two-layers, straighten {s:g}", Recipe("two-layers", straighten=s)) for s in (0.0, 0.5)),
    *(Entry(f"copies {n}, C {C:g}", Recipe("patches-augmented", copies=n, C=C)) for n, C in
      ((1, 0.02), (2, 0.01), (4, 0.003), (4, 0.01), (4, 0.03))),
]  # fmt: skip


def measure(entry: Entry, data: Dataset, traits: Traits) -> Outcome:
    """Learn from ``data.train`` and judge ``data.test``, in this process."""
    train, test = data.train, data.test
    X, y, judged, labels = train.X, train.labels, test.X, test.labels
    began = time.perf_counter()
    try:
        model = entry.build(data, traits).fit(X, y)
    except ImportError as missing:
        return Outcome(entry.name, entry.ours, failed=f"not installed ({missing})")
    codes = np.concatenate([model.predict(judged[at : at + 2000]) for at in range(0, len(judged), 2000)])
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    error = 100 * float((codes != labels).mean())
    return Outcome(entry.name, entry.ours, error, len(labels), seconds, memory)


class Quiet:
    """Is told how far the work is, and keeps it to itself."""

    def tried(self, words: str, one_pass: Pass | None) -> None:
        """See `sightline.ground.Steps`."""

    def looked(self, share: float) -> None:
        """See `sightline.ground.Steps`."""

    def passed(self, one_pass: Pass) -> None:
        """See `sightline.ground.Steps`."""


def measure_there(entry: Entry, data: Dataset, traits: Traits, cluster: str) -> Outcome:
    """The same on the workers of a cluster that is there before the clock starts; memory is that of this process."""
    from sightline.ground import BlockGround
    from sightline.ground.place import Place
    from sightline.model import Model
    from sightline.sources.large import of_dataset

    with closing(BlockGround(of_dataset(data), data, Place(cluster), 0)) as ground:
        began = time.perf_counter()
        pipeline = entry.build(data, traits)
        ground.learn(pipeline, Quiet())
        judged = ground.judge(Model(pipeline, data.classes, data.shape, entry.name))
        seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return Outcome(entry.name, entry.ours, 100 * (1 - judged.accuracy.value), judged.n, seconds, memory)


def in_a_process(entry: Entry, data: Dataset, traits: Traits, cluster: str | None) -> Outcome:
    """`measure`, elsewhere: what one entry leaves behind does not weigh on the next."""
    context, parent = multiprocessing.get_context("fork"), os.getpid()
    mine, theirs = context.Pipe()

    def work() -> None:
        import warnings

        warnings.simplefilter("ignore")
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
        theirs.send(measure_there(entry, data, traits, cluster) if cluster else measure(entry, data, traits))

    process = context.Process(target=work)
    process.start()
    while process.is_alive() and not mine.poll(0.2):
        pass
    if not mine.poll(1):
        process.join()
        return Outcome(entry.name, entry.ours, failed=f"ended with exit status {process.exitcode}")
    outcome: Outcome = mine.recv()
    process.join()
    return outcome


def _end_with(parent: int) -> None:
    """End this process when its parent has ended: who starts again must not be measured beside it."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)


def table(outcomes: list[Outcome]) -> str:
    """One line an entry, the quickest first, with those marked * that nothing quicker beats."""
    lines = [f"{'':46}{'error':>8}{'seconds':>10}{'memory':>9}"]
    least = float("inf")
    for one in sorted(outcomes, key=lambda one: (bool(one.failed), one.seconds)):
        if one.failed:
            lines.append(f"  {one.name:44}  {one.failed}")
            continue
        mark, least = ("*" if one.error < least else " "), min(least, one.error)
        lines.append(f"{mark} {one.name:44}{one.error:>6.2f} %{one.seconds:>8.1f} s{one.memory:>6.1f} GB")
    return "\n".join(lines)


def draw(outcomes: list[Outcome], title: str, path: Path, *, marks: bool) -> None:
    """Error against seconds, both on logarithmic scales."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FormatStrFormatter, NullFormatter

    from sightline.figures.saving import save
    from sightline.figures.style import LIGHT, SMALL, TEXT

    figure = Figure(figsize=(8.6, 5.4), facecolor=LIGHT.paper, layout="constrained")
    axes = figure.subplots()
    shown = [one for one in outcomes if not one.failed]
    axes.set(xscale="log", yscale="log", facecolor=LIGHT.paper)
    axes.set_title(title, loc="left", fontsize=TEXT, color=LIGHT.ink)
    axes.set_xlabel("seconds, from images to predictions", fontsize=SMALL, color=LIGHT.ink)
    axes.set_ylabel("error, %", fontsize=SMALL, color=LIGHT.ink)
    for ours, marker in ((True, "o"), (False, "s")):
        some = [one for one in shown if one.ours == ours]
        colour = LIGHT.favour if ours else LIGHT.against
        axes.scatter(
            [one.seconds for one in some], [one.error for one in some], c=colour, marker=marker, zorder=3
        )
    axes.margins(x=0.2, y=0.08)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FormatStrFormatter("%g"))
        axis.set_minor_formatter(NullFormatter())
    axes.tick_params(which="both", colors=LIGHT.ink, labelsize=SMALL)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(LIGHT.soft)
    if marks:
        for name, error in PUBLISHED.items():
            axes.axhline(error, color=LIGHT.soft, lw=0.6, ls=(0, (4, 4)), zorder=1)
            above = all(not 0 < other - error < 0.2 * error for other in PUBLISHED.values())
            axes.annotate(name, (0, error), (3, 2 if above else -8), xycoords=("axes fraction", "data"),
                          textcoords="offset points", fontsize=SMALL - 1.5, color=LIGHT.soft)  # fmt: skip
    _name(axes, shown, SMALL)
    save(figure, path)


def _name(axes: Any, shown: list[Outcome], size: float) -> None:
    """Write each entry's name beside it, on the first side where it hides nothing."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas: Any = FigureCanvasAgg(axes.figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    dots = axes.transData.transform([(one.seconds, one.error) for one in shown])
    taken = [text.get_window_extent(renderer) for text in axes.texts]
    sides = [
        (6, 4, "left"),
        (7, -3, "left"),
        (6, -11, "left"),
        (-6, 4, "right"),
        (-6, -11, "right"),
        (0, 10, "center"),
    ]
    for i, one in enumerate(shown):
        for x, y, ha in sides:
            text = axes.annotate(one.name, (one.seconds, one.error), (x, y), ha=ha, fontsize=size,
                                 textcoords="offset points")  # fmt: skip
            box = text.get_window_extent(renderer)
            covers = any(box.contains(*dot) for j, dot in enumerate(dots) if j != i)
            if not covers and not any(box.overlaps(other) for other in taken):
                break
            text.remove()
        else:
            text = axes.annotate(one.name, (one.seconds, one.error), (0, -18), ha="center", fontsize=size,
                                 textcoords="offset points")  # fmt: skip
            box = text.get_window_extent(renderer)
        taken.append(box)


def main() -> None:
    """Read the command line, measure what is not known yet, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", default="digits")
    parser.add_argument("--test", action="store_true", help="judge the test images, once")
    parser.add_argument("--search", action="store_true", help="vary the numbers of the recipes")
    parser.add_argument("--only", nargs="*", help="entries whose name starts with one of these")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--cluster", help="tcp://HOST:8786, or local:N")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--figure", type=Path)
    asked = parser.parse_args()
    if asked.test and asked.search:
        parser.error("numbers are chosen on training images: --search goes without --test")

    from sightline.machine import machine
    from sightline.selection import find_traits, keep_aside
    from sightline.sources import load

    whole = load(asked.data)
    if whole.n_train is None:
        whole = whole.split(test_size=0.2, seed=0)
    data = whole if asked.test else keep_aside(whole.train, 0)[0]
    traits = find_traits(keep_aside(whole.train, 0)[0])
    entries = SEARCH if asked.search else [*OURS, *([] if asked.no_peers or asked.cluster else PEERS)]
    if asked.only:
        entries = [entry for entry in entries if entry.name.startswith(tuple(asked.only))]
    key = f"{whole.name} {whole.digest[:16]} {'test' if asked.test else 'validation'}"
    key += f" on {asked.cluster}" if asked.cluster else ""
    kept: dict[str, dict[str, Any]] = {}
    if asked.json and asked.json.exists():
        kept = json.loads(asked.json.read_text())
    known = kept.setdefault(key, {})
    print(
        f"{whole.name}: {len(data.train):,} to learn from, {len(data.test):,} judged · {_words(traits)} · {machine()}"
    )
    outcomes = []
    for i, entry in enumerate(entries):
        if entry.name not in known:
            print(f"[{i + 1}/{len(entries)}] {entry.name}", file=sys.stderr, flush=True)
            known[entry.name] = asdict(in_a_process(entry, data, traits, asked.cluster))
            if asked.json:
                aside = asked.json.with_suffix(".part")
                aside.write_text(json.dumps(kept, indent=1, ensure_ascii=False))
                aside.replace(asked.json)
        outcomes.append(Outcome(**known[entry.name]))
    print(table(outcomes))
    if asked.figure:
        draw(outcomes, whole.name, asked.figure, marks="mnist" in whole.name)


def _words(traits: Traits) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in traits.items())


if __name__ == "__main__":
    main()
