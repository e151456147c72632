"""Where sums over rows are done."""
