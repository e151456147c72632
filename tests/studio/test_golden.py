"""The golden files are what this code computes; Vitest holds the page to the same files."""

import json

import numpy as np
import pytest

from sightline.studio.packet import unpacked

from .golden import FILES, GOLDEN


def close(found, golden, where="$"):
    if isinstance(golden, dict):
        assert set(found) == set(golden), where
        for key, value in golden.items():
            close(found[key], value, f"{where}.{key}")
    elif isinstance(golden, list) and golden and isinstance(golden[0], (dict, list)):
        assert len(found) == len(golden), where
        for i, (one, other) in enumerate(zip(found, golden, strict=True)):
            close(one, other, f"{where}[{i}]")
    elif isinstance(golden, list) and golden and all(isinstance(one, (int, float)) for one in golden):
        np.testing.assert_allclose(found, golden, rtol=1e-3, atol=2e-3, err_msg=where)
    elif isinstance(golden, float):
        assert found == pytest.approx(golden, rel=1e-3, abs=2e-3), where
    else:
        assert found == golden, where


@pytest.mark.parametrize("name", FILES)
def test_golden_files_are_what_is_computed(name):
    golden = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    close(json.loads(json.dumps(FILES[name]())), golden)


def test_the_golden_packet_unpacks_to_what_is_said_beside_it():
    golden = json.loads((GOLDEN / "packet.json").read_text(encoding="utf-8"))
    value, arrays = unpacked(bytes.fromhex(golden["hex"]))
    assert value == golden["value"]
    for name, one in golden["arrays"].items():
        data = [np.inf if x is None else x for x in one["data"]]
        assert arrays[name].dtype.name == one["dtype"]
        assert list(arrays[name].shape) == one["shape"]
        np.testing.assert_array_equal(arrays[name].ravel(), np.array(data, one["dtype"]))
