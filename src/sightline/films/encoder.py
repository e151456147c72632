"""Frames become a file, one by one, by PyAV: H.264 in MP4, VP9 or AV1 in WebM, GIF, WebP."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sightline.errors import UsageError

if TYPE_CHECKING:
    import av

    from sightline.films.timeline import Cue

Pixels = npt.NDArray[np.uint8]

THREADS = 2
"""Of the codec; fixed, so that the same film gives the same bytes on any machine."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its `container`, `codec` and `options`; `layout` of the dots; `fastest` frames a second."""

    container: str
    codec: str
    layout: str
    options: dict[str, str]
    fastest: int = 120
    chapters: bool = False


KINDS = {
    (".mp4", "h264"): Kind(
        "mp4", "libx264", "yuv420p", {"crf": "19", "preset": "veryfast", "tune": "animation"}, chapters=True
    ),
    (".webm", "vp9"): Kind(
        "webm",
        "libvpx-vp9",
        "yuv420p",
        {"crf": "30", "b": "0", "deadline": "realtime", "cpu-used": "7", "row-mt": "1", "tile-columns": "2"},
        chapters=True,
    ),
    (".webm", "av1"): Kind(
        "webm", "libsvtav1", "yuv420p", {"crf": "32", "preset": "10", "svtav1-params": "lp=2"}, chapters=True
    ),
    (".gif", "gif"): Kind("gif", "gif", "pal8", {}, fastest=50),
    (".webp", "webp"): Kind(
        "webp", "libwebp_anim", "bgra", {"quality": "85", "compression_level": "2", "loop": "0"}, fastest=60
    ),
}
"""(end of the name, codec) → kind; the first of each end is the default."""


def find_kind(path: Path, codec: str | None = None) -> Kind:
    """Return the kind of file that a name and, optionally, a codec ask for.

    Raises
    ------
    UsageError
        There is no such kind.
    """
    end = path.suffix.lower()
    codecs = [of for known, of in KINDS if known == end]
    if not codecs:
        ends = ", ".join(dict.fromkeys(known for known, _ in KINDS))
        raise UsageError(
            f"cannot tell the kind of film from '{path.name}'", f"End the name in one of {ends}."
        )
    if codec is not None and codec not in codecs:
        raise UsageError(f"there is no {codec} in {end} files", f"They take {' or '.join(codecs)}.")
    return KINDS[end, codec or codecs[0]]


class Layout:
    """Turns painted frames (height, width, 4) into the bytes that a codec takes; picklable."""

    def __init__(self, kind: Kind, palette: Pixels | None = None) -> None:
        self.kind, self.palette = kind, palette
        self._table: Pixels | None = None
        self._scaler: Any = None

    def __getstate__(self) -> tuple[Kind, Pixels | None]:
        return self.kind, self.palette

    def __setstate__(self, state: tuple[Kind, Pixels | None]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    def laid(self, dots: Pixels) -> Pixels:
        """Return the frame as the codec takes it: (height × 3 / 2, width), (height, width), or (height, width, 4)."""
        if self.kind.layout == "pal8":
            return self._indices(dots)
        if self.kind.layout == "bgra":
            return np.ascontiguousarray(dots[..., [2, 1, 0, 3]])
        from av import VideoFrame
        from av.video.reformatter import Colorspace, VideoReformatter

        if self._scaler is None:
            self._scaler = VideoReformatter()
        frame = VideoFrame.from_ndarray(dots, format="rgba")
        planes = self._scaler.reformat(frame, format="yuv420p", dst_colorspace=Colorspace.ITU709, threads=1)
        laid: Pixels = planes.to_ndarray()
        return laid

    def _indices(self, dots: Pixels) -> Pixels:
        assert self.palette is not None
        if self._table is None:
            self._table = _nearest(self.palette)
        top = dots[..., :3].astype(np.uint32) >> 2
        found: Pixels = self._table[(top[..., 0] << 12) | (top[..., 1] << 6) | top[..., 2]]
        return found


def palette_of(frames: Iterable[Pixels], exact: Sequence[str] = ()) -> Pixels:
    """Return (256, 4) uint8 red, green, blue, 255: colours that do well for some frames, the `exact` ones first."""
    from PIL import Image

    from sightline.figures.style import rgb

    seen = np.concatenate([frame[::3, ::3, :3].reshape(-1, 3) for frame in frames])
    sheet = Image.fromarray(seen.reshape(1, -1, 3))
    own = np.rint([255 * rgb(colour) for colour in exact]).astype(np.uint8).reshape(-1, 3)
    chosen = sheet.quantize(256 - len(own), method=Image.Quantize.MEDIANCUT).getpalette() or []
    colours = np.concatenate([own, np.array(chosen, np.uint8).reshape(-1, 3)])
    palette = np.full((256, 4), 255, np.uint8)
    palette[:, :3] = colours[np.minimum(np.arange(256), len(colours) - 1)]
    return palette


def _nearest(palette: Pixels) -> Pixels:
    """Number of the nearest colour for each of 64 × 64 × 64 steps of red, green, blue."""
    from scipy.spatial import KDTree

    steps = np.arange(64) * 4 + 1.5
    cells = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    _, found = KDTree(palette[:, :3].astype(np.float64)).query(cells)
    table: Pixels = found.astype(np.uint8)
    for number in range(len(palette) - 1, -1, -1):  # a colour of the palette stays itself
        red, green, blue = (int(value) >> 2 for value in palette[number, :3])
        table[(red << 12) | (green << 6) | blue] = number
    return table


class Encoder(AbstractContextManager["Encoder"]):
    """Writes laid frames, in order, to a file of one kind.

    Parameters
    ----------
    path : where to write; its name says nothing
    layout : Layout
    size : width, height
    fps : int
    chapters : seconds and titles, kept where the kind of file can
    """

    def __init__(
        self, path: Path, layout: Layout, size: tuple[int, int], fps: int, chapters: Sequence[Cue] = ()
    ) -> None:
        import av

        kind = self.kind = layout.kind
        self.palette = None if layout.palette is None else np.roll(layout.palette, 1, axis=1)  # alpha first
        options = {"movflags": "faststart"} if kind.container == "mp4" else {}
        self.container: av.container.OutputContainer = av.open(
            str(path), "w", format=kind.container, options=options
        )
        stream: Any = self.container.add_stream(kind.codec, rate=fps, options=dict(kind.options))
        stream.width, stream.height = size
        stream.pix_fmt = kind.layout
        stream.time_base = Fraction(1, fps)
        if kind.layout == "yuv420p":
            context = stream.codec_context
            context.color_primaries = context.color_trc = context.colorspace = 1  # BT.709
            context.color_range = 1  # 16…235
            context.thread_count = THREADS
            context.gop_size = 4 * fps
        self.stream, self.size, self.fps, self.count = stream, size, fps, 0
        if kind.chapters and len(chapters) > 1:
            self.container.set_chapters([_chapter(i, cue) for i, cue in enumerate(chapters)])

    def write(self, laid: Pixels) -> None:
        """Add a frame."""
        from av import VideoFrame

        if self.kind.layout == "pal8":
            frame = VideoFrame.from_ndarray((laid, self.palette), format="pal8")  # type: ignore[arg-type]
        else:
            frame = VideoFrame.from_ndarray(laid, format=self.kind.layout)
        frame.pts, frame.time_base = self.count, Fraction(1, self.fps)
        if self.kind.layout == "yuv420p":
            frame.colorspace, frame.color_range = 1, 1
        self.count += 1
        self.container.mux(self.stream.encode(frame))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.container.mux(self.stream.encode(None))
        self.container.close()


def _chapter(number: int, cue: Cue) -> Any:
    return {
        "id": number,
        "start": round(1000 * cue.start),
        "end": round(1000 * cue.end),
        "time_base": Fraction(1, 1000),
        "metadata": {"title": cue.text},
    }
