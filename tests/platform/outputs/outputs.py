# SPDX-License-Identifier: Apache-2.0
"""What the files for viewers say of one run, read by independent programs: outputs.py DRYDOCK SOURCE CASE."""
import collections
import gzip
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

DRYDOCK, SOURCE, CASE = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from timeline import Timeline  # noqa: E402

# Two devices, one of them behind a switch, that unmap and are read and written.
SCENARIO = """
machine:
  cpus: 4
  irq: {gerror: {cpu: 3}}
  ports:
    rp0:
      device: {name: ep0, like: intel_dsa, overrides: {port_type: endpoint, link: gen4 x8}}
    rp1:
      device: {name: nic, like: myricom_10g}
clients:
  sva0: {kind: sva, device: ep0, pasid: 1, cpu: 0, buffer: 256KiB, dma: {burst: 4 x 256B, every: 10us}, unmap: {every: 5us}}
  net: {kind: dma_client, device: nic, cpu: 1, buffer: 256KiB, burst: 4 x 256B, every: 20us, unmap: {every: 5us}}
"""
# b7 to b12: the Invalidate Request's first byte on the link to that of the completion.
WIRE_STAGES = ["request_flight", "atc_queue", "atc_process", "drain", "completion_queue"]
EVENT_STAGES = slice(7, 12)


def drydock(tmp, timeline, *arguments, code=0):
    scenario = tmp / "scenario.yaml"
    scenario.write_text(SCENARIO + timeline)
    done = subprocess.run([DRYDOCK, "run", str(scenario), "--out", str(tmp / "out"), *arguments], cwd=SOURCE,
                          capture_output=True, text=True, check=False)
    assert done.returncode == code, f"exit {done.returncode}, wanted {code}: {done.stderr}\n{done.stdout}"
    folder = next(p for p in (tmp / "out").iterdir() if p.is_dir())
    return folder, json.loads((tmp / "out" / "summary.json").read_text())["runs"][0]


def tshark(folder, shown, *fields):
    """Rows of fields of the packets that a filter shows."""
    options = [o for f in fields for o in ("-e", f)]
    done = subprocess.run(["tshark", "-2", "-X", f"lua_script:{SOURCE / 'waves/tlp.lua'}", "-r", str(folder / "tlps.pcap"),
                           "-Y", shown, "-T", "fields", *options],
                          capture_output=True, text=True, check=True)
    assert "Lua" not in done.stderr and "rror" not in done.stderr, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def operations(folder, kind):
    """Lines of events.jsonl of one kind, by span."""
    with open(folder / "events.jsonl", encoding="utf-8") as lines:
        return {e["span"]: e for e in map(json.loads, lines) if e.get("kind") == kind}


def packets(tmp):
    """tshark's counts and times of the wire are those of the model."""
    folder, run = drydock(tmp, "end: {when: 2ms}\n", "--pcap")
    rids = {"ep0": "01:00.0", "nic": "02:00.0"}
    requests = tshark(folder, "tlp.code == 1", "tlp.target", "tlp.id", "tlp.itag", "tlp.response_in")
    completions = tshark(folder, "tlp.code == 2 && tlp.request_in", "tlp.requester", "tlp.id", "tlp.itag",
                         "tlp.response_time_ps", "tlp.request_in", "frame.number")
    for device, rid in rids.items():
        count = run["devices"][device]["invalidations"]
        assert sum(r[0] == rid for r in requests) == count["issued"] > 100, device
        assert abs(sum(c[0] == rid for c in completions) - count["completed"]) <= 1, device
    took = {int(c[1].split()[1]): int(c[3]) for c in completions}
    told = {s: e["stages"] for s, e in operations(folder, "atc_inv").items() if "open" not in e}
    assert len(told) > 500
    for span, stages in told.items():
        assert took[span] == sum(stages[EVENT_STAGES]), (span, took[span], stages)
    summed = sum(run["latency"]["invalidation"]["stages"][s]["total_ps"] for s in WIRE_STAGES)
    assert summed == sum(took[s] for s in told), (summed, sum(took[s] for s in told))
    # The filter of the manual, and that each answers what asked for it.
    some = tshark(folder, "tlp.code == 1 && tlp.itag == 4", "tlp.itag", "tlp.id", "tlp.response_in")
    assert some and all(r[0] == "4" for r in some)
    frames = {c[5]: c[1] for c in completions}
    assert all(frames[r[2]] == r[1] for r in some if r[2]), "answered by another transaction"
    # Every TLP is there once, and every one has a type that the dissector knows.
    everything = tshark(folder, "tlp", "tlp.number", "tlp.type", "frame.time_epoch", "tlp.time_ps", "tlp.link")
    assert [int(e[0]) for e in everything] == list(range(1, len(everything) + 1))
    assert not [e for e in everything if not e[1] or e[1].startswith("Type")]
    for _, _, stamp, ps, _ in everything[:1000]:
        assert stamp.split(".")[1] == f"{int(ps) % 10**12 // 1000:09d}", (stamp, ps)
    reads = tshark(folder, "tlp.translation && tlp.request_in", "tlp.id", "tlp.response_time_ps")
    assert len(reads) > 50 and all(r[0].startswith("TRANS ") and int(r[1]) > 0 for r in reads), reads[:3]


def page_requests(tmp):
    """Page Requests and their responses match."""
    storm = (SOURCE / "platform/scenarios/pri_storm.yaml").read_text()
    (tmp / "storm.yaml").write_text(storm)
    subprocess.run([DRYDOCK, "run", str(tmp / "storm.yaml"), "-c", "machine.smmu.priq_log2size=3", "--pcap=0ms..1ms",
                    "--out", str(tmp / "out")], cwd=SOURCE, capture_output=True, check=False)
    folder = next(p for p in (tmp / "out").iterdir() if p.is_dir())
    asked = tshark(folder, "tlp.code == 4", "tlp.id", "tlp.prg_index", "tlp.page", "tlp.response_in")
    answered = tshark(folder, "tlp.code == 5 && tlp.request_in", "tlp.prg_index", "tlp.prg_code", "tlp.response_time_ps")
    asked = [a for a in asked if a[0]]  # the flood's requests stand for no access
    assert len(asked) > 10 and all(a[0].startswith("PAGE ") for a in asked), asked[:3]
    assert answered and all(int(a[2]) > 0 for a in answered), answered[:3]
    spans = {int(a[0].split()[1]) for a in asked}
    assert spans <= set(operations(folder, "page_request")), "a page request that events.jsonl does not know"


def window_at_violation(tmp):
    """Every file with such a window shows the time around the first violation and nothing else."""
    fault = "timeline: [{when: 1ms, inject: {device: ep0, fault: swallow_invalidates}}]\nend: {when: 3ms}\n"
    window = "violation-20us..+5us"
    folder, run = drydock(tmp, fault, "-c", "machine.smmu.invalidate_timeout=200us", f"--waves={window}",
                          f"--trace={window}", f"--pcap={window}", code=1)
    at = min(v["time_ps"] for v in run["violations"])
    first, last = at - 20_000_000, at + 5_000_000
    stamps = [int(r[0]) for r in tshark(folder, "tlp", "tlp.time_ps")]
    assert stamps and first <= min(stamps) and max(stamps) <= last, (at, min(stamps), max(stamps))
    marks = [e for e in Timeline(folder / "trace.json.gz").marks if e["name"].startswith("violation")]
    assert marks and marks[0]["args"]["ps"] == at, marks
    assert (folder / "waves.fst").stat().st_size > 1000


def timeline(tmp):
    """A trace keeps the viewer's rules, whole and in part, and its numbers are those of the run."""
    reset = "timeline: [{when: 500us, task: R, cpu: 2, reset: {device: ep0, method: flr, call: pci_reset_function}}]\n"
    folder, run = drydock(tmp, reset + "end: {when: 3ms}\n", "--trace=all", "--pcap", "--events=tlp", code=1)
    whole = Timeline(folder / "trace.json.gz")
    # Every transaction is there; its stages sum to it where they cover it.
    words = {"atc_inv": "INV", "unmap": "UNMAP", "translation": "TRANS", "dma": "DMA", "tlbi": "TLBI", "sync": "SYNC"}
    begun = collections.Counter(e["class"] for e in operations(folder, "span_begin").values())
    for name, word in words.items():
        assert len(whole.of(word)) == begun[name] > 100, (name, len(whole.of(word)), begun)
    complete = [s for s in whole.of("INV").values() if "sw_observe" in s["stages"]]
    assert len(complete) > 100 and all(sum(s["stages"].values()) == s["args"]["ps"] for s in complete)
    told = {f"INV {e['span']}": e["t"] for e in operations(folder, "span_begin").values() if e["class"] == "atc_inv"}
    assert {name: s["begin"] for name, s in whole.of("INV").items()} == told
    sent = tshark(folder, "tlp", "tlp.number")
    assert len(whole.of("TLP")) == len(sent) > 1000, (len(whole.of("TLP")), len(sent))
    # Few tracks, with names that stay; arrows from the command to where the invalidation came.
    assert {"INV ep0", "INV nic", "DMA nic", "UNMAP ep0", "RESET ep0", "TLP rp0_link.up"} <= whole.tracks, whole.tracks
    assert len(whole._async) < 200, len(whole._async)
    assert len(whole.arrows) >= len(complete)
    first = whole.arrows[int(next(iter(whole.of("INV"))).split()[1])]
    assert [e["name"].split()[2] for e in first] == ["issue", "fetch", "invalidate", "match"], first
    assert {e["name"] for e in whole.calls} >= {"pci_reset_function"}
    assert set(whole.counters["smmu.invalidation_tracker free ITags"]) >= {31, 32}
    assert whole.counters["rp0_link.up posted credits"] and whole.counters["ep0.atc entries"]
    # Without the wire the same, less that; a window has it.
    def again(*how):
        subprocess.run([DRYDOCK, "run", str(tmp / "scenario.yaml"), "--out", str(tmp / "out"), *how], cwd=SOURCE,
                       capture_output=True, check=False)
        return Timeline(folder / "trace.json.gz")
    short = again("--trace")
    assert not short.of("TLP") and not [c for c in short.counters if "credits" in c]
    assert short.spans == {k: s for k, s in whole.spans.items() if k[0] != "TLP"}
    part = again("--trace=490us..520us")
    assert part.of("TLP") and part.spans.items() < whole.spans.items()
    assert all(s["end"] >= 490 * 10**6 and s["begin"] <= 520 * 10**6 for s in part.spans.values())
    quiet = again("--trace=600us..650us")
    assert {e["name"] for e in quiet.calls} >= {"pci_reset_function"}, "a call around the window"


def trace_limits(tmp):
    """The trace of the default scenario's longer run has all transactions and stays below what a viewer takes."""
    plain = cpu_time(tmp)
    with_trace = cpu_time(tmp, "--trace")
    file = next((tmp / "out").rglob("trace.json.gz"))
    with gzip.open(file, "rb") as text:
        unpacked = sum(len(part) for part in iter(lambda: text.read(1 << 20), b""))
    print(f"run {plain:.2f} s, with trace {with_trace:.2f} s, {file.stat().st_size} bytes, {unpacked} unpacked")
    assert 10_000_000 < file.stat().st_size < 50_000_000 and unpacked < 450_000_000


def ended_by_a_signal(tmp):
    """Ctrl-C and kill -TERM leave files that their readers accept."""
    for number in (signal.SIGINT, signal.SIGTERM):
        out = tmp / number.name
        scenario = tmp / "scenario.yaml"
        scenario.write_text(SCENARIO + "end: {when: 10s}\n")
        child = subprocess.Popen([DRYDOCK, "run", str(scenario), "--pcap", "--trace", "--waves", "--out", str(out)],
                                 cwd=SOURCE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1.5)
        child.send_signal(number)
        assert child.wait(timeout=60) == 1
        folder = next(p for p in out.iterdir() if p.is_dir())
        assert len(Timeline(folder / "trace.json.gz").spans) > 1000
        vcd = subprocess.run(["fst2vcd", str(folder / "waves.fst")], capture_output=True, text=True, check=True).stdout
        assert "$enddefinitions" in vcd and r"INV\040" in vcd
        read = subprocess.run(["capinfos", "-M", "-c", str(folder / "tlps.pcap")], capture_output=True, text=True, check=True)
        assert int(read.stdout.split()[-1]) > 1000, read.stdout


def views(tmp):
    """`drydock view` writes save files whose signals are in the wave file, marks the fault and starts GTKWave there."""
    folder, run = drydock(tmp, "timeline: [{when: 1ms, inject: {device: ep0, fault: swallow_invalidates}}]\nend: {when: 2ms}\n",
                          "-c", "machine.smmu.invalidate_timeout=200us", "--waves", code=1)
    bin_folder = tmp / "bin"
    bin_folder.mkdir()
    fake = bin_folder / "gtkwave"
    fake.write_text('#!/bin/sh\npwd > "$0.log"\necho "$@" >> "$0.log"\n')
    fake.chmod(0o755)
    path = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
    done = subprocess.run([DRYDOCK, "view", str(tmp / "out"), "--view", "invalidation"], cwd=SOURCE, env=path,
                          capture_output=True, text=True, check=True)
    log = (bin_folder / "gtkwave.log").read_text().splitlines()
    assert log == [str(folder.resolve()), "--dump=waves.fst --save=invalidation.gtkw"], log
    names = [pathlib.Path(line).name for line in done.stdout.splitlines()]
    assert set(names) == {"overview.gtkw", "invalidation.gtkw", "reset.gtkw", "containment.gtkw",
                          "software.gtkw"}, names
    vcd = subprocess.run(["fst2vcd", str(folder / "waves.fst")], capture_output=True, text=True, check=True).stdout
    there = {line.split()[4] for line in vcd.splitlines() if line.startswith("$var")}
    violation = min(v["time_ps"] for v in run["violations"])
    for name in names:
        lines = (folder / name).read_text().splitlines()
        shown = [line.split("} ")[-1] for line in lines if line.startswith("+{")]
        assert len(shown) > 3 and all(s.split(".")[-1].split("[")[0] in there for s in shown), (name, shown)
        assert not any("*" in s for s in shown), shown
        marks = next(line for line in lines if line.startswith("*")).split()
        assert marks[1:4] == [str(violation), str(violation), "1000000000"] or int(marks[3]) >= 10**9, marks
        assert '[dumpfile] "waves.fst"' in lines
    assert os.access(folder / "colours.pl", os.X_OK)


def unknown_instance(tmp):
    """An instance that does not exist is refused with what there is."""
    (tmp / "scenario.yaml").write_text(SCENARIO + "end: {when: 1ms}\n")
    done = subprocess.run([DRYDOCK, "run", str(tmp / "scenario.yaml"), "--waves", "--waves-of", "sva0,epo", "--out",
                           str(tmp / "out")], cwd=SOURCE, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done
    assert "no instance 'epo'" in done.stderr and "did you mean 'ep0'?" in done.stderr, done.stderr


def unescaped(vcd_text):
    """fst2vcd begins a text with s, and writes blanks and others as octal numbers."""
    vcd_text = re.sub("^s", " ", vcd_text, flags=re.MULTILINE)
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), vcd_text)


def ids(tmp):
    """Ten transactions have the same id in every output."""
    timeline = "timeline: [{when: 500us, task: R, cpu: 2, reset: {device: ep0, method: flr, call: pci_reset_function}}]\n"
    (tmp / "scenario.yaml").write_text(SCENARIO + timeline + "end: {when: R returned, limit: 200ms}\n")
    done = subprocess.run([DRYDOCK, "run", str(tmp / "scenario.yaml"), "--waves", "--pcap", "--trace=0ms..300ms", "-vv",
                           "--out", str(tmp / "out")], cwd=SOURCE, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    folder = next(p for p in (tmp / "out").iterdir() if p.is_dir())
    with open(folder / "events.jsonl", encoding="utf-8") as lines:
        header, *events = map(json.loads, lines)
    words = header["ids"]
    ended = {(words[e["kind"]], e["span"]) for e in events if e.get("kind") in words and "open" not in e}
    ended |= {("RESET", e["span"]) for e in events if e.get("kind") == "span_begin" and e["class"] == "reset"}
    waves = unescaped(subprocess.run(["fst2vcd", str(folder / "waves.fst")], capture_output=True, text=True,
                                     check=True).stdout)
    trace = Timeline(folder / "trace.json.gz").spans
    packets_of = collections.defaultdict(set)
    for number, name in tshark(folder, "tlp.id", "tlp.number", "tlp.id"):
        for one in name.split(","):
            packets_of[one].add(int(number))
    log = done.stderr.splitlines()

    invalidations = sorted(s for w, s in ended if w == "INV")
    unmaps = sorted(s for w, s in ended if w == "UNMAP")
    chosen = [("INV", s) for s in invalidations[:: len(invalidations) // 4][:4]]
    chosen += [("UNMAP", s) for s in unmaps[:: len(unmaps) // 3][:3]]
    chosen += [("RESET", s) for w, s in ended if w == "RESET"][:1]
    for word, span in chosen:
        name = f"{word} {span}"
        told = subprocess.run([DRYDOCK, "explain", str(folder), "--id", f"{word}-{span}"], cwd=SOURCE, capture_output=True,
                              text=True, check=True).stdout
        assert re.search(rf"^{name}:", told, re.MULTILINE), f"explain: {name}: {told[:200]}"
        assert re.search(rf"\b{name}\b", waves), f"waves.fst: {name}"
        assert (word, name) in trace, f"trace.json.gz: {name}"
        assert any(f"  {name}  " in line for line in log), f"-vv: {name}"
        if word == "INV":
            # Two TLPs of the link, request and completion, and the lanes name it at both.
            assert len(packets_of[name]) == 2, (name, packets_of[name])
            for number in packets_of[name]:
                assert re.search(rf"TLP {number} Msg.* {name}\b", waves), f"waves.fst: TLP {number} of {name}"
                assert re.search(rf"^TLP {number} Msg.* {name}$", trace["TLP", f"TLP {number}"]["text"]), (number, name)
    translations = [t for t in packets_of if t.startswith("TRANS ")][:2]
    for name in translations:
        assert re.search(rf"\b{name}\b", waves), f"waves.fst: {name}"
        assert ("TRANS", name) in trace, name
    calls = [m[1] for line in log if (m := re.search(r"  (CALL \d+)  sw_call function=pci_reset_function", line))]
    assert len(calls) == 1 and f"{calls[0]} pci_reset_function ep0" in waves, calls
    assert len(chosen) + len(translations) == 10, (chosen, translations)


def cpu_time(tmp, *arguments):
    """Of the longer run of the default scenario."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([DRYDOCK, "run", "platform/scenarios/flr_under_unmap.yaml", "-c", "software.reset.variant=M2", "--out",
                    str(tmp / "out"), *arguments], cwd=SOURCE, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def fst_limits(tmp):
    """The wave file of the default scenario's longer run costs at most 1.5 times the run again, and is below 20 MB."""
    plain = min(cpu_time(tmp) for _ in range(2))
    with_waves = min(cpu_time(tmp, "--waves") for _ in range(2))
    sizes = {f.parent.name: f.stat().st_size for f in (tmp / "out").rglob("waves.fst")}
    print(f"run {plain:.2f} s, with waves.fst {with_waves:.2f} s ({with_waves / plain:.2f} times), bytes {sizes}")
    assert len(sizes) == 1 and all(100_000 < s < 20_000_000 for s in sizes.values()), sizes
    assert with_waves <= 2.5 * plain, (plain, with_waves)


def probe_points(tmp):
    """Where nobody listens a probe point is a load, a test and a branch: at most 2 % of a run's instructions."""
    instructions_of_a_point = 4

    def measured(length):
        """Probe points and instructions of a run."""
        (tmp / "scenario.yaml").write_text(SCENARIO + f"end: {{when: {length}}}\n")
        run = ["run", str(tmp / "scenario.yaml"), "--no-report", "--out", str(tmp / length)]
        subprocess.run([DRYDOCK, *run, "--events=tlp"], cwd=SOURCE, capture_output=True, check=True)
        with open(next((tmp / length).rglob("events.jsonl")), encoding="utf-8") as lines:
            points = sum(1 for _ in lines)
        subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={tmp}/{length}.%p", "--trace-children=yes",
                        DRYDOCK, *run, "--events=off"], cwd=SOURCE, capture_output=True, check=True)
        return points, max(int(line.split()[1]) for f in tmp.glob(f"{length}.*") for line in
                           f.read_text(errors="replace").splitlines() if line.startswith(("summary:", "totals:")))

    # What the longer run has more of is simulation alone, without the start of the program.
    short, long = measured("1ms"), measured("4ms")
    points, instructions = long[0] - short[0], long[1] - short[1]
    share = points * instructions_of_a_point / instructions
    print(f"{points} probe points, {instructions} instructions: {100 * share:.2f} %")
    assert points > 10_000 and instructions > 10_000_000, (points, instructions)
    assert share <= 0.02, share


with tempfile.TemporaryDirectory() as folder_name:
    globals()[CASE](pathlib.Path(folder_name))
