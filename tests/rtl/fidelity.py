# SPDX-License-Identifier: Apache-2.0
"""The default scenario with all blocks as RTL and in lockstep: the same verdicts, and twins that answer like the blocks.
fidelity.py DRYDOCK SOURCE."""
import json
import pathlib
import subprocess
import sys
import tempfile

DRYDOCK, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
SCENARIO = "platform/scenarios/flr_under_unmap.yaml"


def runs(tmp, fidelity):
    out = tmp / fidelity
    blocks = [o for block in ("atc", "invalidation_tracker", "dpc") for o in ("-c", f"fidelity.{block}={fidelity}")]
    done = subprocess.run([DRYDOCK, "run", SCENARIO, *blocks, "--jobs", "2", "--out", str(out)], cwd=SOURCE,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {r["name"]: r for r in json.loads((out / "summary.json").read_text())["runs"]}


def refused(*changes, says):
    done = subprocess.run([DRYDOCK, "run", SCENARIO, *changes], cwd=SOURCE, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and says in done.stderr, done.stdout + done.stderr


def main(tmp):
    tlm, rtl, lockstep = (runs(tmp, f) for f in ("tlm", "rtl", "lockstep"))
    for name, r in tlm.items():
        for other in (rtl[name], lockstep[name]):
            assert (r["verdict"], r["outcome"]) == (other["verdict"], other["outcome"]), name
            timeouts = [x["latency"]["invalidation"]["timeouts"] for x in (r, other)]
            assert timeouts[0] == timeouts[1], timeouts
        assert "lockstep" not in r
        compared = lockstep[name]["lockstep"]
        assert compared, "nothing was compared"
        for instance, c in compared.items():
            assert c["compared"] > 1000 and c["differences"] == 0 and c.get("order", 0) == 0, (instance, c)
            assert c["largest_ps"] <= 4000, (instance, c)
    refused("-c", "fidelity.atc=rtl", "-c", "machine.ports.rp0.device.atc.entries=256",
            says="no Verilated ATC has 256 entries")
    refused("-c", "fidelity.atc=rlt", says="expected tlm, rtl, lockstep")


with tempfile.TemporaryDirectory() as folder:
    main(pathlib.Path(folder))
