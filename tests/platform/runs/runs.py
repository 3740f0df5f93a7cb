# SPDX-License-Identifier: Apache-2.0
"""Runs the program as a user does and looks at what it leaves behind: runs.py DRYDOCK SOURCE CASE."""
import filecmp
import json
import os
import pathlib
import subprocess
import sys
import tempfile

DRYDOCK, SOURCE, CASE = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
SCENARIO = "platform/scenarios/flr_under_unmap.yaml"


def drydock(*arguments, code=0):
    done = subprocess.run([DRYDOCK, *arguments], cwd=SOURCE, capture_output=True, text=True, check=False,
                          env={**os.environ, "SYSTEMC_DISABLE_COPYRIGHT_MESSAGE": "1"})
    assert done.returncode == code, f"exit {done.returncode}, wanted {code}: {done.stderr}\n{done.stdout}"
    return done


def summary(folder):
    return json.loads((folder / "summary.json").read_text())


def same_files(a, b):
    names = sorted(p.relative_to(a) for p in a.rglob("*") if p.is_file())
    assert names == sorted(p.relative_to(b) for p in b.rglob("*") if p.is_file()), "other files"
    _, different, errors = filecmp.cmpfiles(a, b, [str(n) for n in names], shallow=False)
    assert not different and not errors, f"differ: {different} {errors}"


def default_scenario(tmp):
    """What the walk-through of the default scenario says."""
    drydock("run", SCENARIO, "--out", str(tmp / "a"))
    runs = {r["name"]: r for r in summary(tmp / "a")["runs"]}
    none, m2 = runs["none"], runs["M2"]
    assert none["verdict"] == m2["verdict"] == "as_expected"
    assert none["outcome"] == "violations" and m2["outcome"] == "clean"
    fired = {(v["monitor"], v["device"]) for v in none["violations"]}
    assert {("invalidate_in_reset", "ep0"), ("innocent_harmed", "nic")} <= fired, fired
    assert not any(v["monitor"] in ("stale_access", "blocked_dma") for v in none["violations"])
    timeouts = none["latency"]["invalidation"]["timeouts"]
    assert 5 <= timeouts <= 10, timeouts
    assert m2["latency"]["invalidation"]["timeouts"] == 0
    for client in ("sva0", "net"):
        assert none["clients"][client]["unmap"]["done"] < m2["clients"][client]["unmap"]["done"] / 3
        assert none["clients"][client]["unmap"]["longest_ps"] > 16_000_000_000
        assert m2["clients"][client]["unmap"]["longest_ps"] < 50_000_000
    assert m2["clients"]["sva0"]["unmap"]["none"] > 15_000  # unmaps during the reset only clear the PTE
    for cpu in (0, 1):
        assert 100e9 < none["cpus"][cpu]["irqs_off_total_ps"] < 140e9
    for run in (none, m2):
        stages = run["latency"]["invalidation"]["stages"]
        assert stages["drain"]["max_ps"] > 0, "no drain was ever needed"
    assert m2["gaps"], "the known gap of done() before restore is listed"
    assert (tmp / "a" / "M2" / "events.jsonl").stat().st_size < 20_000_000


def repeatable(tmp):
    """One seed, byte-identical outputs, whatever the jobs."""
    drydock("run", SCENARIO, "--waves=20ms..22ms", "--jobs", "1", "--out", str(tmp / "a"))
    drydock("run", SCENARIO, "--waves=20ms..22ms", "--jobs", "2", "--out", str(tmp / "b"))
    same_files(tmp / "a", tmp / "b")


def sinks_change_nothing(tmp):
    m2 = ["-c", "software.reset.variant=M2"]
    drydock("run", SCENARIO, *m2, "--events=off", "--out", str(tmp / "a"))
    drydock("run", SCENARIO, *m2, "--events=life", "--waves", "--out", str(tmp / "b"))
    assert summary(tmp / "a")["runs"] == summary(tmp / "b")["runs"]


def other_seeds(tmp):
    drydock("run", SCENARIO, "--seeds", "2..3", "--events=off", "--out", str(tmp / "a"))
    runs = summary(tmp / "a")["runs"]
    assert len(runs) == 4 and all(r["verdict"] == "as_expected" for r in runs)


def bad_input(tmp):
    bad = tmp / "bad.yaml"
    bad.write_text((SOURCE / SCENARIO).read_text().replace("cpus: 4", "cpuz: 4"))
    done = drydock("run", str(bad), "--out", str(tmp / "a"), code=2)
    assert f"{bad}:" in done.stderr and "cpus" in done.stderr, done.stderr
    assert not (tmp / "a").exists()
    drydock("run", SCENARIO, "-c", "machine.parameters.smmu.tlb_hitt=5ns", "--out", str(tmp / "a"), code=2)
    assert not (tmp / "a").exists()


def interrupted(tmp):
    """kill -TERM in the middle: files are closed and whole."""
    child = subprocess.Popen([DRYDOCK, "run", "platform/scenarios/flr_under_unmap_60s.yaml", "--waves",
                              "--out", str(tmp / "a")], cwd=SOURCE, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    try:
        child.wait(3)
    except subprocess.TimeoutExpired:
        child.terminate()
    assert child.wait(60) == 1
    for run in summary(tmp / "a")["runs"]:
        waves = tmp / "a" / run["name"] / "waves.fst"
        assert waves.read_bytes()[:1] == b"\0", "no FST header block"
        for line in (tmp / "a" / run["name"] / "events.jsonl").read_text().splitlines():
            json.loads(line)


with tempfile.TemporaryDirectory() as folder:
    globals()[CASE](pathlib.Path(folder))
