"""All films: nothing is cut off, every text is there and can be read in time, numbers are those of the data."""

import itertools
import tomllib

import numpy as np
import pytest
from matplotlib.text import Text

from sightline.dataset import Dataset
from sightline.errors import NotFoundError, UsageError
from sightline.films import FILMS, SIZES, Look, Painter, Timeline, english, make, read_words
from sightline.films.stage import CAPTION_SIZES, MARGIN, wrapped
from sightline.films.wording import ENGLISH
from sightline.logistic import LogisticRegression

FASTEST = 21.0
"""Letters a second: what subtitles for adults are held to."""


def own_scenes(painter):
    """Number and scene of each, but those that the adventure takes from other films."""
    return [
        (i, one) for i, one in enumerate(painter.timeline.scenes) if one.film == painter.timeline.film.name
    ]


@pytest.mark.parametrize("size", ["720p", "square"])
@pytest.mark.parametrize("name", FILMS)
def test_no_word_is_cut_or_leaves_the_frame(films, name, size):
    width, height = SIZES[size]
    painter = Painter(films[name], Look(width, height), 10, english())
    for number, scene in own_scenes(painter):
        stage, move = painter.set_up(number)
        for t in (0.55 * scene.seconds, scene.seconds - 0.1):
            move(t)
            for text in stage.page.figure.findobj(Text):
                if text.get_visible() and text.get_text():
                    extent = text.get_window_extent()
                    where = f"{scene.film} {scene.key} {t}: {text.get_text()}"
                    assert "…" not in text.get_text(), where
                    assert extent.x0 >= 0, where
                    assert extent.x1 <= width, where
                    assert extent.y0 >= 0, where
                    assert extent.y1 <= height, where


@pytest.mark.parametrize(("size", "theme"), [("480p", "light"), ("square-720", "dark")])
@pytest.mark.parametrize("name", FILMS)
def test_the_margin_stays_free_and_the_rest_is_not(films, name, size, theme):
    painter = Painter(films[name], Look(*SIZES[size], theme), 2, english())
    for number, scene in own_scenes(painter):
        frame = painter.paint(painter.timeline.first[number] + int(1.4 * scene.seconds))
        sides = (frame[:5], frame[-5:], frame[:, :5], frame[:, -5:])
        paper = frame[0, 0]
        assert all((side == paper).all() for side in sides), scene.key
        assert (frame != paper).any(axis=2).mean() > 0.01, scene.key


@pytest.mark.parametrize("name", FILMS)
def test_captions_can_be_read_in_time_and_fit(films, name):
    timeline = Timeline(films[name], 30)
    cues = list(timeline.captions(english()))
    assert cues
    assert cues[0].start == 0
    assert cues[-1].end == pytest.approx(timeline.seconds, abs=1 / 30)
    for before, cue in itertools.pairwise(cues):
        assert before.end == pytest.approx(cue.start, abs=1 / 30)
    for cue in cues:
        assert len(cue.text) / (cue.end - cue.start) <= FASTEST, cue
        for size in ("720p", "square"):
            look = Look(*SIZES[size])
            room = look.width / look.dpi - 2 * MARGIN
            assert len(wrapped(cue.text, room, CAPTION_SIZES[1])) <= 2, cue


@pytest.mark.parametrize("name", ["simulation", "boundary", "ladder"])
def test_a_frame_depends_on_its_number_alone(films, name):
    look = Look(320, 180)
    painter = Painter(films[name], look, 5, english())
    n = len(painter.timeline)
    numbers = [n // 3, n - 1, n // 2]
    forth = [painter.paint(i).copy() for i in numbers]
    back = [painter.paint(i).copy() for i in reversed(numbers)][::-1]
    assert all(np.array_equal(one, other) for one, other in zip(forth, back, strict=True))


def test_every_frame_lies_in_one_scene_and_scenes_follow_each_other(films):
    timeline = Timeline(films["adventure"], 30)
    numbers = [timeline.at(i).scene for i in range(len(timeline))]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(len(timeline.scenes)))
    assert timeline.seconds == pytest.approx(sum(scene.seconds for scene in timeline.scenes), abs=1 / 30)


def test_the_adventure_takes_two_to_four_minutes_with_few_rungs_or_all(story):
    from dataclasses import replace

    for run in (replace(story, recipes=story.recipes[:1]), replace(story, recipes=(story.recipes * 3)[:8])):
        timeline = Timeline(make("adventure", replace(run, best=run.recipes[0].name)), 10)
        assert 120 <= timeline.seconds <= 240
        chapters = timeline.chapters(english())
        assert len({cue.text for cue in chapters}) == len(chapters) >= 10
        assert chapters[0].start == 0
        assert chapters[-1].end == timeline.seconds
        assert all(a.end == b.start for a, b in itertools.pairwise(chapters))


def test_the_training_film_ends_where_the_solver_ends(films, digits):
    film = films["training"]
    train = digits.train
    model = LogisticRegression(C=1.0).fit(train.X / 255, train.y)
    assert film.solver.objective.min() == pytest.approx(model.history_.column("objective").min(), rel=1e-4)
    own, other = film.solver.maps[-1].ravel(), (model.coef_).ravel()
    assert np.corrcoef(own, other)[0, 1] > 0.999
    right = (model.predict(digits.test.X / 255) == digits.test.labels).mean()
    assert film.solver.right[-1] == pytest.approx(right, abs=0.01)
    passes = len(film.solver.above)
    assert film.descent.above[passes - 1] > 100 * film.solver.above[-1]
    assert (np.diff(film.descent.objective) < 1e-9).all()


def test_a_recipe_that_is_not_linear_shows_slopes(digits):
    film = make("training", digits.train.take(slice(0, 300)), recipes=["pca-poly"])
    assert not film.linear
    assert film.solver.maps.shape[1:] == (10, 8, 8)
    keys = {caption.key for scene in film.scenes() for caption in scene.captions}
    assert "slopes" in keys
    assert "weights" not in keys


def test_the_pixels_of_the_logistic_film_add_up_to_z(films):
    film = films["logistic"]
    x = film.image / 255
    assert film.z == pytest.approx((film.weights * x).sum() + film.bias, abs=0.05)


def test_the_images_of_pca_come_nearer_with_every_component(films):
    film = films["pca"]
    k = len(film.components)
    off = [np.abs(film.rebuilt(i) - film.images).mean() for i in (0, 1, 5, k // 2, k)]
    assert off == sorted(off, reverse=True)
    assert off[-1] < 0.15 * off[0]


def test_the_line_ends_where_most_points_are_on_their_own_side(films):
    film = films["boundary"]
    assert film.right(film.now(1e9)) == film.right(film.lines[-1]) > 0.9
    assert np.allclose(film.now(1.25), 0.75 * film.lines[1] + 0.25 * film.lines[2])


def test_ladder_shows_images_that_were_wrong_and_are_right(films, story):
    step = films["ladder"].steps[-1]
    before, after = story.recipes[-2].evaluation, story.recipes[-1].evaluation
    images, rows = story.test.images, np.flatnonzero(after.predicted == after.labels)
    for image, said in step.fixed:
        wrong, right = said.split(" → ")
        assert any(
            np.array_equal(images[row], image)
            and after.classes[after.labels[row]] == right
            and after.classes[before.predicted[row]] == wrong
            for row in rows
        )


@pytest.mark.parametrize("kind", ["colour", "two", "many"])
def test_other_images_than_grey_digits(kind):
    rng = np.random.default_rng(0)
    K = {"colour": 3, "two": 2, "many": 14}[kind]
    labels = np.arange(40 * K) % K
    shape = (40 * K, 6, 9) + ((3,) if kind == "colour" else ())
    images = np.clip(
        60 * (labels % 4).reshape(-1, *[1] * (len(shape) - 1)) + rng.integers(0, 90, shape), 0, 255
    )
    names = tuple(f"a class of a long name {k}" for k in range(K))
    data = Dataset(images.astype(np.uint8), labels, names, name="made up").split(seed=0)
    for name in ("logistic", "training", "pca", "boundary"):
        painter = Painter(make(name, data), Look(480, 270), 2, english())
        for first, scene in zip(painter.timeline.first, painter.timeline.scenes, strict=False):
            frame = painter.paint(first + int(scene.seconds))
            assert (frame[:2] == frame[0, 0]).all()


def test_texts_can_be_replaced_one_by_one(tmp_path):
    own = tmp_path / "de.toml"
    own.write_text(
        '[sigmoid]\ntitle = "Die Sigmoide"\n[sigmoid.walk]\nhigh = "Ganz rechts fast 1."\n', "utf-8"
    )
    words = read_words(own)
    scene = make("sigmoid").scenes()[0]
    assert words.title(scene) == "Die Sigmoide"
    assert words.said(scene, "high") == "Ganz rechts fast 1."
    assert words.said(scene, "low") == english().said(scene, "low")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[sigmoid]\ntitel = 'x'", "no such text"),
        ("[logistic.weigh]\nsum = 'z is {x}'", "names} differ"),
        ("[logistic.weigh]\nsum = 'z is {z'", "no partner"),
        ("[sigmoid", "not a TOML file"),
    ],
)
def test_texts_that_do_not_fit_are_refused(tmp_path, text, said):
    own = tmp_path / "x.toml"
    own.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=said):
        read_words(own)
    with pytest.raises(NotFoundError):
        read_words(tmp_path / "none.toml")


def test_every_text_belongs_to_a_film():
    assert set(tomllib.loads(ENGLISH.read_text("utf-8"))) == set(FILMS)


def test_unknown_films_and_recipes():
    with pytest.raises(UsageError, match="Did you mean 'sigmoid'"):
        make("sigmod")
    with pytest.raises(UsageError, match="no recipe 'pixel'"):
        make("training", recipes=["pixel"])
    with pytest.raises(UsageError, match="shows one recipe"):
        make("training", recipes=["pixels", "pca"])
