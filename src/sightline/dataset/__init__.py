"""Dataset: labelled images, the one type that everything downstream receives."""

from sightline.dataset.record import Dataset, ImageArray, LabelArray, RowArray

__all__ = ["Dataset", "ImageArray", "LabelArray", "RowArray"]
