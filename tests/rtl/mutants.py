# SPDX-License-Identifier: Apache-2.0
"""Breaks a block once for each of its assertions.

mutants.py TOP MUTANTS.txt OUT FILE..

MUTANTS.txt has for each assertion `== a_name`, then what is changed: `- text` that the block's files have exactly once
and what it becomes, `+ text`. What is changed is an expression; `{{expression}}` marks it where the text has more.
OUT.sv has the files with an input mutant_i at TOP: 0 is the block as it is, n the n-th mutant. OUT.h lists the
assertions that have a mutant, and the assumptions, which are for whoever drives the block to break. An assertion
without mutant, or a text that the files do not have exactly once, ends the script."""
import pathlib
import re
import sys


def read_mutants(text):
    mutants = []
    for line in text.splitlines():
        if line.startswith("== "):
            mutants.append((line[3:].strip(), []))
        elif line.startswith("- "):
            mutants[-1][1].append([line[2:].strip(), ""])
        elif line.startswith("+ "):
            mutants[-1][1][-1][1] = line[2:].strip()
    return mutants


def edits(files, top, n, name, changes):
    """Where the n-th mutant changes which file: (file, begin, end, text)."""
    for old, new in changes:
        marked = re.fullmatch(r"(.*)\{\{(.*)\}\}(.*)", old)
        before, what, after = marked.groups() if marked else ("", old, "")
        has = [f for f, text in files.items() for _ in range(text.count(before + what + after))]
        if len(has) != 1:
            sys.exit(f"{name}: the block has {len(has)} times: {before + what + after}")
        begin = files[has[0]].index(before + what + after) + len(before)
        yield has[0], begin, begin + len(what), f"{top}.mutant_i == {n} ? ({new})"


def mutated(text, changes):
    """One expression may be changed by several mutants; they do not overlap otherwise."""
    by_place = {}
    for begin, end, choice in changes:
        by_place.setdefault((begin, end), []).append(choice)
    limit = len(text)
    for (begin, end), choices in sorted(by_place.items(), reverse=True):
        if end > limit:
            sys.exit(f"changed by two mutants, once as a part of more: {text[begin:end]}")
        limit = begin
        text = text[:begin] + "(" + " : ".join([*choices, f"({text[begin:end]})"]) + ")" + text[end:]
    return text


def labels(text, kind):
    return re.findall(rf"^\s*(a_\w+):\s*{kind} property", text, re.M)


def listed(block, what, names):
    text = "".join(f'    "{name}",\n' for name in names)
    return f"inline constexpr std::array<const char*, {len(names)}> {block}_{what}{{\n{text}}};\n"


def main(top, mutants_file, out, *inputs):
    files = {f: pathlib.Path(f).read_text() for f in inputs}
    mutants = read_mutants(pathlib.Path(mutants_file).read_text())
    asserted = [label for text in files.values() for label in labels(text, "assert")]
    assumed = [label for text in files.values() for label in labels(text, "assume")]
    if differ := set(asserted) ^ {name for name, _ in mutants}:
        sys.exit("assertions and mutants differ: " + ", ".join(sorted(differ)))
    blocks = {f: text for f, text in files.items() if f.endswith(".sv")}
    changes = {f: [] for f in blocks}
    for n, (name, wanted) in enumerate(mutants, 1):
        for file, *edit in edits(blocks, top, n, name, wanted):
            changes[file].append(edit)
    text = "\n".join(mutated(blocks[f], changes[f]) for f in blocks)
    text = re.sub(rf"^(module {top}\b.*?^\) \()", r"\1\n    input logic [7:0] mutant_i,", text, count=1,
                  flags=re.M | re.S)
    pathlib.Path(out + ".sv").write_text("// Made by mutants.py.\n// verilator lint_off WIDTH\n" + text)
    pathlib.Path(out + ".h").write_text("#include <array>\n" + listed(top, "mutants", [name for name, _ in mutants]) +
                                        (listed(top, "assumptions", assumed) if assumed else ""))


main(*sys.argv[1:])
