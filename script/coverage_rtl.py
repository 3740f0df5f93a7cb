# SPDX-License-Identifier: Apache-2.0
"""Prints the share of lines that ran, per file of rtl/, from the lcov file of verilator_coverage. A block is its file
and those named like it (atc.sv, atc_uses.sv); exit 1 if one has less than 95 %."""
import collections
import pathlib
import re
import sys

LEAST = 95.0
BLOCKS = ("atc", "invalidation_tracker", "dpc_containment")

lines = collections.defaultdict(dict)
file = None
for text in pathlib.Path(sys.argv[1]).read_text().splitlines():
    if text.startswith("SF:"):
        file = pathlib.Path(text[3:])
    elif match := re.match(r"DA:(\d+),(\d+)", text):
        known = lines[file]
        known[int(match[1])] = max(known.get(int(match[1]), 0), int(match[2]))

total = collections.Counter()
for path in sorted(lines):
    if path.parent.name != "rtl" or path.suffix != ".sv":
        continue  # assertions and mutants
    ran = sum(count > 0 for count in lines[path].values())
    never = [str(n) for n, count in sorted(lines[path].items()) if count == 0]
    print(f"{path.name:32} {ran:4} of {len(lines[path]):4} {100 * ran / len(lines[path]):6.1f} %"
          + (f"  never: {', '.join(never)}" if never else ""))
    for block in BLOCKS:
        if path.stem == block or path.stem.startswith(block + "_"):
            total[block, "ran"] += ran
            total[block, "all"] += len(lines[path])
poor = False
for block in BLOCKS:
    share = 100 * total[block, "ran"] / max(1, total[block, "all"])
    poor = poor or share < LEAST
    print(f"{block:32} {share:6.1f} %, at least {LEAST:.0f} %")
sys.exit(1 if poor else 0)
