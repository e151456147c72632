"""Why raw pixels defeat plain gradients: the shape of the valley, and who gets to its floor.

    python benchmarks/conditioning.py [DATA] [--C 1.0] [--figure docs/pictures/conditioning.svg]

Left: eigenvalues of the Hessian's block of one class at W = 0, as it is and seen through `SharedCurvature` made from
a sample of the rows. The further from level, the harder the walk. Right: what is left to gain after each pass, for
gradient descent with the longest step that is safe everywhere (1 / largest eigenvalue), the same from scaled pixels,
SciPy's L-BFGS, and ours. Raw pixels 0…255 (0…16 for the bundled digits), the same C everywhere.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from picture import COLOURS
from sightline import LogisticRegression, load
from sightline.figures.saving import save
from sightline.figures.style import LIGHT, SMALL, TEXT
from sightline.logistic.objective import Objective
from sightline.logistic.precondition import SharedCurvature

Doubles = npt.NDArray[np.float64]
PASSES = 300


def spectra(objective: Objective) -> dict[str, Doubles]:
    """Eigenvalues of Gram + λ/α (the Hessian of one class over α) as it is, and after the preconditioner."""
    rows = np.arange(objective.n)
    A = objective.centred(rows)[:, :-1].astype(np.float64)
    shared = SharedCurvature(objective, np.random.default_rng(0))
    alpha = float(shared.alpha.mean())
    hessian = A.T @ A / objective.n + objective.penalty / alpha * np.eye(objective.d)
    unit = np.zeros((objective.d, objective.d + 1))
    unit[:, :-1] = hessian
    seen = shared.columns.solve(unit, np.tile(shared.diagonal, (objective.d, 1)), shared.gram.solve)[:, :-1]
    return {
        "as it is": np.linalg.eigvalsh(hessian)[::-1],
        "preconditioned": np.sort(np.linalg.eigvals(seen).real)[::-1],
    }


def safe_step(objective: Objective) -> float:
    """1 / L: the Hessian of softmax is nowhere above half the Gram matrix of rows and intercept, plus λ."""
    A = objective.centred(np.arange(objective.n))[:, :-1].astype(np.float64)
    largest = float(np.linalg.eigvalsh(A.T @ A / objective.n)[-1])
    return 1 / (0.5 * max(largest, 1.0) + objective.penalty)


def descent(objective: Objective, step: float) -> list[float]:
    """F after each pass of gradient descent."""
    point, values = objective.start(), []
    for _ in range(PASSES):
        now = objective.at(point)
        values.append(now.value)
        point -= step * now.gradient
    return values


def quasi_newton(objective: Objective) -> list[float]:
    """F at each evaluation of SciPy's L-BFGS, the lowest so far."""
    values: list[float] = []

    def at(flat: Doubles) -> tuple[float, Doubles]:
        now = objective.at(flat.reshape(objective.R, -1))
        values.append(min(now.value, values[-1]) if values else now.value)
        return now.value, now.gradient.ravel()

    minimize(
        at,
        objective.start().ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxfun": PASSES, "maxiter": PASSES, "ftol": 0, "gtol": 0},
    )
    return values[:PASSES]


def draw(curves: dict[str, list[float]], spectrum: dict[str, Doubles], best: float, title: str) -> Any:
    """Both panels."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 3.9), facecolor=LIGHT.paper, layout="constrained")
    left, right = figure.subplots(1, 2)
    for ax in (left, right):
        ax.set_facecolor(LIGHT.paper)
        ax.spines[["top", "right"]].set_visible(False)
        ax.spines[["left", "bottom"]].set_color(LIGHT.rule)
        ax.tick_params(colors=LIGHT.soft, labelsize=SMALL)
    for (name, values), colour in zip(spectrum.items(), (LIGHT.against, LIGHT.favour), strict=True):
        values = values[values > 0]
        ratio = f"{name}: largest / smallest = {values[0] / values[-1]:,.3g}"
        left.semilogy(np.arange(1, len(values) + 1), values, color=colour, lw=1.8, label=ratio)
    left.set_title("eigenvalues of the curvature", fontsize=TEXT, color=LIGHT.ink, loc="left")
    left.set_xlabel("direction, steepest first", fontsize=SMALL, color=LIGHT.soft)
    for (name, made), colour in zip(curves.items(), (*COLOURS[:3], LIGHT.favour), strict=True):
        rest = np.maximum(np.array(made) / best - 1, 1e-9)
        right.loglog(np.arange(1, len(rest) + 1), rest, color=colour, lw=1.8, label=name)
    right.set_title("(F − F*) / F* after each pass over the rows", fontsize=TEXT, color=LIGHT.ink, loc="left")
    right.set_xlabel("pass", fontsize=SMALL, color=LIGHT.soft)
    for ax, place in ((left, "upper right"), (right, "lower left")):
        ax.legend(fontsize=SMALL, frameon=False, labelcolor=LIGHT.ink, loc=place)
    figure.suptitle(title, fontsize=TEXT, color=LIGHT.soft, x=0.01, ha="left")
    return figure


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", default="digits")
    parser.add_argument("--C", type=float, default=0.01)
    parser.add_argument("--figure", type=Path)
    chosen = parser.parse_args()
    train = load(chosen.data).train
    raw = train.X.astype(np.float64)
    penalty, mass = 1 / (chosen.C * len(raw)), np.ones(len(raw))
    objective = Objective(raw, train.y, train.n_classes, mass, penalty)
    largest = float(raw.max())
    scaled = Objective(raw / largest, train.y, train.n_classes, mass, penalty / largest**2)
    spectrum = spectra(objective)
    model = LogisticRegression(C=chosen.C, tol=1e-10).fit(raw, train.y)
    ours = list(model.history_.column("objective"))
    curves = {
        "gradient descent": descent(objective, safe_step(objective)),
        "gradient descent, pixels in 0…1": descent(scaled, safe_step(scaled)),
        "SciPy's L-BFGS": quasi_newton(objective),
        "Sightline": ours,
    }
    for name, values in spectrum.items():
        print(f"{name:16} largest / smallest eigenvalue = {values[0] / values[values > 0][-1]:.3g}")
    for name, made in curves.items():
        print(f"{name:32} after {len(made):4} passes: {made[-1] / min(ours) - 1:.1e} above the minimum")
    if chosen.figure:
        title = f"{train.name}: {len(raw):,} x {raw.shape[1]}, raw pixels, C = {chosen.C:g}"
        save(draw(curves, spectrum, min(ours), title), chosen.figure)


if __name__ == "__main__":
    main()
