"""An exploration in plain sentences, and as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from sightline.exploration.duplicates import MOST_PAIRS
from sightline.exploration.record import Exploration


def summary(exploration: Exploration) -> list[str]:
    """Say in plain sentences what was found, the general before the odd.

    Parameters
    ----------
    exploration : Exploration

    Returns
    -------
    list of str
        One sentence or two each, in the order in which a newcomer would ask.
    """
    return [*_size(exploration), *_intensity(exploration), *_variance(exploration), *_oddities(exploration)]


def percent(share: float) -> str:
    """Round a share to whole percent, without claiming all or nothing where it is not.

    Examples
    --------
    >>> percent(0.8088), percent(1.0), percent(0.9999), percent(0.0003)
    ('81 %', '100 %', 'more than 99 %', 'less than 1 %')
    """
    if 0 < share < 0.01:
        return "less than 1 %"
    if 0.99 < share < 1:
        return "more than 99 %"
    return f"{share:.0%}".replace("%", " %")


def count(n: int, one: str, many: str = "") -> str:
    """Put a number before its noun.

    Examples
    --------
    >>> count(1, "image"), count(70000, "image"), count(0, "pair")
    ('1 image', '70,000 images', 'no pairs')
    """
    if n == 1:
        return f"1 {one}"
    return f"{n:,} {many or one + 's'}" if n else f"no {many or one + 's'}"


def _size(found: Exploration) -> list[str]:
    height, width = found.shape[:2]
    colour = len(found.shape) == 3
    product = f"{height} × {width}{' × 3' if colour else ''} = {found.n_features:,}"
    said = [f"{count(found.n, 'image')} in {count(len(found.classes), 'class', 'classes')}."]
    if found.n_train is not None:
        said[0] = (
            said[0][:-1] + f": {found.n_train:,} to learn from, {found.n - found.n_train:,} to be tested on."
        )
    said.append(
        f"Why {found.n_features:,} columns? An image is {height} pixels high and {width} wide"
        f"{', each with a red, a green and a blue value' if colour else ''}: {product} numbers, row "
        "after row."
    )
    least, most = int(found.counts.min()), int(found.counts.max())
    if least == most:
        said.append(f"Every class has {count(most, 'image')}.")
    else:
        name = found.classes[int(found.counts.argmax())]
        said.append(
            f"Classes have between {least:,} and {most:,} images; always answering “{name}” "
            f"would be right {percent(most / found.n)} of the time."
        )
    return said


def _intensity(found: Exploration) -> list[str]:
    said = [
        f"Intensities run from {found.minimum} to {found.maximum}, {found.mean:.0f} on average; "
        f"{percent(found.zero_share)} of all numbers are 0 (black)."
    ]
    pixels, still = found.constant.size, int(found.constant.sum())
    if still:
        said.append(
            f"{pixels - still:,} of {pixels:,} pixels ever change; the other {still:,} are the same in every "
            "image and can tell nothing apart."
        )
    else:
        said.append(f"All {pixels:,} pixels change from image to image.")
    return said


def _variance(found: Exploration) -> list[str]:
    if not found.rank[0.90]:
        return ["All images are the same: there is nothing to learn from."]
    said = (
        f"How much of it is truly useful? {percent(0.9)} of the variance lies in "
        f"{count(found.rank[0.90], 'direction')} out of {found.n_features:,}, 95 % in {found.rank[0.95]:,} "
        f"and 99 % in {found.rank[0.99]:,}"
    )
    return [said + (f" (from {found.sampled:,} sampled images)." if found.sampled else ".")]


def _oddities(found: Exploration) -> list[str]:
    extra = sum(len(group) - 1 for group in found.exact_duplicates)
    near = len(found.near_duplicates)
    floor = "at least " if found.near_sampled or near >= MOST_PAIRS else ""
    repeats = f"{count(extra, 'image')} {'repeats' if extra == 1 else 'repeat'} an earlier one exactly"
    among = "" if found.shown is None else f"Among {found.shown:,} images drawn at random: "
    repeats = repeats if among else repeats[0].upper() + repeats[1:]
    said = [
        f"{among}{repeats}; {floor}{count(near, 'pair')} differ{'s' if near == 1 else ''} "
        f"only by a hair (an RMS difference of at most {found.near_threshold:.1f} intensities)."
    ]
    if found.n_train is not None:
        rows = {row for _, row, _ in found.leaks}
        said.append(
            f"{count(len(rows), 'test image')} {'is' if len(rows) == 1 else 'are'} also, or nearly, among "
            f"the training images: the test score is flattered by {'it' if len(rows) == 1 else 'them'}."
            if rows
            else f"{'No' if found.shown is None else 'Among these, no'} test image was found among the training "
            "images, exactly or nearly."
        )
    if found.conflicts:
        many = len(found.conflicts)
        said.append(
            f"{count(many, 'image')} {'carries' if many == 1 else 'carry'} different labels in different "
            "places: no classifier can be right about them every time."
        )
    if len(found.blank):
        many = len(found.blank)
        said.append(
            f"{count(many, 'image')} {'is' if many == 1 else 'are'} blank, the same value everywhere "
            f"(row{'' if many == 1 else 's'} {', '.join(str(row) for row in found.blank[:5])}"
            f"{', …' if many > 5 else ''})."
        )
    return said


def to_json(exploration: Exploration) -> dict[str, Any]:
    """Return the exploration as numbers, lists and names that ``json.dumps`` takes as they are.

    Law: ``json.dumps(to_json(e), allow_nan=False)`` never fails. Images become nested lists, rounded to 0.01.
    """
    found = exploration
    images = ("mean_image", "variance_image", "class_mean", "class_variance")
    lists = ("counts", "histogram", "band_values", "typical", "atypical", "blank")
    plain = ("name", "n", "n_train", "balance", "minimum", "maximum", "mean", "std", "zero_share", "sampled", "shown",
             "near_threshold", "near_sampled")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in plain},
        "classes": list(found.classes),
        "shape": list(found.shape),
        "n_features": found.n_features,
        **{name: getattr(found, name).tolist() for name in lists},
        "train_counts": None if found.train_counts is None else found.train_counts.tolist(),
        "test_counts": None if found.test_counts is None else found.test_counts.tolist(),
        "n_constant": int(found.constant.sum()),
        "constant": found.constant.astype(int).tolist(),
        "band": list(found.band),
        **{name: np.round(getattr(found, name), 2).tolist() for name in images},
        "explained": np.round(found.explained, 6).tolist(),
        "rank": {f"{share:.2f}": directions for share, directions in found.rank.items()},
        "exact_duplicates": [list(group) for group in found.exact_duplicates],
        "near_duplicates": [list(pair) for pair in found.near_duplicates],
        "leaks": [list(pair) for pair in found.leaks],
        "conflicts": [list(group) for group in found.conflicts],
        "summary": summary(found),
    }
