# SPDX-License-Identifier: Apache-2.0
"""`drydock accuracy` as a user runs it. accuracy.py DRYDOCK SOURCE CASE."""
import json
import subprocess
import sys
import tempfile

DRYDOCK, SOURCE, CASE = sys.argv[1:4]
MACHINE = ("--scenario", "platform/scenarios/itag_starvation.yaml", "-c", "machine.smmu.itags=1", "-c", "end.when=1ms")


def accuracy(*options, code=0, cwd=SOURCE):
    done = subprocess.run([DRYDOCK, "accuracy", *options], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done


def whole_machine():
    told = json.loads(accuracy(*MACHINE, "--json").stdout)
    devices = told["machines"][0]["devices"]
    assert {d["device"] for d in devices} == {f"d{n}" for n in range(8)}
    for d in devices:
        assert d["rtl"]["completed"] == d["tlm"]["completed"] > 10 and d["rtl"]["p50_ns"] > 500, d
        assert d["compared"] == d["rtl"]["completed"] and d["p99_difference"]["cycles"] == 0, d
    assert told["missed"] == [] and told["patterns"] == []
    assert told["machines"][0]["seconds"]["rtl"] > 0
    # Models that are slower than the blocks they stand for: said of whom, by how much, where first.
    times = [f"d0.atc.{time}_cycles=60" for time in ("probe", "invalidate", "completion")]
    slower = [o for t in (*times, "smmu.tracker.match_cycles=64") for o in ("-c", f"machine.parameters.{t}")]
    told = json.loads(accuracy(*MACHINE, *slower, "--json", code=1).stdout)
    d0 = next(d for d in told["machines"][0]["devices"] if (d["device"], d["what"]) == ("d0", "invalidation"))
    assert d0["differ"] > 20 and "atc_process (1.000 ns in rtl, 120.000 in tlm)" in d0["first_difference"], d0
    assert d0["p50_difference"]["ns"] == d0["p50_difference"]["cycles"] > 100, d0
    assert any("invalidation of d0" in m for m in told["missed"]), told["missed"]


def anywhere():
    with tempfile.TemporaryDirectory() as empty:
        accuracy(*MACHINE, cwd=empty)


def calibration():
    told = json.loads(accuracy("--calibrate", "--json").stdout)["calibration"]
    assert [t["parameter"] for t in told if t["agrees"]] == [t["parameter"] for t in told] and len(told) == 10
    wrong = accuracy("--calibrate", "-c", "atc.lookup_cycles=3", code=1).stdout
    assert "1 of 10 times of the models differ" in wrong, wrong
    row = next(line for line in wrong.splitlines() if "lookup" in line)
    assert row.split()[1:3] == ["2.000", "3"] and row.endswith("DIFFERS"), row
    # Where such a time comes from stands beside it.
    params = subprocess.run([DRYDOCK, "params", "platform/scenarios/dpc_under_unmap.yaml", "-c",
                             "machine.parameters.nic.atc.fill_cycles=3"],
                            cwd=SOURCE, capture_output=True, text=True, check=True).stdout
    line = {row.split()[0]: row for row in params.splitlines() if row.split()}
    assert "measured from rtl/atc.sv, pattern set A" in line["ep0.atc.fill_cycles"], line
    assert "measured" not in line["nic.atc.fill_cycles"] and "command line" in line["nic.atc.fill_cycles"]
    for name, block in (("smmu.tracker.match_cycles", "invalidation_tracker"), ("rc.rp0.dpc.trigger_cycles",
                                                                                "dpc_containment")):
        assert f"measured from rtl/{block}.sv, pattern set A" in line[name], line[name]


def jobs_change_nothing():
    def told(jobs):
        j = json.loads(accuracy("--pattern", "idle", "--jobs", jobs, "--json").stdout)
        assert j.pop("speed")["calls"] > 0
        for loop in ("open_loop", "closed_loop"):
            assert j["patterns"][0][loop].pop("seconds")["rtl"] > 0  # of wall time
        return j
    assert told("1") == told("4")


def refused():
    for options, words in (
            (("--pattern", "globl"), ("--pattern globl", "did you mean 'global'", "dpc_busy")),
            (("--pattern", ""), ("--pattern", "no value")),
            (("--scenario", "nowhere.yaml"), ("cannot read 'nowhere.yaml'",)),
            (("--scenario", "platform/scenarios/itag_starvation.yaml", "-c", "machine.smmu.itags=0"), ("itags",)),
            (("--scenario", "platform/scenarios/itag_starvation.yaml", "-c",
              "machine.ports.rp0.switch.dsp0.device.atc.entries=256"), ("no Verilated ATC has 256 entries",)),
            (("--scenario", "platform/scenarios/itag_starvation.yaml", "--pattern", "idle"), ("excludes",)),
            (("-m", "a=b"), ("--matrix requires --scenario",)),
            (("-c", "atc.probe_cycle=2"), ("did you mean 'atc.probe_cycles'",)),
            (("-c", "atc.probe_cycles=0"), ("expected 1..64",)),
            (("-c", "atc.probe_cycles"), ("expected 1..64",)),
            (("--calibrate", "--pattern", "idle"), ("excludes",)),
            (("--jobs", "0"), ("--jobs",))):
        done = accuracy(*options, code=2)
        assert not done.stdout and all(w in done.stderr for w in words), (options, done.stderr)


globals()[CASE]()
