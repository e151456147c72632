"""Films of little data, and what was encoded, decoded again."""

import av
import numpy as np
import pytest
from PIL import Image

from sightline.films import make
from sightline.films.catalog import FILMS
from sightline.story import Config, run


@pytest.fixture(scope="session")
def story(digits):
    return run(Config(data=digits, recipes=("pixels", "pca", "pca-poly")))


@pytest.fixture(scope="session")
def films(story):
    return {name: make(name, story) for name in FILMS}


def decoded(path, fps=None):
    """All frames of a file, (n, height, width, 3) uint8, and its seconds; WebP keeps equal frames as one."""
    if path.suffix == ".webp":  # FFmpeg reads no animated WebP
        with Image.open(path) as image:
            frames, milliseconds = [], 0
            for i in range(image.n_frames):
                image.seek(i)
                frame = np.asarray(image.convert("RGB"))
                lasts = image.info["duration"]
                frames += [frame] * round(lasts * fps / 1000)
                milliseconds += lasts
        return np.stack(frames), milliseconds / 1000
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        return np.stack(frames), container.duration / av.time_base
