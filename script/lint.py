# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy on what changed of the product's sources (tests are left to the compiler): a source is skipped while
the hash over itself, the project headers it includes (transitively) and .clang-tidy is one that passed before.

Most of clang-tidy's time goes into headers, so sources of one folder are read together, as one translation unit.
Those whose private names collide are told apart by halves."""
import concurrent.futures
import hashlib
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

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


def flags(entry):
    """What decides how a source is read: macros, folders of headers, language."""
    words = shlex.split(entry["command"])
    return tuple(word for before, word in zip(words, words[1:])
                 if word.startswith(("-I", "-D", "-std", "-isystem")) or before == "-isystem")


def tidy(sources, words):
    """Sources that passed, and what is to be said of the others.

    Generated headers lie below folders with a point in their names: they are not looked at.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".cpp", dir=PASSED) as together:
        together.write("".join(f'#include "{source}"\n' for source in sources))
        together.flush()
        alone = len(sources) == 1
        done = subprocess.run(["clang-tidy-14", "--quiet", f"--config-file={ROOT / '.clang-tidy'}",
                               "--header-filter=/(tlm|rtl|sw|platform|waves)/[^. ]*[.](h|cpp)$",
                               str(sources[0]) if alone else together.name, "--", *words, "-w"],
                              capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return sources, ""
    if alone:
        return [], done.stdout or done.stderr
    half = len(sources) // 2
    first, second = tidy(sources[:half], words), tidy(sources[half:], words)
    return first[0] + second[0], first[1] + second[1]


def groups(sources, database):
    """At most 12 neighbours that are compiled alike."""
    alike = {}
    for source in sources:
        alike.setdefault((source.parent, database[source]), []).append(source)
    for (_, words), members in alike.items():
        for first in range(0, len(members), 12):
            yield members[first:first + 12], words


def main():
    PASSED.mkdir(parents=True, exist_ok=True)
    if "--all" in sys.argv[1:]:
        for old in PASSED.iterdir():
            old.unlink()
    config = (ROOT / ".clang-tidy").read_bytes()
    database = {pathlib.Path(entry["file"]): flags(entry)
                for entry in json.loads((BUILD / "compile_commands.json").read_text())}
    sources = sorted(s for s in database if s.is_relative_to(ROOT) and s.suffix == ".cpp"
                     and s.relative_to(ROOT).parts[0] not in ("build", "tests"))
    marks = {s: PASSED / digest(s, config) for s in sources}
    new = [s for s in sources if not marks[s].exists()]
    passed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as workers:
        for good, text in workers.map(lambda group: tidy(*group), groups(new, database)):
            passed += len(good)
            for source in good:
                marks[source].touch()
            if text:
                print(text, file=sys.stderr)
    failed = len(new) - passed
    print(f"lint: {len(new)} of {len(sources)} sources checked, {failed} with findings", file=sys.stderr)
    return 1 if failed else 0


sys.exit(main())
