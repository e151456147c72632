"""Fail unless the wheel holds the whole package and nothing else."""

import sys
import zipfile
from pathlib import Path

wheel, package = Path(sys.argv[1]), Path("src/sightline")
with zipfile.ZipFile(wheel) as file:
    held = {name for name in file.namelist() if ".dist-info/" not in name}
wanted = {
    str(path.relative_to("src"))
    for path in package.rglob("*")
    if path.is_file()
    and not {"__pycache__", "__marimo__"} & set(path.parts)
    and path.suffix not in (".pyc", ".c", ".part")
}
missing, extra = wanted - held, held - wanted
if missing or extra:
    sys.exit(f"the wheel lacks {sorted(missing)} and has {sorted(extra)} too many")
if wheel.stat().st_size > 2_000_000:
    sys.exit(f"the wheel is {wheel.stat().st_size:,} bytes: something has crept in")
print(f"{wheel.name}: {len(held)} files, {wheel.stat().st_size:,} bytes")
