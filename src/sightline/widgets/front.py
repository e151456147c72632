"""What all widgets share: where their half in the browser is, and arrays that travel as bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.errors import UsageError

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise UsageError("the widgets are not installed", "pip install 'sightline[widgets]'") from error

BUILT = Path(__file__).parents[1] / "studio" / "page" / "widgets"


class Widget(anywidget.AnyWidget):
    """A widget whose other half is the built file of the name `front`, read when the first one is made."""

    front = ""

    def __init__(self, **values: Any) -> None:
        kind = type(self)
        if not hasattr(kind, "_esm"):
            kind._esm = _built(kind.front)
        super().__init__(**values)


def _built(name: str) -> str:
    file = BUILT / f"{name}.js"
    if not file.is_file():
        raise UsageError(
            "the browser's half of the widgets is missing from this installation",
            "In a checkout: cd web && npm ci && npm run build. An installed wheel brings it with it.",
        )
    return file.read_text(encoding="utf-8")


class Image(traitlets.TraitType[Any, Any]):
    """An image (h, w[, 3]) uint8 of the widget's own shape, or None; sent as its bytes."""

    def validate(self, obj: Any, value: Any) -> npt.NDArray[np.uint8] | None:
        """Anything that is an image of the right shape, as uint8."""
        if value is None:
            return None
        image = np.asarray(value)
        if image.shape != obj.image_shape:
            raise UsageError(
                f"an image of shape {image.shape} was given to a pad for {obj.image_shape}",
                "Bring it into that shape first.",
            )
        if image.size and (image.min() < 0 or image.max() > 255):
            raise UsageError(
                f"intensities {image.min():g}…{image.max():g} are no image", "Scale them to 0…255."
            )
        return image.astype(np.uint8)


def to_bytes(value: npt.NDArray[Any] | None, _: Any = None) -> bytes | None:
    """An array on its way to the browser."""
    return None if value is None else value.tobytes()


def to_image(value: Any, widget: Any) -> npt.NDArray[np.uint8] | None:
    """An image that came from the browser."""
    return None if value is None else np.frombuffer(value, np.uint8).reshape(widget.image_shape)
