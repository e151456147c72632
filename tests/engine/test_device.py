"""Devices: which there are, what they hold, and that nothing of theirs is imported before it is asked for."""

import subprocess
import sys

import array_api_strict
import numpy as np
import pytest

from sightline.engine.device import device_of, find_device, host, library_of, usable
from sightline.errors import DataError, UsageError


def said(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    ).stdout.strip()


def test_the_processor_needs_no_library():
    assert usable("cpu") == ("cpu", "")
    assert find_device("cpu") is None
    code = (
        "import sys; from sightline.features import Patches; from sightline.logistic import LogisticRegression; "
        "LogisticRegression().fit([[0.], [1.]], [0, 1]).predict([[0.]]); "
        "print({'torch', 'cupy', 'array_api_compat', 'array_api_strict'} & set(sys.modules))"
    )
    assert said(code) == "set()"


@pytest.mark.parametrize(
    ("missing", "name", "answer"),
    [
        (
            ("torch", "cupy"),
            "cuda",
            "no CUDA device: PyTorch is not installed (pip install 'sightline[gpu]'); going",
        ),
        (
            ("cupy",),
            "cupy:cuda",
            "no CUDA device: CuPy is not installed (pip install 'sightline[gpu]'); going on",
        ),
    ],
)
def test_a_library_that_is_not_installed_is_named(missing, name, answer):
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({missing}))\n"  # None there makes an import fail
        "from sightline.engine.device import usable\n"
        f"print(*usable({name!r}))"
    )
    assert said(code).startswith(f"cpu {answer}")


def test_a_library_that_is_asked_for_by_name_must_be_there():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from sightline.engine.device import usable\n"
        "from sightline.errors import UsageError\n"
        "try: usable('torch:cpu')\n"
        "except UsageError as error: print(error)"
    )
    assert said(code).startswith("PyTorch is not installed")


@pytest.mark.parametrize(
    "name", ["cpu:1", "cuda:", "cuda:-1", "CUDA", "tpu", "cupy:cpu", "array_api_strict:cuda"]
)
def test_what_can_be_no_device_is_refused(name):
    with pytest.raises(UsageError, match=r"device|processor"):
        find_device(name)


def test_there_and_back():
    device = find_device("array_api_strict:cpu")
    assert str(device) == "array_api_strict:cpu"
    X = np.arange(12, dtype=np.float32).reshape(3, 4).T  # not C-contiguous
    X.flags.writeable = False
    there = device.put(X)
    assert library_of(there) == "array_api_strict"
    assert device_of(there).name == "cpu"
    assert not np.shares_memory(host(there), X)
    np.testing.assert_array_equal(device.get(there), X)
    assert device.get(there).dtype == np.float32


def test_what_is_no_array_of_a_library():
    for one in (np.zeros(2), [1, 2], None, "torch", array_api_strict, np.float32(1)):
        assert library_of(one) is None
        assert device_of(one) is None
        assert host(one) is one


def test_memory_that_is_short_is_said():
    device = find_device("array_api_strict:cpu")
    with pytest.raises(
        DataError, match=r"array_api_strict:cpu has no room for an array of 10,000,000 × 10,000,000 float32"
    ):
        device.empty((10**7, 10**7), "float32")
