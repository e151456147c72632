"""Ten lessons, from what classification is to a linear classifier that errs on few digits: marimo notebooks.

A lesson is a Python file of this folder. It runs top to bottom, in the browser with live parts (`run_lesson`), as a
script, or exported for Jupyter and VS Code (`export_lessons`). Whoever wants to change one takes a copy
(`copy_lessons`). All but the list need the extra ``lessons``.
"""

from sightline.lessons.chart import Chart, chart
from sightline.lessons.shelf import (
    FORMATS,
    VARIABLE,
    Lesson,
    copy_lessons,
    data_name,
    export_lessons,
    find_lesson,
    lessons,
    run_lesson,
)

__all__ = [
    "FORMATS",
    "VARIABLE",
    "Chart",
    "Lesson",
    "chart",
    "copy_lessons",
    "data_name",
    "export_lessons",
    "find_lesson",
    "lessons",
    "run_lesson",
]
