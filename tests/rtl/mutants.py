# SPDX-License-Identifier: Apache-2.0
"""Breaks a block once for each of its assertions.

mutants.py BLOCK.sv ASSERTIONS.svh MUTANTS.txt OUT.sv OUT.h

MUTANTS.txt: for each assertion `== a_name`, then lines of BLOCK.sv as they are (`- text`) and as they become
(`+ text`). OUT.sv has a module BLOCK_mutants with the ports of BLOCK and an input mutant_i: 0 is the block as it is,
n the n-th mutant, the others stay in reset. OUT.h lists their assertions. An assertion without a mutant, or a line
that BLOCK.sv does not have exactly once, ends the script."""
import pathlib
import re
import sys

PORT = re.compile(r"^\s*(input|output)\s+(\w+)\s*(\[[^\]]*\])?\s*(\w+)\s*(\[\w+\])?\s*(?:,|$|//)")


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


def mutate(block, name, changes):
    for old, new in changes:
        if block.count(old) != 1:
            sys.exit(f"{name}: the block has {block.count(old)} times: {old}")
        block = block.replace(old, new)
    return block


def split(block):
    """Its name, what stands before the ports, their declarations."""
    name = re.search(r"^module (\w+)", block, re.M)[1]
    start = block.index(f"module {name}")
    ports = block.index(") (", start) + 3
    end = block.index("\n);", ports)
    return name, block[start:ports], block[ports:end]


def instance(module, at, ports, parameters):
    def wire(direction, port):
        if port == "rst_ni":
            return f"rst_ni && mutant_i == {at}"
        return port if direction == "input" else f"{port}_of[{at}]"

    pins = ",\n".join(f"    .{p[3]}({wire(p[0], p[3])})" for p in ports)
    values = ", ".join(f".{p}({p})" for p in parameters)
    return f"  {module} #({values}) {module}_i (\n{pins}\n  );\n"


def main(block_file, assertions_file, mutants_file, out, header):
    block = pathlib.Path(block_file).read_text()
    labels = re.findall(r"^\s*(a_\w+):", pathlib.Path(assertions_file).read_text(), re.M)
    mutants = read_mutants(pathlib.Path(mutants_file).read_text())
    if missing := set(labels) ^ {name for name, _ in mutants}:
        sys.exit("assertions and mutants differ: " + ", ".join(sorted(missing)))
    name, head, declarations = split(block)
    ports = [m.groups() for m in map(PORT.match, declarations.splitlines()) if m]
    parameters = re.findall(r"parameter int unsigned (\w+)", head)
    count = len(mutants) + 1
    text = ["// Made by mutants.py.", "// verilator lint_off WIDTH"]
    for n in range(count):
        changed = block if n == 0 else mutate(block, *mutants[n - 1])
        text.append(re.sub(rf"^module {name}\b", f"module {name}_{n}", changed, flags=re.M))
    text.append(head.replace(f"module {name}", f"module {name}_mutants"))
    text.append(f"    input logic [7:0] mutant_i,{declarations}\n);")
    for direction, kind, width, port, unpacked in ports:
        if direction == "output":
            text.append(f"  {kind} {width or ''} {port}_of[{count}]{unpacked or ''};")
            text.append(f"  assign {port} = {port}_of[mutant_i];")
    text += [instance(f"{name}_{n}", n, ports, parameters) for n in range(count)]
    text.append("endmodule\n")
    pathlib.Path(out).write_text("\n".join(text))
    names = "".join(f'    "{name}",\n' for name, _ in mutants)
    pathlib.Path(header).write_text(f"inline constexpr const char* {name}_mutants[] = {{\n{names}}};\n")


main(*sys.argv[1:])
