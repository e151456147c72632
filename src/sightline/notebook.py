"""Parts of what results look like in a notebook: HTML that needs nothing but itself.

Letters and rules take the colour of the page around them, and signed pictures are transparent where they are zero, so
that the same HTML is read on light and on dark ground. Every word is escaped here.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

FOR, AGAINST = (37, 122, 190), (214, 96, 20)
"""Blue speaks for, orange against; both have a contrast of at least 3 on white and on black."""
STRONGEST = 0.6
"""Share of a colour behind letters: with more, letters of the page's own colour are hard to read."""
STYLE = """<style>
.sightline{font-size:13px;line-height:1.5;margin:4px 0;color:inherit}
.sightline p{margin:0 0 6px}
.sightline .title{font-size:14px;font-weight:600}
.sightline .soft{opacity:.72}
.sightline ul{margin:0 0 8px;padding-left:1.4em}
.sightline table{border-collapse:collapse;border:0;margin:0 0 10px;font-variant-numeric:tabular-nums}
.sightline tr,.sightline tbody tr:nth-child(odd){background:none!important}
.sightline td,.sightline th{padding:2px 8px;border:0;text-align:right;vertical-align:middle;color:inherit}
.sightline th{font-weight:600;max-width:12em;overflow:hidden;text-overflow:ellipsis}
.sightline .left{text-align:left}
.sightline img{image-rendering:pixelated;margin:0;max-width:none;vertical-align:middle}
.sightline figure{display:inline-block;margin:0 14px 8px 0;vertical-align:top}
.sightline figcaption{font-size:12px;opacity:.72}
.sightline .bar{display:inline-block;height:9px;background:rgb(37,122,190);border-radius:1px}
</style>"""


def text(words: object) -> str:
    """Words as HTML."""
    return html.escape(str(words))


def card(title: str, *parts: str) -> str:
    """Everything of one result: its title, and parts that are HTML already."""
    return f'<div class="sightline">{STYLE}<p class="title">{text(title)}</p>{"".join(parts)}</div>'


def paragraph(words: str) -> str:
    """A line that steps back."""
    return f'<p class="soft">{text(words)}</p>'


def listed(sentences: Iterable[str]) -> str:
    """Sentences, one a line; nothing where there are none."""
    lines = "".join(f"<li>{text(one)}</li>" for one in sentences)
    return f"<ul>{lines}</ul>" if lines else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Rows of cells that are HTML already; the first `left` columns are words, set to the left."""

    def line(cells: Sequence[str], tag: str) -> str:
        starts = [f'<{tag} class="left">' if i < left else f"<{tag}>" for i in range(len(cells))]
        return "".join(
            one if one.startswith("<td") else f"{start}{one}</{tag}>"
            for start, one in zip(starts, cells, strict=True)
        )

    top = f"<thead><tr>{line([text(one) for one in head], 'th')}</tr></thead>" if any(head) else ""
    body = "".join(f"<tr>{line(cells, 'td')}</tr>" for cells in rows)
    return f"<table>{top}<tbody>{body}</tbody></table>"


def shaded(words: str, share: float, colour: tuple[int, int, int]) -> str:
    """A cell of a table with so much of a colour behind its words, 0…1."""
    r, g, b = colour
    strength = round(STRONGEST * min(1.0, max(0.0, share)), 3)
    faint = ";opacity:.45" if strength == 0 else ""
    return f'<td style="background:rgba({r},{g},{b},{strength}){faint}">{text(words)}</td>'


def bar(share: float) -> str:
    """A bar of a share 0…1."""
    return f'<span class="bar" style="width:{round(120 * min(1.0, max(0.0, share)), 1)}px"></span>'


def figure(picture: str, caption: str) -> str:
    """A picture with words under it."""
    return f"<figure>{picture}<figcaption>{text(caption)}</figcaption></figure>"


def image(pixels: npt.NDArray[np.uint8], alt: str, height: int = 32) -> str:
    """Draw (h, w), (h, w, 3) or (h, w, 4) uint8, `height` pixels high on the page."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG")
    encoded = base64.b64encode(buffer.getvalue()).decode()
    style = f"height:{height}px;width:auto"
    return f'<img alt="{text(alt)}" style="{style}" src="data:image/png;base64,{encoded}">'


def signed(values: npt.NDArray[np.floating], alt: str, top: float = 0.0, height: int = 96) -> str:
    """Draw (h, w) or (h, w, 3) numbers: blue above 0, orange below, transparent at 0; `top` has the full colour."""
    flat = values.sum(axis=2) if values.ndim == 3 else values
    top = top or float(np.abs(flat).max(initial=0)) or 1.0
    drawn = np.zeros((*flat.shape, 4), np.uint8)
    drawn[..., :3] = np.where((flat > 0)[..., None], FOR, AGAINST)
    drawn[..., 3] = np.rint(255 * np.clip(np.abs(flat) / top, 0, 1) ** 0.7)
    return image(drawn, alt, height)
