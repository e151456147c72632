"""What is left when a job is cut short, and does the next run work? Kills, Ctrl-C, full disks, two at once.

    python benchmarks/kills.py                           # 200 kills (SIGKILL at random moments), shared by all jobs
    python benchmarks/kills.py --kills 40 --job download model
    python benchmarks/kills.py --steps 20                # killed before file operations, 20 of each job at most
    python benchmarks/kills.py --fault int --steps 20    # Ctrl-C instead
    python benchmarks/kills.py --fault full --kills 20   # a small disk that fills up (needs root: tmpfs)
    python benchmarks/kills.py --fault limit --kills 20  # no file may grow beyond a limit
    python benchmarks/kills.py --fault readonly denied two --kills 4

Each time: what an earlier run left is put into a new folder; the job runs in a process of its own and is cut short;
then (1) what was whole is still whole, the same or a complete newer one; (2) nothing half-written is taken for whole;
(3) the same job, run again, ends with the result of an undisturbed run; (4) nothing else is left behind, but what
`sightline data clear` clears. Half of the kills come at any moment of the job, half while it writes. The exit status
is 0 when all of this held. `--json FILE` keeps the figures; the same seed draws the same moments, as shares of the
seconds that the job takes.
"""

from __future__ import annotations

import argparse
import importlib
import json
import multiprocessing
import os
import random
import signal
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import kill_jobs
from kill_checks import Case, Outcome, state
from kill_faults import FAULTS, mounted_apart
from kill_jobs import JOBS, Job


def parser() -> argparse.ArgumentParser:
    """The command line."""
    line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    line.add_argument("--job", nargs="+", choices=[one.name for one in JOBS], help="all if left out")
    line.add_argument("--fault", nargs="+", choices=list(FAULTS), default=["kill"])
    line.add_argument("--kills", type=int, help="how often in all; 200, or 0 with --steps")
    line.add_argument("--steps", type=int, default=0, help="also before so many file operations of each job")
    line.add_argument("--seed", type=int, default=0)
    line.add_argument("--json", type=Path)
    line.add_argument("--folder", type=Path, help="where to work; a new one in the system's temporary folder")
    return line


def main(arguments: Sequence[str] | None = None) -> int:
    """Interrupt, look, and print one line a job."""
    chosen = parser().parse_args(arguments)
    if {"full", "readonly"} & set(chosen.fault):
        mounted_apart()
    kills = chosen.kills if chosen.kills is not None else (0 if chosen.steps else 200)
    jobs = [one for one in JOBS if not chosen.job or one.name in chosen.job]
    with tempfile.TemporaryDirectory(prefix="kills-", dir=chosen.folder) as folder:
        work = Path(folder).resolve()
        server = started(work)
        try:
            outcomes = []
            for job, times in zip(jobs, shared(jobs, kills), strict=True):
                case = Case(job, work / job.name)
                outcomes += [
                    interrupted(case, fault, work / "asked", times, chosen.steps, chosen.seed)
                    for fault in chosen.fault
                    if not job.script or fault in ("kill", "two")
                ]
                case.remove()
        finally:
            os.kill(server, signal.SIGKILL)
            os.waitpid(server, 0)
    for outcome in outcomes:
        for line in outcome.broken:
            print(f"BROKEN  {outcome.job}, {outcome.fault}: {line}")
    broken = sum(len(one.broken) for one in outcomes)
    print(f"{sum(one.times for one in outcomes)} interruptions, {broken} things broken")
    if chosen.json:
        chosen.json.write_text(json.dumps([one.told() for one in outcomes], indent=1))
    return 1 if broken else 0


def shared(jobs: list[Job], kills: int) -> list[int]:
    """How many each job gets of `kills`, by its share; together exactly so many."""
    whole = sum(one.share for one in jobs)
    ends = [round(kills * sum(one.share for one in jobs[: i + 1]) / whole) for i in range(len(jobs))]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


def started(work: Path) -> int:
    """Import what jobs import, make the models and the tables, start the server; return its process."""
    tables, made = work / "tables", work / "models"
    tables.mkdir()
    made.mkdir()
    server = kill_jobs.Server(("127.0.0.1", 0), kill_jobs.Handler)
    address = f"http://127.0.0.1:{server.server_port}"
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    os.environ |= one_thread | {  # processes are forked from this one
        "SIGHTLINE_OPENML": address,
        "SIGHTLINE_HOME": "home",
        "SIGHTLINE_KILLS_MODELS": str(made),
        "no_proxy": "127.0.0.1",
    }
    importlib.import_module("frontier")
    import sightline.cli.app
    import sightline.films.rendering
    import sightline.publish
    import sightline.retelling
    import sightline.story  # noqa: F401

    for call in (lambda: kill_jobs.make_models(made), lambda: kill_jobs.make_tables(tables, address)):
        process = multiprocessing.get_context("fork").Process(target=call)
        process.start()
        process.join()
        assert process.exitcode == 0
    child = os.fork()
    if child == 0:
        server.serve(tables, work / "asked")
    server.server_close()
    return child


def interrupted(case: Case, fault: str, log: Path, times: int, steps: int, seed: int) -> Outcome:
    """Interrupt one job `times` times at random, and at `steps` of its file operations; print a line."""
    case.broken = []
    outcome = Outcome(case.job.name, fault, round(case.seconds, 2), broken=case.broken)
    rng = random.Random(f"{seed} {case.job.name} {fault}")
    asked = _lines(log)
    strike: Callable[..., bool] = FAULTS[fault]
    chosen: list[int | None] = [None] * times
    if steps and fault in ("kill", "int"):
        count = min(steps, case.operations)
        chosen += [1 + int((i + 0.5) * case.operations / count) for i in range(count)]
    for number, step in enumerate(chosen):
        folder = case.fresh(number)
        for _ in range(20):
            began = state(folder)
            if strike(case, folder, rng, step):
                case.look(folder, began, outcome)
                break
            if fault != "kill":  # the job had all that it needed
                outcome.undone += 1
                break
            case.fresh(number)  # it was done before it could be killed: once more
        else:
            outcome.broken.append("could not be killed in 20 attempts")
        outcome.times += 1
        case.gone(folder)
    outcome.asked = _lines(log) - asked
    print(outcome.line(), flush=True)
    return outcome


def _lines(path: Path) -> int:
    return path.read_text().count("\n") if path.exists() else 0


if __name__ == "__main__":
    raise SystemExit(main())
