"""Which labels a model disputes that has not learned them, and how many of them are probably wrong."""

from sightline.disputes.confident import thresholds_of, wrong_share
from sightline.disputes.find import choose_recipe, find_disputed
from sightline.disputes.record import Disputed

__all__ = ["Disputed", "choose_recipe", "find_disputed", "thresholds_of", "wrong_share"]
