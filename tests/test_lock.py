"""`.ci/locked.txt` names what pyproject.toml asks for, each with a digest, and never where it came from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
FILE = ROOT / ".ci" / "locked.txt"


@pytest.fixture(scope="module")
def locked():
    if not FILE.is_file():
        pytest.skip("the file is in the repository alone, not in what is built from it")
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    found = [re.fullmatch(r"([a-z0-9-]+)==(\S+) --hash=sha256:[0-9a-f]{64}", line) for line in lines]
    assert all(found), [line for line, one in zip(lines, found, strict=True) if one is None]
    return {one[1]: one[2] for one in found}


def test_everything_that_is_asked_for_is_in_it_and_in_a_version_that_will_do(locked):
    about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = about["project"]["optional-dependencies"]
    texts = [*about["project"]["dependencies"], *about["build-system"]["requires"], *extras["dev"]]
    for extra in re.findall(r"[\w-]+", str(re.findall(r"sightline\[([^\]]*)\]", " ".join(extras["dev"])))):
        texts += extras[extra]
    asked = [one for one in map(Requirement, texts) if one.name != "sightline"]
    assert len(asked) > 30
    for one in asked:
        if one.marker is None or one.marker.evaluate({"python_version": "3.11", "sys_platform": "linux"}):
            assert one.specifier.contains(locked[canonicalize_name(one.name)]), one
