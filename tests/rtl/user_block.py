# SPDX-License-Identifier: Apache-2.0
"""An ATC of the user's own: built by script/rtl-build, loaded by the program, refused where it cannot be used.
user_block.py DRYDOCK SOURCE."""
import json
import pathlib
import subprocess
import sys
import tempfile

DRYDOCK, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
EXAMPLE = SOURCE / "tests/rtl/example_atc.sv"
SCENARIO = "platform/scenarios/flr_under_unmap.yaml"


def run(*command, code=0):
    done = subprocess.run([str(c) for c in command], cwd=SOURCE, capture_output=True, text=True, check=False)
    assert done.returncode == code, f"exit {done.returncode}, wanted {code}: {done.stderr}\n{done.stdout}"
    return done.stdout + done.stderr


def refused(tmp, old, new, says):
    text = EXAMPLE.read_text()
    assert old in text, f"'{old}' is not in the example"
    file = tmp / "example_atc.sv"
    file.write_text(text.replace(old, new, 1))
    said = run(SOURCE / "script/rtl-build", file, code=1)
    assert says in said, said


def main(tmp):
    refused(tmp, "    input  page_t               lookup_page_i,\n", "    input  logic [35:0] lookup_page_i,\n",
            "port lookup_page_i is an input of 36 bits; expected an input of 52 bits")
    refused(tmp, "    output logic busy_o", "    output logic works_o", "port busy_o is missing; expected an output of 1 bits")
    block = tmp / "example_atc.so"
    run(SOURCE / "script/rtl-build", EXAMPLE, "-o", block)
    run(DRYDOCK, "run", SCENARIO, "-c", f"fidelity.atc=rtl:{block}", "--out", tmp / "out")
    for r in json.loads((tmp / "out/summary.json").read_text())["runs"]:
        assert r["verdict"] == "as_expected", r["name"]
    said = run(DRYDOCK, "run", SCENARIO, "-c", "fidelity.atc=rtl:./none.so", "--out", tmp / "none", code=2)
    assert "fidelity.atc" in said and "expected a shared object that script/rtl-build has made" in said, said


with tempfile.TemporaryDirectory() as folder:
    main(pathlib.Path(folder))
