"""A painter: makes the frames of a film, in any order.

What stands still in a scene is drawn once and kept; a frame is a copy of it with images put in and what moves
drawn on top. Drawing everything anew for each frame takes several times as long.
"""

from __future__ import annotations

import gc
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.figures.style import rgb
from sightline.films.script import Film, Move
from sightline.films.stage import Look, Stage, write_caption
from sightline.films.timeline import Moment, Timeline
from sightline.films.wording import Words

Pixels = npt.NDArray[np.uint8]


class Painter:
    """Paints frames of one film.

    Parameters
    ----------
    film : Film
    look : Look
    fps : int
    words : Words
    """

    def __init__(self, film: Film, look: Look, fps: int, words: Words) -> None:
        self.timeline = Timeline(film, fps)
        self.look, self.words = look, words
        self._scene = -1
        self._stage: Stage
        self._move: Move
        self._still: Pixels = np.empty((0, 0, 4), np.uint8)
        self._caption = -1

    def paint(self, frame: int) -> Pixels:
        """Return frame number `frame`, (height, width, 4) uint8 red, green, blue, 255; yours until the next one."""
        moment = self.timeline.at(frame)
        if moment.scene != self._scene:
            self._open(moment.scene)
        if moment.caption != self._caption:
            self._draw_still(moment.caption)
        self._move(moment.t)
        dots: Pixels = np.asarray(self._canvas.buffer_rgba())
        dots[...] = self._still
        for picture in self._stage.pictures:
            picture.paint(dots)
        renderer = self._canvas.get_renderer()
        for artist in self._stage.moving:
            artist.draw(renderer)
        return self._faded(dots, moment)

    def set_up(self, number: int) -> tuple[Stage, Move]:
        """Return a fresh stage with the scene of that number on it, and what moves it."""
        scene = self.timeline.scenes[number]
        stage = Stage(self.look, partial(self.words.said, scene))
        stage.head(self.words.title(scene), self.words.said(scene, "title"))
        return stage, scene.set_up(stage)

    def _open(self, number: int) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        if self._scene >= 0:
            self._stage.page.figure.clear()
            del self._stage, self._move, self._canvas
            gc.collect()  # a figure refers to itself: without this, some dozens of them are kept
        self._stage, self._move = self.set_up(number)
        self._scene, self._caption = number, -2
        self._canvas: Any = FigureCanvasAgg(self._stage.page.figure)
        self._captions = len(self._stage.page.canvas.texts)

    def _draw_still(self, caption: int) -> None:
        """Draw all that stands still, with the caption of that number, and keep it."""
        page, scene = self._stage.page, self.timeline.scenes[self._scene]
        for text in page.canvas.texts[self._captions :]:
            text.remove()
        if self.look.burnt and caption >= 0:
            write_caption(page, self.words.said(scene, scene.captions[caption].key))
        self._canvas.draw()
        self._still = np.asarray(self._canvas.buffer_rgba()).copy()
        self._caption = caption

    def _faded(self, dots: Pixels, moment: Moment) -> Pixels:
        """Mix with paper while a scene fades."""
        if moment.opacity < 1:
            paper = np.rint(255 * rgb(self._stage.theme.paper))
            levels = np.arange(256)[:, None]
            mixed = np.rint(moment.opacity * levels + (1 - moment.opacity) * paper).astype(np.uint8)
            for channel in range(3):
                dots[..., channel] = mixed[:, channel][dots[..., channel]]
        return dots
