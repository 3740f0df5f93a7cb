# SPDX-License-Identifier: Apache-2.0
"""Checks every #include of the project against the layers (docs/architecture.md). Prints each breach with its
place; exit 1 if there is one. `--selftest` shows that each rule can fail."""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
SYSTEMC = re.compile(r"^(systemc|tlm|sysc/|tlm_utils/|tlm_core/)")

# Longest prefix of the including file decides; the list says which project folders it may include.
ALLOWED = {
    "tlm/base": ["tlm/base"],
    "tlm/pcie": ["tlm/base", "tlm/pcie"],
    "tlm/smmu": ["tlm/base", "tlm/pcie", "tlm/smmu"],
    "tlm/endpoint": ["tlm/base", "tlm/pcie", "tlm/endpoint"],
    "tlm/root_complex": ["tlm/base", "tlm/pcie", "tlm/root_complex"],
    "tlm/system": ["tlm/base", "tlm/pcie", "tlm/system"],
    "rtl/adapter": ["tlm/base", "tlm/pcie", "tlm/endpoint", "tlm/smmu", "tlm/root_complex", "rtl"],
    "sw": ["sw"],
    "waves": ["tlm/base", "waves"],
    "platform": ["tlm", "rtl", "sw", "waves", "platform"],
    "tests": ["tlm", "rtl", "sw", "waves", "platform", "tests"],
}
ALLOWED_FROM_RTL_IN_TLM = re.compile(r"_(if|trace)\.h$")
FREE = re.compile(r"^tlm/base/(time|ids|choice)\.h$|_if\.h$")


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1], match[2]


def layer_of(name):
    best = [prefix for prefix in ALLOWED if name == prefix or name.startswith(prefix + "/")]
    return max(best, key=len, default=None)


def check_file(root, name):
    found = []
    layer = layer_of(name)
    if layer is None:
        return [f"{name}: belongs to no layer"]
    for number, kind, target in includes(root / name):
        place = f"{name}:{number}"
        if layer == "sw" and (SYSTEMC.match(target) or
                                (target.startswith("linux/") and target != "linux/pci_regs.h")):
            found.append(f"{place}: sw/ includes <{target}>; it may see sw/hal only")
        if kind == '"' and "/" in target and not any(target.startswith(a + "/") for a in ALLOWED[layer]):
            found.append(f"{place}: {layer} may not include {target}")
        if kind == '"' and "/" not in target:
            found.append(f"{place}: write the path from the top: {target}")
        if layer == "rtl/adapter" and re.match(r"tlm/(smmu|endpoint|root_complex)/", target) \
                and not ALLOWED_FROM_RTL_IN_TLM.search(target):
            found.append(f"{place}: adapters see twin interfaces (*_if.h) and what twins tell (*_trace.h) only, not {target}")
    return found


def reaches_systemc(root, name, seen):
    """The chain of includes by which `name` reaches SystemC, or None."""
    if name in seen or not (root / name).is_file():
        return None
    seen.add(name)
    for _, kind, target in includes(root / name):
        if kind == "<" and SYSTEMC.match(target):
            return [name, target]
        if kind == '"':
            chain = reaches_systemc(root, target, seen)
            if chain:
                return [name, *chain]
    return None


def check(root):
    names = [str(p.relative_to(root)) for top in ("tlm", "rtl", "sw", "platform", "waves", "tests")
             for pattern in ("*.h", "*.cpp") for p in sorted((root / top).rglob(pattern))]
    found = [breach for name in names for breach in check_file(root, name)]
    for name in names:
        chain = reaches_systemc(root, name, set()) if FREE.search(name) else None
        if chain:
            found.append(f"{name}: must be free of SystemC but reaches it: {' -> '.join(chain)}")
    return names, found


def selftest():
    import tempfile
    cases = {
        "sw/x.cpp": ('#include "tlm/base/time.h"\n', "sw may not include"),
        "sw/y.cpp": ("#include <systemc>\n", "sw/hal only"),
        "tlm/smmu/x.cpp": ('#include "tlm/endpoint/atc_if.h"\n', "tlm/smmu may not include"),
        "tlm/base/time.h": ('#include "tlm/base/deep.h"\n', "must be free of SystemC"),
        "tlm/base/deep.h": ("#include <tlm>\n", None),
        "waves/x.cpp": ('#include "platform/main.h"\n', "waves may not include"),
        "rtl/adapter/x.cpp": ('#include "tlm/endpoint/atc.h"\n', "twin interfaces"),
        "tlm/pcie/x.cpp": ('#include "link.h"\n', "path from the top"),
    }
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, (text, _) in cases.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        _, found = check(root)
    for name, (_, wanted) in cases.items():
        hits = [f for f in found if f.startswith(name)]
        if (wanted is None) != (not hits) or (wanted and not any(wanted in h for h in hits)):
            print(f"selftest: {name}: wanted {wanted!r}, got {hits}")
            return 1
    return 0


if "--selftest" in sys.argv[1:]:
    sys.exit(selftest())
checked, breaches = check(pathlib.Path(sys.argv[1]))
print("\n".join(breaches) if breaches else f"{len(checked)} files keep the layers")
sys.exit(1 if breaches else 0)
