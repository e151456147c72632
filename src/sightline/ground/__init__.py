"""Where a recipe is tried, learned and judged: in memory, or block by block, on this machine or on many."""

from sightline.ground.blocks import BlockGround
from sightline.ground.memory import MemoryGround
from sightline.ground.record import Ground, Learned, Steps, Unfinished
from sightline.ground.scene import Scene, large_scene

__all__ = ["BlockGround", "Ground", "Learned", "MemoryGround", "Scene", "Steps", "Unfinished", "large_scene"]
