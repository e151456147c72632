"""The studio: one page on which a person sees the images, watches the classifier learn, and asks it why.

`server.serve` runs it, `export.export` writes a copy that needs no Python. Both need the extra `studio`.
"""
