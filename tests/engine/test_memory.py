"""What threads have freed goes back to the system."""

import platform
import subprocess
import sys

import pytest

CODE = """
import os, sys, threading
from sightline.engine.memory import give_memory_back, keep_few_heaps

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

del (large := [bytearray(30 << 20)])[:]  # after which the C library keeps more of what is freed
if sys.argv[1] == "few":
    keep_few_heaps()
all_there = threading.Barrier(10)

def work():
    held = [bytes(100_000) for _ in range(200)]
    all_there.wait()
    held.clear()
    all_there.wait()

before = resident()
threads = [threading.Thread(target=work) for _ in range(10)]
for one in threads:
    one.start()
for one in threads:
    one.join()
give_memory_back()
print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a habit of glibc's")
def test_a_server_does_not_grow_with_its_threads():
    grown = {}
    for heaps in ("few", "many"):
        command = [sys.executable, "-c", CODE, heaps]
        grown[heaps] = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert grown["few"] < 30, "of 200 MB"
    assert grown["few"] < 0.7 * grown["many"]
