"""A figure becomes a file: written aside, then renamed, the same bytes for the same figure."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sightline.errors import UsageError
from sightline.figures.page import DOTS
from sightline.files import written_aside

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ONE_AT_A_TIME = threading.Lock()
"""Matplotlib takes two of its SVG settings from one place for the whole process."""


def save(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure to `path`: aside first, then renamed, so that `path` is never half a picture.

    Parameters
    ----------
    figure : Figure
    path : path ending in .png (150 dots per inch) or .svg; its folder must exist

    Returns
    -------
    Path
        Where it was written. Law: the same figure gives the same bytes.

    Raises
    ------
    UsageError
        The name ends in neither .png nor .svg.
    StorageError
        The file cannot be written; what was there before is still there.
    """
    target = Path(path)
    kind = target.suffix.lower()
    if kind not in (".png", ".svg"):
        raise UsageError(
            f"cannot tell the kind of picture from '{target.name}'", "End the name in .png or .svg."
        )
    content = _encode(figure, kind)
    with written_aside(target, "the picture") as aside:
        aside.write_bytes(content)
    return target


def _encode(figure: Figure, kind: str) -> bytes:
    """Return the figure as a file's content, without dates or versions."""
    import matplotlib as mpl

    settings: Any = {
        "svg.hashsalt": "sightline",
        "svg.fonttype": "path",
        "savefig.bbox": None,
        "savefig.facecolor": "auto",
        "savefig.transparent": False,
    }
    buffer = io.BytesIO()
    with _ONE_AT_A_TIME, mpl.rc_context(settings):
        if kind == ".svg":
            figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        else:
            figure.savefig(buffer, format="png", dpi=DOTS, metadata={"Software": None})
    return buffer.getvalue()
