"""The films there are, and how each is made from data or from a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sightline.errors import UsageError, meant
from sightline.films.script import Film

if TYPE_CHECKING:
    from sightline.dataset import Dataset
    from sightline.results import Run
    from sightline.sources.opening import What
    from sightline.story import Listener


@dataclass(frozen=True, slots=True)
class Entry:
    """A film's one line; whether it `needs` "nothing", "images" or a "run"."""

    summary: str
    needs: str


FILMS = {
    "sigmoid": Entry("a point runs along z, its probability rises, the threshold decides", "nothing"),
    "logistic": Entry("weights and bias bend and shift the curve; one image is weighed", "images"),
    "simulation": Entry("100 samples of 3 features become points on the curve", "nothing"),
    "training": Entry(
        "the weights and the objective while the solver runs; plain descent beside it", "images"
    ),
    "pca": Entry("images rebuilt component by component", "images"),
    "boundary": Entry("two classes in a plane, and the line finding its place", "images"),
    "ladder": Entry("the error falling from recipe to recipe, with the images each step fixed", "run"),
    "adventure": Entry("the walk through everything, 2 to 4 minutes", "run"),
}


def find_film(name: str) -> Entry:
    """Return the entry of the film called `name`.

    Raises
    ------
    UsageError
        There is none; the message lists those that there are.
    """
    if name not in FILMS:
        raise UsageError(
            f"there is no film '{name}'", f"{meant(name, FILMS)}The films are {', '.join(FILMS)}."
        )
    return FILMS[name]


def make(
    name: str,
    data: What | Run = "digits",
    *,
    recipes: Sequence[str] = (),
    seed: int = 0,
    listener: Listener | None = None,
) -> Film:
    """Make a film: load the data, and learn from it what the film shows.

    Parameters
    ----------
    name : str
        One of `FILMS`.
    data : whatever `load` takes, or a Run
        Films that need a run make one from it; the two that need nothing leave it alone.
    recipes : names of recipes
        The one whose training is shown, "pixels" by default; or the rungs of the ladder, all by default.
    seed : int
        Same seed, same film.
    listener : callable, optional
        Told every step of a run.

    Returns
    -------
    Film
        To be rendered by `render`.

    Raises
    ------
    SightlineError
        There is no such film or recipe, or the data cannot be used.

    Examples
    --------
    >>> [scene.key for scene in make("sigmoid").scenes()]
    ['walk', 'decide', 'slope']
    """
    from sightline.results import Run

    needs = find_film(name).needs
    if needs == "nothing":
        return _of_nothing(name, seed)
    if needs == "images":
        if len(recipes) > 1:
            raise UsageError(f"the film '{name}' shows one recipe", "Give --recipe once.")
        return _of_images(name, data.dataset if isinstance(data, Run) else _loaded(data, seed), recipes, seed)
    from sightline.films.adventure import Adventure
    from sightline.films.ladder import Ladder
    from sightline.story import Config, run

    if not isinstance(data, Run):
        chosen = tuple(recipes) or Config().recipes
        data = run(Config(data=data, recipes=chosen, seed=seed), listener)
    return Ladder.of(data) if name == "ladder" else Adventure.of(data, seed=seed)


def _loaded(data: What, seed: int) -> Dataset:
    from sightline.sources import load

    return load(data, seed=seed)


def _of_nothing(name: str, seed: int) -> Film:
    from sightline.films.sigmoid import Sigmoid
    from sightline.films.simulation import Simulation
    from sightline.logistic import simulate

    return Sigmoid() if name == "sigmoid" else Simulation(simulate(seed=seed))


def _of_images(name: str, dataset: Dataset, recipes: Sequence[str], seed: int) -> Film:
    from sightline.films.boundary import Boundary
    from sightline.films.logistic import Logistic
    from sightline.films.pca import Pca
    from sightline.films.training import Training

    makers: dict[str, Callable[[], Film]] = {
        "logistic": lambda: Logistic.of(dataset),
        "training": lambda: Training.of(dataset, recipe=(*recipes, "pixels")[0], seed=seed),
        "pca": lambda: Pca.of(dataset),
        "boundary": lambda: Boundary.of(dataset, seed=seed),
    }
    return makers[name]()
