"""What the numbers are held against; `truth.py` runs them."""
