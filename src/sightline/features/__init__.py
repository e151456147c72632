"""What the model gets to see: transformers, one a file, and the recipes that string them together."""

from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures

from sightline.features.augment import Augmentation, augmented
from sightline.features.averaged import averaged
from sightline.features.deskew import Deskew
from sightline.features.orientation import Orientation
from sightline.features.patches import Patches
from sightline.features.pca import PCA
from sightline.features.recipes import LADDER, RECIPES, Recipe, find_recipe, make_recipe, on_device, recipes
from sightline.features.scale import ByteScaler, RangeScaler, StandardScaler
from sightline.features.shape import IntensitySymmetry
from sightline.features.shrink import Shrink
from sightline.features.streamed import StreamedPipeline

__all__ = [
    "LADDER",
    "PCA",
    "RECIPES",
    "Augmentation",
    "ByteScaler",
    "Deskew",
    "IntensitySymmetry",
    "MinMaxScaler",
    "Orientation",
    "Patches",
    "PolynomialFeatures",
    "RangeScaler",
    "Recipe",
    "Shrink",
    "StandardScaler",
    "StreamedPipeline",
    "augmented",
    "averaged",
    "find_recipe",
    "make_recipe",
    "on_device",
    "recipes",
]
