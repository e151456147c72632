"""What is in the images: numbers only, no pictures."""

from sightline.exploration.look import explore
from sightline.exploration.record import Exploration
from sightline.exploration.words import summary, to_json

__all__ = ["Exploration", "explore", "summary", "to_json"]
