"""On what arrays the work is done: NumPy in main memory, or a library of the array API standard on a device.

A device is named ``cpu`` (NumPy, and our own compiled passes), ``cuda`` or ``cuda:1`` (by PyTorch if it is installed,
else by CuPy), or with the library: ``torch:cpu``, ``torch:cuda:1``, ``cupy:cuda``, ``array_api_strict:cpu``. Those on
the processor serve tests: they do there, slowly, what is done on a graphics card.

Libraries are imported when a device of theirs is asked for (extra ``gpu``), never before.
Source: the Python array API standard, data-apis.org/array-api, through array-api-compat.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from sightline.errors import DataError, UsageError

LIBRARIES = {"torch": "PyTorch", "cupy": "CuPy", "array_api_strict": "array-api-strict"}
"""Modules whose arrays are known, with their names in words."""
NAME = re.compile(r"(?:(torch|cupy|array_api_strict):)?(cpu|cuda)(?::(\d+))?")
ON_CARD, IN_MEMORY = 64_000_000, 2_000_000
"""Bytes of a block of rows in floats: on a card, where each call has its price; on the processor, for its cache."""
INSTALL = "pip install 'sightline[gpu]'"


@dataclass(frozen=True, slots=True, eq=False)
class Device:
    """An array library and a device of it.

    `library` the module; `name` "cpu" or "cuda:N"; `xp` the library as the standard has it; `at` the device as the
    library has it.
    """

    library: str
    name: str
    xp: Any
    at: Any

    def __str__(self) -> str:
        return f"{self.library}:{self.name}"

    @property
    def on_card(self) -> bool:
        """Whether its memory is another than the processor's."""
        return self.name != "cpu"

    def put(self, array: npt.ArrayLike) -> Any:
        """A copy of a NumPy array there, of the same dtype; an array of this library is moved there, or is there."""
        if library_of(array) == self.library:
            return self.xp.asarray(array, device=self.at)
        # A copy, for the libraries would share the memory of a NumPy array where they can, and warn of some kinds.
        return self.xp.asarray(np.array(array, order="C", copy=True), device=self.at)

    def get(self, array: Any) -> npt.NDArray[Any]:
        """The numbers as a NumPy array, which may share memory: not to be written to."""
        found: npt.NDArray[Any] = host(array)
        return found

    def empty(self, shape: tuple[int, ...], dtype: str) -> Any:
        """An array there that holds nothing yet.

        Raises
        ------
        DataError
            There is not enough memory.
        """
        with memory_of(self, f"an array of {' × '.join(f'{side:,}' for side in shape)} {dtype}"):
            return self.xp.empty(shape, dtype=getattr(self.xp, dtype), device=self.at)

    def rows_at_once(self, numbers: int, itemsize: int = 4) -> int:
        """How many rows of so many numbers are worked on at a time."""
        size = ON_CARD if self.on_card else IN_MEMORY
        return max(64, min(65_536, size // (numbers * itemsize + 1)))


@contextmanager
def memory_of(device: Device, what: str) -> Iterator[None]:
    """Turn what a library raises when memory is short into one message."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:  # PyTorch has errors of its own, which are RuntimeErrors
        if not isinstance(error, MemoryError) and "memory" not in str(error):
            raise
        raise DataError(
            f"{device} has no room for {what}", "Use device='cpu', or fit_blocks, which needs little memory."
        ) from error


# -- which device ---------------------------------------------------------------------------------------------


def usable(name: str) -> tuple[str, str]:
    """Return the device to use for the one asked for, and why it is another, or "".

    Parameters
    ----------
    name : str
        See above.

    Returns
    -------
    str
        `name`, or "cpu" where it asks for a graphics card and there is none.
    str
        One sentence: "no CUDA device: …; going on on the CPU".

    Raises
    ------
    UsageError
        No such device can exist, or its library is not installed.
    """
    library, kind, index = _parsed(name)
    if kind == "cpu" and library is None:
        return name, ""
    found = _found(library, kind, index)
    return (name, "") if isinstance(found, Device) else ("cpu", found)


def find_device(name: str) -> Device | None:
    """Return the device of that name; None is NumPy on the processor.

    Warns
    -----
    UserWarning
        A graphics card is asked for and there is none; the processor is used.

    Raises
    ------
    UsageError
        See `usable`.
    """
    library, kind, index = _parsed(name)
    if kind == "cpu" and library is None:
        return None
    found = _found(library, kind, index)
    if isinstance(found, Device):
        return found
    warnings.warn(found, UserWarning, stacklevel=5)
    return None


def _parsed(name: object) -> tuple[str | None, str, int | None]:
    found = NAME.fullmatch(name) if isinstance(name, str) else None
    if found is None or (found[2] == "cpu" and (found[3] or found[1] == "cupy")):
        raise UsageError(
            f"there is no device {name!r}", "Devices are 'cpu', 'cuda', 'cuda:1' and so on, and 'torch:cpu'."
        )
    if found[1] == "array_api_strict" and found[2] != "cpu":
        raise UsageError("array_api_strict works on the processor alone", "Use 'array_api_strict:cpu'.")
    return found[1], found[2], None if found[3] is None else int(found[3])


def _found(library: str | None, kind: str, index: int | None) -> Device | str:
    """The device, or the sentence that says why there is none."""
    if kind == "cpu":
        assert library is not None
        missing = _missing(library)
        if missing:
            raise UsageError(missing, INSTALL if library == "torch" else f"pip install {library}")
        return _device(library, "cpu")
    reasons = []
    for one in ("torch", "cupy") if library is None else (library,):
        why = _missing(one) or (_no_cuda_in_torch() if one == "torch" else _no_cuda_in_cupy())
        if not why:
            return _device(one, f"cuda:{_number(one, index)}")
        reasons.append(why)
        if library is None and one == "torch" and _missing("cupy"):
            break  # PyTorch is what the extra installs: its absence, or its reason, says enough
    return f"no CUDA device: {'; '.join(reasons)}; going on on the CPU"


def _missing(library: str) -> str:
    needed = [library] if library == "array_api_strict" else [library, "array_api_compat"]
    for module in needed:
        try:
            import_module(module)
        except ImportError:
            said = LIBRARIES.get(module, "array-api-compat")
            return f"{said} is not installed ({INSTALL})"
    return ""


def _no_cuda_in_torch() -> str:
    torch = import_module("torch")
    if torch.cuda.is_available():
        return ""
    built = torch.version.cuda or getattr(torch.version, "hip", None)
    return f"PyTorch {torch.__version__} " + (
        "finds no card or no driver" if built else "is built without CUDA"
    )


def _no_cuda_in_cupy() -> str:
    runtime = import_module("cupy").cuda.runtime
    try:
        return "" if runtime.getDeviceCount() else "CuPy finds no card"
    except runtime.CUDARuntimeError as error:
        return f"CuPy finds no card or no driver ({error})"


def _number(library: str, index: int | None) -> int:
    if library == "cupy":  # its calls go to the card that is current, wherever their arrays are
        current = int(import_module("cupy").cuda.Device().id)
        if index not in (None, current):
            raise UsageError(
                f"CuPy works on CUDA device {current}",
                "Choose it by CUDA_VISIBLE_DEVICES, or install PyTorch.",
            )
        return current
    cuda = import_module("torch").cuda
    count = int(cuda.device_count())
    if index is not None and index >= count:
        raise UsageError(f"there is no CUDA device {index}", f"There are {count}, counted from 0.")
    return int(cuda.current_device()) if index is None else index


def _device(library: str, name: str) -> Device:
    if library == "array_api_strict":
        xp = import_module("array_api_strict")
        return Device(library, name, xp, xp.Device("CPU_DEVICE"))
    xp = import_module(f"array_api_compat.{library}")
    if library == "torch":
        return Device(library, name, xp, import_module("torch").device(name))
    return Device(library, name, xp, import_module("cupy").cuda.Device(int(name.partition(":")[2])))


# -- whose array ----------------------------------------------------------------------------------------------


def library_of(array: object) -> str | None:
    """Return the module of `LIBRARIES` whose array this is, without importing any; None for NumPy and all else."""
    if not (hasattr(array, "shape") and hasattr(array, "dtype")):
        return None
    roots = (kind.__module__.partition(".")[0] for kind in type(array).__mro__)
    return next((root for root in roots if root in LIBRARIES), None)


def device_of(array: Any) -> Device | None:
    """Return where an array is; None for NumPy, for what is no array, and for devices that are not known here."""
    library = library_of(array)
    if library is None:
        return None
    name = (
        f"cuda:{array.device.id}" if library == "cupy" else "cpu" if library != "torch" else str(array.device)
    )
    if NAME.fullmatch(name) is None or _missing(library):
        return None
    return _device(library, name)


def host(array: Any) -> Any:
    """An array of a library as a NumPy array, moved into main memory if need be; anything else as it is."""
    library = library_of(array)
    if library == "torch":
        return array.detach().cpu().numpy()
    if library == "cupy":
        return array.get()
    return np.asarray(array) if library == "array_api_strict" else array
