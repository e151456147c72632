"""Where a Dataset comes from: one file per kind of source, `load` in front of them.

``load("digits")``, ``load("mnist")``, ``load("openml:mnist_784@1")``, ``load("photos/")`` and
``load("train.csv")`` all return a `sightline.dataset.Dataset`.
"""

from sightline.sources.arrays import from_arrays
from sightline.sources.opening import load

__all__ = ["from_arrays", "load"]
