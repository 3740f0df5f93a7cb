# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy on what changed of the product's sources (tests are left to the compiler): a source is skipped while the hash over itself, the project headers it
includes (transitively) and .clang-tidy is one that passed before."""
import concurrent.futures
import hashlib
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path.cwd()
BUILD = ROOT / "build/release"
PASSED = BUILD / "lint"
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def reach(path, seen):
    """All project files that `path` includes, itself first."""
    if path in seen or not path.is_file():
        return
    seen[path] = path.read_bytes()
    for name in INCLUDE.findall(seen[path].decode()):
        reach(ROOT / name, seen)


def digest(source, config):
    seen = {}
    reach(source, seen)
    h = hashlib.sha256(config)
    for path in sorted(seen):
        h.update(str(path.relative_to(ROOT)).encode() + b"\0" + seen[path])
    return h.hexdigest()


def tidy(source):
    done = subprocess.run(["clang-tidy-14", "--quiet", "-p", str(BUILD), "--extra-arg=-w",
                           str(source)],
                          capture_output=True, text=True, check=False)
    return source, done.returncode, done.stdout


def main():
    PASSED.mkdir(parents=True, exist_ok=True)
    if "--all" in sys.argv[1:]:
        for old in PASSED.iterdir():
            old.unlink()
    config = (ROOT / ".clang-tidy").read_bytes()
    database = json.loads((BUILD / "compile_commands.json").read_text())
    sources = sorted({pathlib.Path(entry["file"]) for entry in database})
    sources = [s for s in sources if s.is_relative_to(ROOT) and s.suffix == ".cpp"
               and s.relative_to(ROOT).parts[0] not in ("build", "tests")]
    marks = {s: PASSED / digest(s, config) for s in sources}
    new = [s for s in sources if not marks[s].exists()]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as workers:
        for source, code, text in workers.map(tidy, new):
            if code == 0:
                marks[source].touch()
            else:
                failed += 1
                print(text, file=sys.stderr)
    print(f"lint: {len(new)} of {len(sources)} sources checked, {failed} with findings", file=sys.stderr)
    return 1 if failed else 0


sys.exit(main())
