"""What the model gets to see: transformers, one a file, and the recipes that string them together."""

from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures

from sightline.features.deskew import Deskew
from sightline.features.pca import PCA
from sightline.features.recipes import LADDER, RECIPES, Recipe, find_recipe, make_recipe, recipes
from sightline.features.scale import RangeScaler, StandardScaler
from sightline.features.shape import IntensitySymmetry

__all__ = [
    "LADDER",
    "PCA",
    "RECIPES",
    "Deskew",
    "IntensitySymmetry",
    "MinMaxScaler",
    "PolynomialFeatures",
    "RangeScaler",
    "Recipe",
    "StandardScaler",
    "find_recipe",
    "make_recipe",
    "recipes",
]
