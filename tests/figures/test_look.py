"""What holds for every picture: readable, whole, the same each time, and nothing but its own."""

import io
import re
import subprocess
import sys

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from sightline import figures
from sightline.errors import UsageError
from sightline.figures.confusion import heat
from sightline.figures.plane import TINT
from sightline.figures.style import DARK, LIGHT, contrast, mix, rgb

from .conftest import PICTURES, build, many, texts

OWN = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.left": False,
    "axes.xmargin": 0.4,
    "figure.autolayout": True,
    "font.size": 30,
    "image.origin": "lower",
    "lines.linewidth": 9,
    "lines.marker": "s",
    "lines.solid_capstyle": "butt",
    "savefig.facecolor": "red",
    "text.parse_math": True,
    "text.usetex": True,
    "xtick.minor.visible": True,
    "ytick.major.size": 20,
}
"""Settings that a user may have made."""

every = pytest.mark.parametrize("name", PICTURES)
themes = pytest.mark.parametrize("theme", ["light", "dark"])


def test_all_required_pictures_are_tested():
    assert set(PICTURES) == set(figures.__all__) - {"save", "ConfusionDisplay", "WeightMapDisplay"}


@pytest.fixture(scope="module")
def drawn():
    """Figure and texts of a picture; one drawing serves every law."""
    cache = {}

    def draw(name, run, theme):
        key = name, id(run), theme
        if key not in cache:
            figure = PICTURES[name](run, theme)
            cache[key] = figure, texts(figure)
        return cache[key]

    return draw


@every
def test_everything_written_lies_on_the_page(name, run, drawn):
    figure, written = drawn(name, run, "light")
    for text, extent in written:
        assert_inside(text, extent, figure.bbox)


@every
def test_no_word_lies_on_another(name, run, drawn):
    _, written = drawn(name, run, "light")
    # The extent of a line has room for letters that it may not have: two pixels of 100 an inch.
    boxes = np.array([[e.x0 + 1, e.y0 + 2, e.x1 - 1, e.y1 - 2] for _, e in written])
    for i, box in enumerate(boxes):
        over = (
            (boxes[:, 0] < box[2]) & (boxes[:, 2] > box[0]) & (boxes[:, 1] < box[3]) & (boxes[:, 3] > box[1])
        )
        assert over.sum() == 1, [written[j][0].get_text() for j in np.flatnonzero(over) if j >= i]


@every
@themes
def test_words_and_lines_stand_out(name, run, theme, drawn):
    (figure, written), look = drawn(name, run, theme), {"light": LIGHT, "dark": DARK}[theme]
    paper = rgb(look.paper)
    assert to_rgb(figure.get_facecolor()) == pytest.approx(paper)
    grounds = {}
    if name == "confusion_matrix":
        counts = run.winner.evaluation.confusion
        cells = heat(counts, counts.sum(axis=1), look)
        grounds = {f"cell-{i}-{j}": cells[i, j] for i in range(len(cells)) for j in range(len(cells))}
    for text, _ in written:
        assert contrast(to_rgb(text.get_color()), grounds.get(text.get_gid(), paper)) >= 3, text.get_text()
        assert text.get_fontsize() >= 9
        assert text.get_alpha() in (None, 1)
    for line in (line for ax in figure.axes for line in ax.lines):
        field = name == "two_features" and line.axes is figure.axes[1]
        under = [mix(side, look.paper, TINT) for side in (look.favour, look.against)] if field else [paper]
        assert min(contrast(to_rgb(line.get_color()), ground) for ground in under) >= 3
        assert line.get_alpha() in (None, 1)
    for ax in (ax for ax in figure.axes if ax.axison):
        for spine in ax.spines.values():
            assert not spine.get_visible() or contrast(to_rgb(spine.get_edgecolor()), paper) >= 3


@every
def test_a_dollar_is_a_dollar(name, run, drawn):
    for text, _ in drawn(name, run, "light")[1]:
        assert not text.get_parse_math()
        assert not text.get_usetex()


@every
def test_an_unknown_theme_is_refused(name, ten):
    with pytest.raises(UsageError, match="no theme 'sepia'"):
        PICTURES[name](ten, "sepia")


@every
def test_the_same_results_give_the_same_bytes_whatever_the_user_has_set(name, ten):
    plain = _bytes(PICTURES[name](ten, "dark"))
    assert _bytes(PICTURES[name](ten, "dark")) == plain
    for style in ("ggplot", "dark_background"):
        with mpl.style.context(style):
            assert _bytes(PICTURES[name](ten, "dark")) == plain, style
    with mpl.rc_context(OWN):
        assert _bytes(PICTURES[name](ten, "dark")) == plain


@every
def test_drawing_leaves_the_settings_alone(name, ten):
    before = dict(mpl.rcParams)
    _bytes(PICTURES[name](ten, "light"))
    assert dict(mpl.rcParams) == before


@every
def test_svg_keeps_hostile_names_as_text(name, run):
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none"}):
        PICTURES[name](run, "light").savefig(buffer, format="svg")
    drawing = buffer.getvalue().decode()
    assert "</svg>" in drawing
    assert not re.search(r"<script|\x00", drawing)


@pytest.mark.parametrize("shape", [(1, 1), (1, 256), (256, 1), (256, 256), (3, 200, 3), (256, 256, 3)])
def test_images_of_any_size(shape, monkeypatch):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (12, *shape), dtype=np.uint8)
    dataset = build.Dataset(images, np.arange(12) % 2, ("a", "b"), n_train=8)
    stages = build.stages
    monkeypatch.setattr(build, "stages", lambda data: stages(data, components=min(6, dataset.n_features)))
    run = build.make_run(dataset)
    for name in PICTURES:
        figure = PICTURES[name](run, "light")
        for text, extent in texts(figure):
            assert_inside(text, extent, figure.bbox)
        assert max(figure.get_size_inches()) < 20


def test_a_hundred_classes_are_limited_and_it_says_so():
    run = build.make_run(many(100, side=3))
    judged = run.winner.evaluation
    for name in ("class_means", "weight_maps", "confusion_matrix"):
        figure = PICTURES[name](run, "light")
        assert any("40 classes of 100 are not shown" in text.get_text() for text, _ in texts(figure)), name
        assert max(figure.get_size_inches()) < 16
    assert any("97 others" in text.get_text() for text, _ in texts(figures.roc(judged)))
    assert any(
        "90 classes of 100" in t.get_text() for t, _ in texts(figures.explanation(run.explanations[0]))
    )


def test_images_that_are_all_the_same():
    images = np.full((12, 4, 4), 7, np.uint8)
    dataset = build.Dataset(images, np.arange(12) % 2, ("a", "b"), n_train=8)
    exploration = build.explore(dataset)
    for draw in (figures.scree, figures.variance_map, figures.intensity_histogram, figures.class_means):
        texts(draw(exploration))


def test_importing_the_package_loads_no_matplotlib_and_drawing_no_pyplot():
    code = (
        "import sys, sightline.figures as f; assert 'matplotlib' not in sys.modules; "
        "f.save(f.sigmoid_curve(), sys.argv[1]); assert 'matplotlib.pyplot' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code, "/dev/null.txt"], capture_output=True, text=True)
    assert "cannot tell the kind of picture" in done.stderr
    code = code.replace("f.save(f.sigmoid_curve(), sys.argv[1])", "f.sigmoid_curve()")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'pie'"):
        figures.pie  # noqa: B018
    assert "roc" in dir(figures)


def assert_inside(text, extent, page):
    assert extent.x0 >= page.x0 - 0.5, text.get_text()
    assert extent.x1 <= page.x1 + 0.5, text.get_text()
    assert extent.y0 >= page.y0 - 0.5, text.get_text()
    assert extent.y1 <= page.y1 + 0.5, text.get_text()


def _bytes(figure):
    buffer = io.BytesIO()
    figure.savefig(
        buffer, format="png", dpi=40, facecolor=figure.get_facecolor(), metadata={"Software": None}
    )
    return buffer.getvalue()
