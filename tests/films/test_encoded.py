"""What was encoded is decoded again: as many frames, as long, as large, and showing what was painted."""

import av
import numpy as np
import pytest

from sightline.errors import StorageError, UsageError
from sightline.figures.style import find_theme, rgb
from sightline.films import SIZES, Look, Painter, Timeline, english, render
from sightline.films.sigmoid import Sigmoid, curve_chart
from sightline.films.stage import Stage

from .conftest import decoded

KINDS = [("x.mp4", None), ("x.webm", None), ("x.webm", "av1"), ("x.gif", None), ("x.webp", None)]


@pytest.mark.parametrize(("name", "codec"), KINDS, ids=["h264", "vp9", "av1", "gif", "webp"])
def test_every_kind_of_file_shows_what_was_painted(tmp_path, name, codec):
    fps = 2
    made = render(Sigmoid(), tmp_path / name, size="480p", fps=fps, codec=codec, theme="dark")
    frames, seconds = decoded(made.path, fps)
    timeline = Timeline(Sigmoid(), fps)
    assert made.frames == len(frames) == len(timeline)
    assert frames.shape[1:3] == SIZES["480p"][::-1]
    assert seconds == pytest.approx(made.seconds, abs=1.01 / fps)
    painter = Painter(Sigmoid(), Look(*SIZES["480p"], "dark"), fps, english())
    for number in (0, len(frames) // 2, len(frames) - 1):
        painted = painter.paint(number)[..., :3].astype(float)
        off = np.abs(painted - frames[number])
        assert off.mean() < 2.5, number
        assert np.quantile(off, 0.99) < 40, number


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_paper_is_the_colour_of_the_theme(tmp_path, theme):
    made = render(Sigmoid(), tmp_path / "x.mp4", size="480p", fps=1, theme=theme)
    frames, _ = decoded(made.path)
    paper = np.rint(255 * rgb(find_theme(theme).paper))
    edge = np.concatenate([frames[:, :6].reshape(-1, 3), frames[:, -6:].reshape(-1, 3)])
    assert np.abs(edge - paper).max() <= 4


@pytest.mark.parametrize(("size", "theme"), [("480p", "light"), ("square-720", "dark")])
def test_the_point_is_where_sigma_says(tmp_path, size, theme):
    film, fps = Sigmoid(), 5
    made = render(film, tmp_path / "x.mp4", size=size, fps=fps, theme=theme, captions="none")
    frames, _ = decoded(made.path)
    stage = Stage(Look(*SIZES[size], theme), lambda key, **_: key)
    ax = curve_chart(stage, stage.parts()[0])
    top, bottom, left, right = stage.dots(ax)
    blue = 255 * rgb(find_theme(theme).favour)
    z = np.linspace(-10, 10, 4001)
    across, up = ax.transData.transform(np.stack([z, 1 / (1 + np.exp(-z))], axis=1)).T
    curve = np.stack([across - left, SIZES[size][1] - up - top])
    found = []
    for frame in frames[round(3 * fps) : round(9 * fps)].astype(float):
        part = frame[top - 12 : bottom + 12, left - 12 : right + 12]
        rows, columns = np.nonzero(np.abs(part - blue).max(axis=2) < 40)
        place = np.array([[columns.mean()], [rows.mean()]]) + 0.5 - 12
        assert np.hypot(*(curve - place)).min() < 0.6  # dots of the frame
        found.append(place[0, 0] / (right - left) * 20 - 10)
    assert (np.diff(found) > -0.02).all()
    assert found[0] < -7
    assert found[-1] > 6


def test_chapters_and_titles(tmp_path):
    made = render(Sigmoid(), tmp_path / "x.mp4", size="480p", fps=1)
    with av.open(str(made.path)) as container:
        titles = [chapter["metadata"]["title"] for chapter in container.chapters()]
    assert titles == [cue.text for cue in Timeline(Sigmoid(), 1).chapters(english())]
    assert len(titles) == 3


def test_captions_as_a_file_and_not_in_the_picture(tmp_path):
    burnt = render(Sigmoid(), tmp_path / "burnt.mp4", size="480p", fps=1)
    beside = render(Sigmoid(), tmp_path / "beside.mp4", size="480p", fps=1, captions="file")
    assert burnt.captions is None
    text = beside.captions.read_text(encoding="utf-8")
    assert text.startswith("WEBVTT\n")
    assert text.count(" --> ") == len(list(Timeline(Sigmoid(), 1).captions(english())))
    band = slice(-80, None)
    with_words, without = decoded(burnt.path)[0][5, band], decoded(beside.path)[0][5, band]
    assert np.ptp(without.astype(int)) < 12 < np.ptp(with_words.astype(int))


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("x.avi", {}, ".mp4, .webm, .gif"),
        ("x.mp4", {"codec": "vp9"}, "no vp9 in .mp4"),
        ("x.mp4", {"size": "4k"}, "480p, 720p"),
        ("x.mp4", {"theme": "pink"}, "light"),
        ("x.mp4", {"captions": "sung"}, "burnt"),
        ("x.gif", {"fps": 60}, "1 and 50"),
        ("x.mp4", {"fps": 0}, "1 and 120"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(tmp_path, name, more, said):
    with pytest.raises(UsageError, match=said):
        render(Sigmoid(), tmp_path / name, **more)
    assert not list(tmp_path.iterdir())


def test_no_such_folder(tmp_path):
    with pytest.raises(StorageError, match="the film cannot be written"):
        render(Sigmoid(), tmp_path / "none" / "x.mp4", size="480p", fps=1)


def test_a_failure_on_the_way_leaves_what_was_there(tmp_path):
    path = tmp_path / "x.mp4"
    path.write_bytes(b"before")

    def fail(done, whole):
        if done == 5:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        render(Sigmoid(), path, size="480p", fps=4, told=fail)
    assert path.read_bytes() == b"before"
    assert [one.name for one in tmp_path.iterdir()] == ["x.mp4"]
