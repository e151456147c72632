import json

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.errors import DataError
from sightline.studio.packet import packed, plain, unpacked
from sightline.studio.wire import Interval

DTYPES = st.sampled_from([np.uint8, np.uint16, np.uint32, np.int32, np.float32])


@given(st.lists(arrays.arrays(DTYPES, arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4))))
def test_what_is_packed_comes_back_bit_for_bit(found):
    named = {f"a{i}": one for i, one in enumerate(found)}
    value, back = unpacked(packed({"x": 1}, **named))
    assert value == {"x": 1}
    assert list(back) == list(named)
    for name, one in named.items():
        assert back[name].dtype == one.dtype
        assert back[name].shape == one.shape
        assert back[name].tobytes() == one.tobytes()


def test_arrays_lie_where_a_page_can_view_them_without_a_copy():
    content = packed(None, odd=np.zeros(3, np.uint8), numbers=np.ones(2, np.float32))
    length = int.from_bytes(content[4:8], "little")
    assert length % 8 == 0
    table = json.loads(content[8 : 8 + length])["arrays"]
    assert [one["offset"] % 8 for one in table] == [0, 0]


def test_numbers_that_json_has_not_become_null():
    record = Interval(float("nan"), float("inf"), np.float64(0.5), "m")
    assert plain(record) == {"value": None, "low": None, "high": 0.5, "method": "m"}


@pytest.mark.parametrize(
    "content", [b"", b"SLP1", b"SLP2" + b"\0" * 20, packed(None, a=np.ones(9, np.float32))[:-8]]
)
def test_what_is_no_packet_is_refused(content):
    with pytest.raises(DataError, match="no packet"):
        unpacked(content)
