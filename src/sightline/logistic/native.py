"""The compiled passes, where the installation has them: passes.c and packing.c, called through ctypes.

The build compiles them where it finds a C compiler; without one, and with ``SIGHTLINE_NATIVE=0``, everything runs
on NumPy and gives the same results within rounding.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sightline.engine import compiled
from sightline.engine.threads import ROUND, ThreadTeam

Floats = npt.NDArray[np.floating[Any]]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LIBRARY = Path(__file__).with_name("_passes.so")
"""hatch_build.py puts it there."""
WHOLE, BYTES, VALUES, CODES = range(4)
MOST_CLASSES = 128
"""As many as the passes have room for (MOST_LANES in passes.c)."""
SPARSE = 0.35
"""Packed rows pay below this share of entries that are not zero."""


class _Rows(ctypes.Structure):
    _fields_ = (
        ("kind", ctypes.c_int32),
        ("n", ctypes.c_int64),
        ("d", ctypes.c_int64),
        ("values", ctypes.c_void_p),
        ("starts", ctypes.c_void_p),
        ("columns", ctypes.c_void_p),
        ("table", ctypes.c_void_p),
        ("ends", ctypes.c_void_p),
        ("within", ctypes.c_void_p),
        ("across", ctypes.c_void_p),
    )


class _Call(ctypes.Structure):
    _fields_ = (
        ("rows", ctypes.POINTER(_Rows)),
        ("which", ctypes.c_void_p),
        ("first", ctypes.c_int64),
        ("last", ctypes.c_int64),
        ("classes", ctypes.c_int64),
        ("weights", ctypes.c_void_p),
        ("bias", ctypes.c_void_p),
        ("room", ctypes.c_void_p),
        ("sums", ctypes.c_void_p),
    )


_P, _N, _I = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int32
_SIGNATURES: dict[str, tuple[Any, Sequence[Any]]] = {
    "room": (_N, (_P, _N)),
    "lanes": (_I, ()),
    "residual_pass": (ctypes.c_double, (_P, _P, _P, _P, _N)),
    "curvature_pass": (None, (_P, _P, _P, _P)),
    "back_pass": (None, (_P, _P, _N, _I)),
    "forward_pass": (None, (_P, _P, _I)),
    "moments": (None, (_I, _P, _N, _N, _N, _P, _P, _P, _P, _P, _P)),
    "learn_table": (_I, (_P, _N, _N, _N, _N, _P, _P, _P, _I)),
    "pack": (_I, (_I, _P, _N, _N, _N, _P, _P, _P, _P, _P, _P, _P)),
    "turn": (None, (_N, _N, _N, _N, _P, _P, _P, _P, _P, _P, _P, _P, _P)),
}


def available() -> bool:
    """Whether the passes are compiled, and wanted."""
    return compiled.library(LIBRARY) is not None


@cache
def _function(name: str, dtype: np.dtype[Any]) -> Callable[..., Any]:
    real = "double" if dtype == np.float64 else "float"
    return compiled.function(LIBRARY, f"{name}_{real}", *_SIGNATURES[name])


def _at(array: npt.NDArray[Any] | None) -> int | None:
    return None if array is None else array.ctypes.data


class Table(NamedTuple):
    """Numbers by code: `values` (256,), and the hash that finds the code of a number (none for bytes)."""

    values: Floats
    slots: Floats | None
    codes: npt.NDArray[np.int16] | None


class NativeRows:
    """Rows that the compiled passes read: as they are, or without their zeros once `pack` has been called.

    Parameters
    ----------
    X : (n, d) uint8, float32 or float64, C-contiguous; kept, not copied
    dtype : of the sums, float64 for float64 rows, else float32
    """

    def __init__(self, X: npt.NDArray[Any], dtype: np.dtype[Any]) -> None:
        self.X, self.dtype = X, dtype
        self.n, self.d = X.shape
        self.whole = BYTES if X.dtype == np.uint8 else WHOLE
        self.kept: tuple[npt.NDArray[Any], ...] = (X,)
        self.rows = _Rows(self.whole, self.n, self.d, X.ctypes.data)
        self.table: Table | None = None
        self.rooms: list[npt.NDArray[Any]] = []

    def _call(self, name: str, *arguments: Any) -> Any:
        return _function(name, self.dtype)(*arguments)

    @property
    def packed(self) -> bool:
        """Whether the zeros have been left out."""
        return bool(self.rows.kind >= VALUES)

    def lanes(self) -> int:
        """To what multiple classes are padded."""
        return int(self._call("lanes"))

    def lend(self, size: int) -> Floats:
        """A room of at least `size` numbers; who has done with it appends it to `rooms`.

        Rooms are kept from pass to pass: fresh memory costs more to get, page by page, than a pass may.
        """
        try:
            room = self.rooms.pop()
        except IndexError:
            return np.empty(size, self.dtype)
        return room if len(room) >= size else np.empty(size, self.dtype)

    # -- the four passes ------------------------------------------------------------------------------

    def residuals(
        self,
        slab: slice,
        weights: Floats,
        bias: Floats,
        labels: Integers,
        mass: Floats | None,
        keep: Floats | None,
    ) -> tuple[float, Doubles]:
        """Sum of the losses of the rows, and residual ⊗ (x, 1): (R, d+1). `keep` (R, n) takes the residuals."""
        with _Prepared(self, slab, weights, bias) as call:
            stride = self.n if keep is None else keep.strides[0] // keep.itemsize
            loss = self._call("residual_pass", call.at, _at(labels), _at(mass), _at(keep), stride)
            return float(loss), call.sums

    def curvature(
        self,
        slab: slice,
        which: Integers | None,
        weights: Floats,
        bias: Floats,
        labels: Integers,
        P: Floats,
        mass: Floats,
    ) -> Doubles:
        """Σ mass (diag(p) − p pᵀ) (W x + b) ⊗ (x, 1) over which[slab]; P (m, classes padded), mass (m,)."""
        with _Prepared(self, slab, weights, bias, which) as call:
            self._call("curvature_pass", call.at, _at(labels), _at(P), _at(mass))
            return call.sums

    def back(self, slab: slice, S: Floats, *, squared: bool = False) -> Doubles:
        """Σ_i s_ki (x_ij, or its square, and 1) for S (R, n): (R, d+1)."""
        with _Prepared(self, slab, None, None, classes=len(S)) as call:
            self._call("back_pass", call.at, _at(S), S.strides[0] // S.itemsize, int(squared))
            return call.sums

    def some(self, rows: Integers, n_threads: int | None) -> tuple[NativeRows, Integers | None]:
        """Rows that can be passed over in the order of `rows` (m,), and the numbers to pass to `curvature`.

        Whole rows stay where they are. Packed ones are packed anew, together.
        """
        if not self.packed:
            return self, rows
        few, team = NativeRows(self.X[rows], self.dtype), ThreadTeam(len(rows), self.d, n_threads)
        few.pack(team, self.starts[rows + 1] - self.starts[rows], self.table)
        team.close()
        few.X = self.X[:0]  # the copy has served
        return few, None

    def forward(
        self, slab: slice, weights: Floats, bias: Floats, Z: Floats, *, squared: bool = False
    ) -> None:
        """Z[slab] = X Wᵀ + b, or of the squares of X; Z (n, R) C-contiguous."""
        with _Prepared(self, slab, weights, bias) as call:
            self._call("forward_pass", call.at, _at(Z), int(squared))

    # -- before the first pass --------------------------------------------------------------------------

    def moments(self, slab: slice, shift: Floats, mass: Floats, entries: Integers) -> tuple[Doubles, Doubles]:
        """Σ mass (x − shift) and Σ mass (x − shift)², each (d,); `entries` (n,) counts what is not zero."""
        first, second = np.zeros(self.d), np.zeros(self.d)
        room = np.empty(3 * self.d, self.dtype)
        self._call(
            "moments", self.whole, _at(self.X), self.d, slab.start, slab.stop, _at(shift), _at(mass), _at(room),
            _at(first), _at(second), _at(entries),
        )  # fmt: skip
        return first, second

    def worth_packing(self, entries: Integers) -> bool:
        """Whether rows without their zeros are faster."""
        return bool(self.d < 2**16 and entries.sum() < SPARSE * self.n * self.d)

    def pack(self, team: ThreadTeam, entries: Integers, like: Table | None = None) -> None:
        """Leave the zeros out: 16 bits for the column of every other entry, and 8 for a code or its value."""
        starts = np.zeros(self.n + 1, np.int64)
        np.cumsum(entries, out=starts[1:])
        total = int(starts[-1])
        self.starts = starts
        columns = np.empty(total, np.uint16)
        table = self._table() if like is None else like
        done = table is not None and self._packed(team, starts, columns, np.empty(total, np.uint8), table)
        if not done:
            self._packed(team, starts, columns, np.empty(total, self.dtype), None)

    def _table(self) -> Table | None:
        """The values that a sample of the rows takes, where they are so few that a byte can number them."""
        if self.whole == BYTES:
            return Table(np.arange(256, dtype=self.dtype), None, None)
        slots, codes = np.zeros(1024, self.dtype), np.zeros(1024, np.int16)
        values = np.zeros(256, self.dtype)
        known = self._call(
            "learn_table", _at(self.X), self.d, 0, self.n, max(1, self.n // 1000), _at(slots), _at(codes),
            _at(values), 0,
        )  # fmt: skip
        return None if known < 0 else Table(values, slots, codes)

    def _packed(
        self,
        team: ThreadTeam,
        starts: Integers,
        columns: npt.NDArray[np.uint16],
        values: npt.NDArray[Any],
        table: Table | None,
    ) -> bool:
        coded = table is not None
        slots, codes = (None, None) if table is None else (table.slots, table.codes)

        def part(slab: slice) -> bool:
            room = np.empty(self.d + 1, np.uint16)
            missing = self._call(
                "pack", self.whole, _at(self.X), self.d, slab.start, slab.stop, _at(starts), _at(room),
                _at(columns), _at(values) if coded else None, None if coded else _at(values),
                _at(slots), _at(codes),
            )  # fmt: skip
            if missing:
                return False
            counts = np.empty(self.d, np.int32)
            self._call(
                "turn", self.d, slab.start, slab.stop, ROUND, _at(starts), _at(columns),
                _at(values) if coded else None, None if coded else _at(values), _at(counts), _at(ends),
                _at(within), _at(across) if coded else None, None if coded else _at(across),
            )  # fmt: skip
            return True

        ends = np.empty((-(-self.n // ROUND), self.d), np.int32)
        within, across = np.empty(len(columns), np.uint8), np.empty_like(values)
        if not all(team.map(part)):
            return False
        kind = CODES if coded else VALUES
        self.table, self.kept = table, (values, starts, columns, ends, within, across)
        self.rows = _Rows(
            kind, self.n, self.d, _at(values), _at(starts), _at(columns), table and _at(table.values),
            _at(ends), _at(within), _at(across),
        )  # fmt: skip
        self.rooms = []
        return True


class _Prepared:
    """One call: its structure, sums of zeros, and a room lent by the rows while it lasts."""

    def __init__(
        self,
        rows: NativeRows,
        slab: slice,
        weights: Floats | None,
        bias: Floats | None,
        which: Integers | None = None,
        classes: int | None = None,
    ) -> None:
        self.rows = rows
        self.kept = (weights, bias, which)
        classes = len(weights) if weights is not None else classes or 1
        size = rows._call("room", ctypes.addressof(rows.rows), classes)
        self.room = rows.lend(size)
        self.sums = np.zeros((classes, rows.d + 1))
        self.call = _Call(
            ctypes.pointer(rows.rows), _at(which), slab.start, slab.stop, classes, _at(weights), _at(bias),
            _at(self.room), _at(self.sums),
        )  # fmt: skip
        self.at = ctypes.addressof(self.call)

    def __enter__(self) -> _Prepared:
        return self

    def __exit__(self, *_: object) -> None:
        self.rows.rooms.append(self.room)
