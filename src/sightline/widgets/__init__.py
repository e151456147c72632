"""Parts of the studio's page in a notebook: what a person draws, chooses or points at is there in Python at once.

`DrawPad`, `Gallery`, `WeightMaps` and `ConfusionGrid` are widgets of anywidget, for Jupyter, VS Code and marimo. All
need the extra `widgets`.
"""
