"""What is in the images: numbers only, no pictures."""

from sightline.explore.exploration import Exploration
from sightline.explore.look import explore
from sightline.explore.words import summary, to_json

__all__ = ["Exploration", "explore", "summary", "to_json"]
