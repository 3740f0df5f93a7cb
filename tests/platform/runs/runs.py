# SPDX-License-Identifier: Apache-2.0
"""Runs the program as a user does and looks at what it leaves behind: runs.py DRYDOCK SOURCE CASE."""
import filecmp
import json
import os
import pathlib
import shlex
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


def switch_fanout(tmp):
    """A tree with switches: names, latencies and monitors work below them; one group means one domain."""
    fanout = "platform/scenarios/switch_fanout.yaml"
    drydock("run", fanout, "--waves", "--jobs", "1", "--out", str(tmp / "a"))
    drydock("run", fanout, "--waves", "--jobs", "2", "--out", str(tmp / "b"))
    same_files(tmp / "a", tmp / "b")
    runs = {r["name"]: r for r in summary(tmp / "a")["runs"]}
    none, m2 = runs["none"], runs["M2"]
    assert none["verdict"] == m2["verdict"] == "as_expected"
    assert none["outcome"] == "violations" and m2["outcome"] == "clean"
    for run in (none, m2):
        assert set(run["devices"]) == {"a", "b", "c", "nic"}
        for client in run["clients"].values():
            assert client["unmap"]["done"] > 50 and client["dma"]["errors"] == 0, client
    issued = {d: m2["devices"][d]["invalidations"]["issued"] for d in "abc"}
    assert issued["b"] == issued["c"] > issued["a"] > 100, issued  # a gets none while it is blocked
    stages = m2["latency"]["invalidation"]["stages"]
    # One switch of 120 ns on the way to a and b, two on the way to c; upwards the root complex as well.
    assert 120_000 < stages["request_flight"]["p50_ps"] < 240_000 < stages["request_flight"]["max_ps"]
    assert 280_000 < stages["completion_flight"]["p50_ps"] < 400_000 < stages["completion_flight"]["max_ps"]


def dpc_under_unmap(tmp):
    """Containment: who stalls when nobody answers for the function, and that it comes back."""
    drydock("run", "platform/scenarios/dpc_under_unmap.yaml", "--out", str(tmp / "a"))
    runs = {r["name"]: r for r in summary(tmp / "a")["runs"]}
    drop, fail_fast = runs["drop"], runs["fail_fast"]
    assert drop["outcome"] == "violations" and fail_fast["outcome"] == "clean"
    for client in ("sva0", "net"):
        stalled, served = (r["clients"][client]["unmap"] for r in (drop, fail_fast))
        assert stalled["longest_ps"] > 100 * served["longest_ps"], client
        assert stalled["missed"] > 100 and served["missed"] == 0, client
    for run in (drop, fail_fast):
        assert run["clients"]["dma0"]["dma"]["errors"] <= 8, "one burst is lost, no other"


def reset_scenarios(tmp):
    """The flows around a reset, red and green, each as its file expects."""
    for name, red, green in (("concurrent_sibling_reset", "N2", "M2"), ("nested_cxl_reset", "M1", "M2"),
                             ("dpc_recovery", "edr,drop", "edr,fail_fast"),
                             ("dpc_notice", "after_reset", "pre_reset_notification"), ("vfio_flr_rate", "none", "M2"),
                             ("surprise_removal_during_prepare", "M2,without_lock", "M2,under_lock")):
        drydock("run", f"platform/scenarios/{name}.yaml", "--out", str(tmp / name))
        runs = {r["name"]: r for r in summary(tmp / name)["runs"]}
        assert all(r["verdict"] == "as_expected" for r in runs.values()), name
        assert runs[red]["outcome"] == "violations" and runs[green]["outcome"] == "clean", name


def hazard_library(tmp):
    """Every hazard against all variants; the same cells with two jobs; one that nobody expects is told."""
    alone = drydock("hazards", "--json", "--jobs", "1")
    assert alone.stdout == drydock("hazards", "--json", "--jobs", "2").stdout
    cells = [cell for hazard in json.loads(alone.stdout)["hazards"] for cell in hazard["cells"]]
    assert len(cells) > 600 and {c["result"] for c in cells} == {"hit", "clean"}, len(cells)
    assert all(c["as_expected"] for c in cells)
    folder = tmp / "wrong"
    folder.mkdir()
    text = (SOURCE / "platform/hazards/H-01.yaml").read_text()
    (folder / "H-01.yaml").write_text(text.replace("none: any", "M2: any", 1).replace(", M2: any, M3", ", none: any, M3"))
    wrong = drydock("hazards", str(folder), code=1)
    assert "H-01 M2: clean, expected hit" in wrong.stdout, wrong.stdout


def quarantine_silent_device(tmp):
    """Who fences a device that does not answer, at whose cost, and that a reset lifts it."""
    done = drydock("run", "platform/scenarios/quarantine_silent_device.yaml", "--out", str(tmp / "a"))
    assert "off: RED, as expected" in done.stdout and "Q5: GREEN" in done.stdout, done.stdout
    runs = {r["name"]: r for r in summary(tmp / "a")["runs"]}
    stale = {name: any(v["monitor"] == "stale_access" for v in r["violations"]) for name, r in runs.items()}
    assert stale["off"] and not any(stale[q] for q in ("Q2", "Q3", "Q4", "Q5")), stale
    timeouts = {name: r["latency"]["invalidation"]["timeouts"] for name, r in runs.items()}
    assert timeouts["Q5"] == 1 < timeouts["Q2"] == timeouts["Q3"] == timeouts["Q4"] < timeouts["off"] / 3, timeouts
    longest = {name: r["clients"]["sva0"]["unmap"]["longest_ps"] for name, r in runs.items()}
    assert longest["Q5"] * 1.9 < longest["Q4"] < longest["Q5"] * 2.1, longest
    for name in ("Q2", "Q3", "Q4", "Q5"):  # ATS is back, and asked for
        assert runs[name]["clients"]["sva0"]["unmap"]["atc"] > 600, name


def pri_storm(tmp):
    """Page Requests: an overflowing queue sheds the storm, one that holds it lets the honest wait."""
    storm = "platform/scenarios/pri_storm.yaml"
    done = drydock("run", storm, "--waves", "--jobs", "1", "--out", str(tmp / "a"))
    assert "Where the time of a page request goes" in done.stdout
    drydock("run", storm, "--waves", "--jobs", "2", "--out", str(tmp / "b"))
    same_files(tmp / "a", tmp / "b")
    runs = {r["name"]: r for r in summary(tmp / "a")["runs"]}
    small, large = runs["3"], runs["12"]
    assert small["verdict"] == large["verdict"] == "as_expected"
    assert small["outcome"] == "clean" and large["outcome"] == "violations"
    for run in (small, large):
        pages = run["latency"]["page_request"]
        assert sum(s["total_ps"] for s in pages["stages"].values()) == pages["total_ps"]
        assert run["counters"]["smmu.page_requests"] == run["counters"]["sw.page_requests"]


def nested_guest(tmp):
    """A guest's device: ATS answers for both stages, or for stage 1 alone."""
    nested = "platform/scenarios/nested_guest.yaml"
    drydock("run", nested, "--jobs", "2", "--out", str(tmp / "a"))
    runs = {r["name"]: r for r in summary(tmp / "a")["runs"]}
    assert len(runs) == 4 and all(r["verdict"] == "as_expected" for r in runs.values())
    full, split = runs["full_ats,M2"]["counters"], runs["split_ats,M2"]["counters"]
    assert full["smmu.lookups"] == split["smmu.lookups"]
    assert split["smmu.tlb_hits"] > 5 * full["smmu.tlb_hits"], "Translated accesses meet stage 2"
    for wrong, reason in (("machine.parameters.smmu.s2p=false", "IDR0.S2P=0"),
                          ("machine.parameters.smmu.ns1ats=true", "IDR0.NS1ATS=1")):
        done = drydock("run", nested, "-c", wrong, "--out", str(tmp / "b"), code=2)
        assert reason in done.stderr, done.stderr
    assert not (tmp / "b").exists()


def two_smmus(tmp):
    """An invalidation is lost: who is behind the same SMMU waits, who is behind another does not."""
    two = "platform/scenarios/two_smmus.yaml"
    drydock("run", two, "--waves", "--jobs", "1", "--out", str(tmp / "a"))
    drydock("run", two, "--waves", "--jobs", "2", "--out", str(tmp / "b"))
    same_files(tmp / "a", tmp / "b")
    runs = {r["name"]: r for r in summary(tmp / "a")["runs"]}
    same, other = runs["smmu0"], runs["smmu1"]
    assert same["verdict"] == other["verdict"] == "as_expected"
    harmed = [{v["device"] for v in r["violations"] if v["monitor"] == "innocent_harmed"} for r in (same, other)]
    assert harmed == [{"bad", "innocent"}, {"bad"}], harmed
    counters = other["counters"]
    assert counters["smmu.lookups"] == counters["smmu0.lookups"] + counters["smmu1.lookups"]
    assert "smmu0.lookups" not in same["counters"], "one alone has the common names"
    names = drydock("params", two, "-c", "machine.ports.rp1.smmu=smmu1").stdout
    assert "\nsmmu0.itags " in names and "\nsmmu1.itags " in names and "\nsmmu.itags " not in names


def priq_overflow(tmp):
    """Devices that ask for more than the PRI queue holds: dropped requests come again, those within it never overflow."""
    overflow = "platform/scenarios/priq_overflow.yaml"
    drydock("run", overflow, "--waves", "--jobs", "1", "--out", str(tmp / "a"))
    drydock("run", overflow, "--waves", "--jobs", "2", "--out", str(tmp / "b"))
    same_files(tmp / "a", tmp / "b")
    runs = {r["name"]: r for r in summary(tmp / "a")["runs"]}
    within, beyond = runs["2"], runs["32"]
    assert within["verdict"] == beyond["verdict"] == "as_expected"
    for run in (within, beyond):
        c = run["counters"]
        assert c["smmu.priq_overflows"] == c["sw.priq_overflows"], "software acknowledges each"
        pages = run["latency"]["page_request"]
        assert sum(s["total_ps"] for s in pages["stages"].values()) == pages["total_ps"]
        brought_in = [p["page_faults"]["brought_in"] for p in run["clients"].values()]
        assert min(brought_in) > 500, brought_in


def itag_starvation(tmp):
    """Few ITags: invalidations go one after the other, and the report says what they waited for."""
    starved = "platform/scenarios/itag_starvation.yaml"
    done = drydock("run", starved, "--out", str(tmp / "a"))
    assert "itag_wait" in done.stdout
    runs = {r["name"]: r for r in summary(tmp / "a")["runs"]}
    assert {r["verdict"] for r in runs.values()} == {"as_expected"}
    waits = {}
    for name, run in runs.items():
        invalidation = run["latency"]["invalidation"]
        assert sum(s["total_ps"] for s in invalidation["stages"].values()) == invalidation["total_ps"]
        waits[name] = invalidation["stages"]["itag_wait"]["total_ps"] / invalidation["count"]
    assert waits["1"] > waits["4"] > waits["32"], waits
    medians = [runs[n]["latency"]["invalidation"]["p50_ps"] for n in ("1", "4", "32")]
    assert medians == sorted(medians, reverse=True), medians


def surprise_removal(tmp):
    """A device goes and comes: the same outputs each time, the clients go on with the new one."""
    removal = "platform/scenarios/surprise_removal.yaml"
    drydock("run", removal, "--jobs", "1", "--out", str(tmp / "a"))
    drydock("run", removal, "--jobs", "2", "--out", str(tmp / "b"))
    same_files(tmp / "a", tmp / "b")
    runs = {r["name"]: r for r in summary(tmp / "a")["runs"]}
    assert runs["drop"]["outcome"] == "violations" and runs["fail_fast"]["outcome"] == "clean"
    for run in runs.values():
        assert run["clients"]["sva0"]["device"] == "ep0"
        # Nothing is due while there is no device.
        assert run["clients"]["sva0"]["dma"]["due"] < run["clients"]["net"]["dma"]["due"] / 2


def switch_removal(tmp):
    """A switch goes and comes with all that is below it: the same outputs each time, services and VFs included."""
    removal = "platform/scenarios/switch_removal.yaml"
    drydock("run", removal, "--jobs", "1", "--out", str(tmp / "a"))
    drydock("run", removal, "--jobs", "2", "--out", str(tmp / "b"))
    same_files(tmp / "a", tmp / "b")
    for run in summary(tmp / "a")["runs"]:
        assert run["verdict"] == "as_expected"
        assert run["clients"]["guest"]["device"] == "net_vf1"
        # No device for 1.4 s of 2.6 s, the disk for 0.6 s more.
        assert 3000 < run["clients"]["io"]["dma"]["due"] < 4500
        assert 7000 < run["clients"]["guest"]["dma"]["due"] < 10500


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
    for wrong in ("smmu.comand=5ns", "memory.latency=5", "memory.latency=5s"):
        for command in (["check"], ["params"], ["run", "--out", str(tmp / "a")]):
            done = drydock(*command, SCENARIO, "-c", "machine.parameters." + wrong, code=2)
            assert wrong in done.stderr, done.stderr
    assert "latency" in drydock("params", SCENARIO, "-c", "machine.parameters.memory.latency=90ns").stdout
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


SMALL = """title: small
machine:
  cpus: 2
  ports:
    rp0: {device: {name: ep0, like: DEVICE, atc: {entries: 64, ways: 4}, flr_time: 1ms}}
software: {pci: {flr_wait: 1ms}}
clients:
  sva0: {kind: sva, device: ep0, pasid: 1, buffer: 64KiB, unmap: {every: 20us}}
timeline: [{when: 500us, task: R, cpu: 1, reset: {device: ep0}}]
end: {when: 1ms}
expect: {all: {violations: ">= 0"}}
"""


def commands_repeat(tmp):
    """The command in the summary gives the same run again from the same working directory."""
    (tmp / "sub").mkdir()
    description = (SOURCE / "platform/devices/generic_ats_endpoint.yaml").read_text()
    (tmp / "sub" / "mine.yaml").write_text(description)
    (tmp / "here.yaml").write_text(description)
    (tmp / "sub" / "s.yaml").write_text(SMALL.replace("DEVICE", "./mine.yaml") +
                                        "matrix: {machine.ports.rp0.device.like: [./mine.yaml, intel_dsa]}\n")

    def run(line, out):
        words = shlex.split(line)
        assert words[0] == "drydock", line
        done = subprocess.run([DRYDOCK, *words[1:], "--out", out, "--events=off"], cwd=tmp, check=False,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return summary(tmp / out)

    override = "-c 'machine.ports.rp0.device.overrides={port_type: endpoint, link: gen4 x8}'"
    for given in (f"drydock run sub/s.yaml {override} --seed 3",
                  f"drydock run sub/s.yaml -c machine.cpus=3 -c machine.cpus=2 {override} --seeds 3..4",
                  f"drydock run sub/s.yaml {override} -m machine.ports.rp0.device.like=./here.yaml,sub/mine.yaml"):
        first = run(given, "a")
        again = run(first["drydock"]["command"], "b")
        assert first == again, first["drydock"]["command"]
        for entry in first["runs"]:
            alone = run(entry["command"], "c")["runs"]
            assert len(alone) == 1, entry["command"]
            for key in ("name", "command"):
                alone[0].pop(key)
            assert alone[0] == {k: v for k, v in entry.items() if k not in ("name", "command")}, entry["command"]


def unwritable(tmp):
    """Where outputs cannot be written nothing is left, and the reason is said."""
    (tmp / "s.yaml").write_text(SMALL.replace("DEVICE", "generic_ats_endpoint"))
    (tmp / "foreign").mkdir()
    (tmp / "foreign" / "mine").write_text("keep")
    for out in ("s.yaml", "s.yaml/x", "foreign", "/proc/x", ".", "/"):
        done = subprocess.run([DRYDOCK, "run", "s.yaml", "--out", out], cwd=tmp, capture_output=True, text=True,
                              check=False)
        assert done.returncode == 2 and "--out" in done.stderr, (out, done.returncode, done.stderr)
    for junit in (".", "no/j.xml", "/proc/j.xml"):
        done = subprocess.run([DRYDOCK, "run", "s.yaml", "--out", "a", "--junit", junit], cwd=tmp,
                              capture_output=True, text=True, check=False)
        assert done.returncode == 2 and "--junit" in done.stderr, (junit, done.returncode, done.stderr)
    assert sorted(p.name for p in tmp.iterdir()) == ["foreign", "s.yaml"]
    assert (tmp / "foreign" / "mine").read_text() == "keep"


def every_counter_has_a_name(tmp):
    """What summary.json counts, expect: may speak of, as `drydock list` says."""
    scenario = tmp / "s.yaml"
    scenario.write_text(SMALL.replace("DEVICE", "generic_ats_endpoint"))
    drydock("run", str(scenario), "--out", str(tmp / "a"))
    listed = drydock("list", str(scenario)).stdout.split()
    counted = summary(tmp / "a")["runs"][0]["counters"]
    missing = [c for c in counted if f"counters.{c}" not in listed]
    assert not missing, missing
    assert sum(1 for name in listed if name.startswith("counters.")) == len(counted)


with tempfile.TemporaryDirectory() as folder:
    globals()[CASE](pathlib.Path(folder))
