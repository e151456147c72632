"""How a job is cut short: one function a fault, called with (case, folder, random numbers, file operation or None).

Each starts the job in `folder`, tells whether it was cut short, and leaves the folder so that the job can run again.
"""

from __future__ import annotations

import ctypes
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from kill_checks import Case, state

APART = "SIGHTLINE_KILLS_APART"
CAN_WRITE_ANYWHERE, CAN_READ_ANYWHERE = 1, 2
"""Numbers of root's capabilities CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""


def kill(case: Case, folder: Path, rng: random.Random, step: int | None) -> bool:
    """SIGKILL, at a moment of its own choice or before file operation number `step`."""
    if step is not None:
        return case.run(folder, step=step, how=signal.SIGKILL).status == -signal.SIGKILL
    writing, share = rng.random() < 0.5, rng.random()
    told, pipe = os.pipe()
    running = case.start(folder, pipe=pipe)
    os.close(pipe)
    if writing:
        os.read(told, 1)  # at its first file operation, or its end
    os.close(told)
    until = time.monotonic() + share * case.seconds * (1 - case.before_writing if writing else 1)
    while time.monotonic() < until and not running.ended():
        time.sleep(min(0.005, max(0.0, until - time.monotonic())))
    running.send(signal.SIGKILL)
    status = running.wait()
    case.expect(not running.orphans(), "processes that it started outlive it")
    return status == -signal.SIGKILL


def interrupt(case: Case, folder: Path, rng: random.Random, step: int | None) -> bool:
    """Ctrl-C: one line, status 130, and nothing half-written is there any more."""
    if step is None:
        step = rng.randint(1, case.operations)
    done = case.run(folder, step=step, how=signal.SIGINT)
    if done.status == 130:
        case.expect("stopped" in done.said, f"Ctrl-C says {done.said!r}")
        left = case.temporary(folder)
        case.expect(not left, f"Ctrl-C before operation {step} of {case.operations} leaves {left}")
    else:
        case.expect(done.status == 0, f"Ctrl-C before operation {step} ends with {done.status}: {done.said}")
    return done.status == 130


def limit(case: Case, folder: Path, rng: random.Random, _: int | None) -> bool:
    """No file may grow beyond a size drawn at random: a stand-in for a full disk where nothing can be mounted."""
    most = int(rng.uniform(0, 1) * case.largest)

    def narrow() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    return _refused(case, folder, narrow, f"files of {most:,} bytes at most")


def full(case: Case, folder: Path, rng: random.Random, _: int | None) -> bool:
    """A disk of its own, with room for a random share of what the job writes; then there is room again."""
    kept = folder.with_name("kept")
    folder.rename(kept)
    folder.mkdir()
    used = sum(-(-one.stat().st_size // 4096) * 4096 + 4096 for one in kept.rglob("*"))
    size = used + int(rng.uniform(0, 1) * case.written)
    _mount("-t", "tmpfs", "-o", f"size={size}", "none", str(folder))
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    shutil.rmtree(kept)
    struck = _refused(case, folder, None, f"a disk of {size - used:,} free bytes")
    _mount("-o", "remount,size=1g", str(folder))
    return struck


def readonly(case: Case, folder: Path, _: random.Random, __: int | None) -> bool:
    """A folder on a disk that is mounted to be read only."""
    _mount("--bind", str(folder), str(folder))
    _mount("-o", "remount,ro,bind", str(folder))
    try:
        return _refused(case, folder, None, "a read-only disk", early=True)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def denied(case: Case, folder: Path, _: random.Random, __: int | None) -> bool:
    """Folders that may not be written to; root first gives up its right to do so all the same."""
    folders = [folder, *(one for one in folder.rglob("*") if one.is_dir())]
    for one in folders:
        one.chmod(0o555)
    try:
        return _refused(case, folder, _give_up_rights, "folders without write permission", early=True)
    finally:
        for one in folders:
            one.chmod(0o755)


def two(case: Case, folder: Path, rng: random.Random, _: int | None) -> bool:
    """Two processes run the job at once in one folder, the second a little later."""
    one = case.start(folder)
    time.sleep(rng.uniform(0, case.seconds))
    other = case.start(folder)
    ends = (one.wait(), other.wait())
    case.expect(ends == (0, 0), f"two at once end with {ends}: {one.said()} {other.said()}")
    case.expect(not case.temporary(folder), f"two at once leave {case.temporary(folder)}")
    case.expect(case.result(folder) == case.right, "two at once end with another result")
    return True


FAULTS: dict[str, Callable[[Case, Path, random.Random, int | None], bool]] = {
    "kill": kill,
    "int": interrupt,
    "limit": limit,
    "full": full,
    "readonly": readonly,
    "denied": denied,
    "two": two,
}


def _refused(
    case: Case, folder: Path, first: Callable[[], None] | None, what: str, *, early: bool = False
) -> bool:
    """Run the job where it cannot write: one message that says so, and what was there is untouched."""
    before = state(folder)
    done = case.run(folder, first=first)
    if done.status == 0:
        case.expect(not early, f"{what}: the job says that all went well")
        return False
    case.expect(done.status == 1, f"{what}: status {done.status}")
    lines = [one for one in done.said.splitlines() if one.startswith("sightline: ")]
    case.expect(len(lines) == 1, f"{what}: says {done.said!r}")
    clear = "Traceback" not in done.said and "error in Sightline itself" not in done.said
    case.expect(clear, f"{what}: says {done.said!r}")
    left = case.temporary(folder)
    case.expect(not left, f"{what}: leaves {left}")
    if early:
        case.expect(state(folder) == before, f"{what}: something was changed")
        case.expect(done.seconds < max(10.0, case.seconds / 2), f"{what}: noticed after {done.seconds:.1f} s")
    return True


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def mounted_apart() -> None:
    """Go on in a mount namespace of our own, so that what is mounted is gone with this process.

    Raises
    ------
    SystemExit
        With status 77 where that is not allowed.
    """
    if os.environ.get(APART):
        return
    own = ["unshare", "-m"]
    can = shutil.which("unshare") and not subprocess.run(
        [*own, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    ).returncode  # fmt: skip
    if not can:
        print("small disks cannot be mounted here: run as root, on Linux")
        raise SystemExit(77)
    os.environ[APART] = "1"
    os.execvp("unshare", [*own, sys.executable, *sys.argv])


def _give_up_rights() -> None:
    """Take from this process the right to write and read whatever the modes of files say (Linux; else nothing)."""
    if sys.platform != "linux":
        return
    head = (ctypes.c_uint32 * 2)(0x20080522, 0)
    held = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice
    libc = ctypes.CDLL(None, use_errno=True)
    libc.capget(head, held)
    keep = ~((1 << CAN_WRITE_ANYWHERE) | (1 << CAN_READ_ANYWHERE))
    held[0], held[1], held[2] = held[0] & keep, held[1] & keep, held[2] & keep
    if libc.capset(head, held):
        raise OSError(ctypes.get_errno(), "capset")
