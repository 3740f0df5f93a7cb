# SPDX-License-Identifier: Apache-2.0
"""What a run leaves for its reader, as a user meets it: reader.py DRYDOCK SOURCE CASE."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

DRYDOCK, SOURCE, CASE = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
sys.path.insert(0, str(SOURCE / "tests/platform/report"))
from browser import Browser, chromium  # noqa: E402

SCENARIO = "platform/scenarios/flr_under_unmap.yaml"
DRAWN = """[...document.querySelectorAll('.chart canvas')].map(c => {
  const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data, seen = new Set();
  for (let i = 0; i < d.length; i += 4) if (d[i + 3]) seen.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]);
  return seen.size; })"""


def drydock(*arguments, code=0):
    done = subprocess.run([DRYDOCK, *map(str, arguments)], cwd=SOURCE, capture_output=True, text=True, check=False)
    assert done.returncode == code, f"exit {done.returncode}, wanted {code}: {done.stderr}\n{done.stdout}"
    return done.stdout if code == 0 else done.stderr


def default_run(tmp, *more):
    drydock("run", SCENARIO, "--out", tmp / "a", *more)
    return {r["name"]: r for r in json.loads((tmp / "a" / "summary.json").read_text())["runs"]}


def short_time(ps):
    """As the page writes a time; kept apart from its own code."""
    if ps == 0:
        return "0"
    for name, unit in (("s", 10**12), ("ms", 10**9), ("us", 10**6), ("ns", 10**3), ("ps", 1)):
        v = ps / unit
        if v >= 0.9995 or unit == 1:
            digits = 0 if unit == 1 or v >= 99.95 else 1 if v >= 9.995 else 2
            return f"{v:.{digits}f} {name}"
    return ""


def report_in_browser(tmp):
    """Charts drawn, nothing on the console, nothing asked of the network, numbers as in summary.json."""
    assert chromium(), "no chromium; script/setup chromium"
    runs = default_run(tmp)
    with Browser() as page:
        page.size(1280, 900)
        page.open(tmp / "a" / "report.html")
        assert page.run("Number(document.documentElement.dataset.ready)") == 7
        colours = page.run(DRAWN)
        assert len(colours) == 7 and min(colours) > 4, colours
        assert not page.console and not page.errors, (page.console, page.errors)
        assert all(r.startswith("file:") for r in page.requests()), page.requests()
        rows = page.run("[...document.querySelectorAll('#numbers tr')].map(r => [...r.cells].map(c => c.textContent))")
        assert rows[0][1:] == list(runs), rows[0]
        table = iter(rows)
        for of in ("invalidation", "unmap", "translation"):
            told = next(r for r in table if r[0] == f"{of}s completed")
            assert told[1:] == [f"{r['latency'][of]['count']:,}" for r in runs.values()], told
            for label, key in (("p50", "p50"), ("p90", "p90"), ("p99", "p99"), ("p99.9", "p999"), ("p99.99", "p9999"), ("max", "max")):
                told = next(r for r in table if r[0].strip() == label)
                assert told[1:] == [short_time(r["latency"][of][key + "_ps"]) for r in runs.values()], (of, told)
        for name, run in runs.items():
            blame = page.run(f"[...document.querySelectorAll('table.blame[data-run=\"{name}\"] tbody tr')].map(r => [...r.cells].map(c => c.textContent))")
            wanted = [[b["waiter"], b["waited_for"], b["stage"], f"{b['count']:,}", short_time(b["total_ps"]), short_time(b["max_ps"])]
                      for b in run["blame"]]
            assert blame and [b[:6] for b in blame] == wanted[:30], (name, blame)
        monitors = page.run("document.getElementById('monitors').textContent")
        for v in runs["none"]["violations"]:
            assert v["monitor"] in monitors and v["rule"] in monitors, v
        said = page.run("[...document.querySelectorAll('.sentence')].map(e => e.textContent)")
        assert re.fullmatch(r"FLR of ep0 lost 7 invalidations; nic stood still 11\d ms; no stale access", said[0]), said
        assert said[1] == "FLR of ep0 lost no invalidation; no stale access", said
        assert "drydock run " + SCENARIO in page.run("document.getElementById('again').textContent")


def report_reacts(tmp):
    """Hover, zoom of all, dark mode, a small screen, paper."""
    assert chromium(), "no chromium; script/setup chromium"
    default_run(tmp)
    with Browser() as page:
        page.size(1280, 900)
        page.scheme("light")
        page.open(tmp / "a" / "report.html")
        corner = "(() => { const r = document.querySelectorAll('.chart .u-over')[1].getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; })()"
        page.run("document.querySelector('figure').scrollIntoView()")
        x, y, width, height = page.run(corner)
        page.move(x + width * 0.5, y + height * 0.06)  # cpu0, amid the stall
        said = page.run("document.getElementById('tip').textContent")
        assert "cpu0" in said and "interrupts off" in said and "16.4 ms" in said, said
        page.move(2, 2)
        assert page.run("document.getElementById('tip').hidden")
        page.run("charts[0].setScale('x', {min: 20, max: 40})")
        # the charts over time follow, the distributions do not
        page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        zoomed = page.run("charts.map(c => [c.scales.x.min, c.scales.x.max].join())")
        assert zoomed.count("20,40") == 4, zoomed
        ink = "getComputedStyle(document.body).backgroundColor"
        light = page.run(ink), page.run(DRAWN)
        page.scheme("dark")
        page.run("new Promise(done => setTimeout(done, 100))")
        assert page.run(ink) != light[0]
        assert page.run("colour('paper')") == "#14171a"
        page.paper(tmp / "a.pdf")
        assert (tmp / "a.pdf").read_bytes().startswith(b"%PDF") and (tmp / "a.pdf").stat().st_size > 50_000
        page.size(390, 844, mobile=True, scale=2)
        page.run("new Promise(done => setTimeout(done, 200))")
        assert page.run("document.documentElement.scrollWidth") <= 390, "the page is wider than the screen"
        assert page.run("Math.max(...charts.map(c => c.width))") <= 390
        assert not page.console and not page.errors, (page.console, page.errors)


def report_of_a_million(tmp):
    """A run of a million transactions: the page stays below 5 MB and opens in less than 2 s."""
    assert chromium(), "no chromium; script/setup chromium"
    drydock("run", SCENARIO, "-c", "software.reset.variant=M2", "-c", "end.plus=160ms", "-c", "machine.ports.rp0.device.atc.entries=64",
            "--events=off", "--out", tmp / "a")
    run = json.loads((tmp / "a" / "summary.json").read_text())["runs"][0]
    transactions = sum(run["latency"][of]["count"] for of in ("invalidation", "unmap", "translation"))
    assert transactions > 1_000_000, transactions
    page_file = tmp / "a" / "report.html"
    assert page_file.stat().st_size < 5_000_000, page_file.stat().st_size
    took = []
    with Browser() as page:
        page.size(1280, 900)
        for _ in range(3):  # other work on the machine only ever makes it longer
            began = time.monotonic()
            page.open(page_file)
            assert page.run("Number(document.documentElement.dataset.ready)") > 0
            page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            took.append(time.monotonic() - began)
            page.open("about:blank")
    print(f"{transactions} transactions, {page_file.stat().st_size} bytes, {min(took):.2f} s")
    assert min(took) < 2, took


def explain(tmp):
    """Follows a stall of an innocent to its cause, by id and by rank; the charts are there."""
    runs = default_run(tmp)
    folder = tmp / "a" / "none"
    text = drydock("explain", folder, "--slowest", "1")
    assert text.startswith("none: FLR of ep0 lost 7 invalidations; nic stood still"), text
    assert re.search(r"\nUNMAP \d+: unmap of (net@nic|sva0@ep0), run none\n  completed; 16\.4 ms from", text), text
    stood = re.search(r"stood [\d.]+ ms in cmdq_wait behind SYNC \d+ of sva0@ep0, part of UNMAP \d+", text)
    assert stood and re.search(r"INV \d+ got no answer from ep0, which ignored the Invalidate Request \(function in reset\)", text), text
    lost = re.search(r"INV (\d+) got no answer", text).group(1)
    one = drydock("explain", folder, "--id", f"inv-{lost}")
    assert f"INV {lost}: invalidation (ATC_INV) of sva0@ep0" in one and "timed out; 16.4 ms" in one, one
    held = one[one.index("\nIt held up"):]
    assert re.search(r"TLBI \d+ \(UNMAP \d+\), 10\.\d ms in cmdq_wait", held), held
    rows = re.findall(r"^  (\w+) .*? (\d+\.\d{6}) ms +(\S+)(?: (\w+))? +([\d.]+)%$", one[one.index("Stage by stage"):], re.M)
    assert [r[0] for r in rows][-4:] == ["lost", "error_restart", "sync", "sw_observe"], rows
    assert abs(sum(float(r[4]) for r in rows) - 100) < 1, rows
    stem = folder / "explain" / f"INV-{lost}"
    assert "device--xSMMU: no answer" in stem.with_suffix(".mmd").read_text()
    assert stem.with_suffix(".svg").read_text().startswith("<svg ")
    waves = json.loads((folder / "explain" / f"INV-{lost}.wavedrom.json").read_text())
    assert len({len(s["wave"]) for s in waves["signal"]}) == 1
    first = drydock("explain", tmp / "a")  # of two runs the red one, its first violation
    v = runs["none"]["violations"][0]
    assert f"Violation 1 of {len(runs['none']['violations'])}: {v['monitor']} ({v['device']})" in first, first


def explain_any(tmp):
    """One that is not among the slowest is told from events.jsonl; of levels life and detail alike."""
    told = {}
    for level in ("life", "detail"):
        drydock("run", SCENARIO, "-c", "software.reset.variant=M2", "-c", "end.plus=0ms", "--events", level, "--out", tmp / level)
        run = next(p for p in (tmp / level).iterdir() if p.is_dir())
        if level == "life":
            lines = (run / "events.jsonl").read_text().splitlines()
            some = [json.loads(line) for line in lines if '"kind":"atc_inv"' in line][3000:3003]
        for one in some:
            text = drydock("explain", run, "--id", one["span"], "--out", tmp / "charts")
            stages = text[text.index("Stage by stage"):text.index("It waited for")]
            assert one["where"] in text and f"INV {one['span']}" in text, text
            told.setdefault(one["span"], []).append(stages)
    reset = next(json.loads(line) for line in lines if '"class":"reset"' in line)
    text = drydock("explain", tmp / "life" / "M2", "--id", f"RESET-{reset['span']}")  # has events, no stages
    assert "What it did" in text and " ms  point r0 of ep0  [sw.R]" in text and "Charts" not in text, text
    for span, (life, detail) in told.items():
        assert life == detail, (span, life, detail)


def explain_violation(tmp):
    """From the verdict of a hazard to the invalidation that was given up."""
    drydock("run", "platform/hazards/H-58.yaml", "-c", "software.quarantine=off", "--out", tmp / "a")
    text = drydock("explain", tmp / "a", "--violation", "1")
    assert "A left 1 invalidation unanswered; A reached memory after its unmap had returned" in text, text
    assert "Violation 1 of 1: stale_access (A)" in text and "The last invalidation that A lost before it" in text, text
    assert re.search(r"INV \d+ got no answer from A, which ignored the Invalidate Request \(injected\)", text), text
    before = text[text.index("What came before"):text.index("The last invalidation")]
    for line in ("the scenario: inject A swallow_invalidates", "A ignores the Invalidate Request: injected, ITag 1  [A]",
                 "ITag 1 of A expires  [smmu.invalidation_tracker]", "the command queue stops: CERROR_ATC_INV_SYNC  [smmu]",
                 "VIOLATION stale_access of A: no access"):
        assert f" ms  {line}" in before, (line, before)
    reset = drydock("run", "platform/hazards/H-28.yaml", "-c", "software.reset.variant=R1", "--out", tmp / "b")
    assert f"To see why\n  drydock explain {tmp / 'b'}\n" in reset, reset
    text = drydock("explain", tmp / "b")
    assert "sw.R may sleep in atomic context" in text.splitlines()[0], text
    for line in ("calls pci_reset_function for A  [sw.R]", "A is blocked  [sw.R]", "pci_reset_function returns  [sw.R]"):
        assert f" ms  {line}" in text, (line, text)


def quiet_run(tmp):
    """A run without an unmap has no section, row or latency of one."""
    (tmp / "quiet.yaml").write_text("""
machine: {ports: {rp0: {device: {name: ep0, like: generic_endpoint}}}}
clients: {dma0: {kind: dma_client, device: ep0, buffer: 64KiB, burst: 4 x 256B, every: 20us}}
end: {when: 1ms}
""")
    text = drydock("run", tmp / "quiet.yaml", "--out", tmp / "a")
    assert "DMA done" in text and not re.search("unmaps done|longest unmap|invalidation latency|To see why", text), text
    with Browser() as page:
        page.open(tmp / "a" / "report.html")
        shown = page.run("[...document.querySelectorAll('section')].map(s => s.id)")
        assert shown == ["time", "blame", "summary", "rules", "machine", "again"], shown
        assert not page.console and not page.errors, (page.console, page.errors)


def compare(tmp):
    """Two runs of one folder, one run of two folders; the stage is named and the result repeats."""
    default_run(tmp)
    text = drydock("compare", tmp / "a" / "none", tmp / "a" / "M2")
    assert text.startswith("none -> M2: RED, as expected -> GREEN"), text
    net = text[text.index("unmap of net@nic"):]
    assert re.search(r"the mean changed by -1\d\.\d us: -1\d\.\d us in tlbi_sync", net), net
    assert text == drydock("compare", tmp / "a" / "none", tmp / "a" / "M2")
    drydock("run", SCENARIO, "-c", "software.reset.variant=none", "-c", "machine.smmu.itags=1", "--out", tmp / "b")
    both = json.loads(drydock("compare", tmp / "a" / "none", tmp / "b", "--json"))
    assert [p["name"] for c in both for p in c["parameters"]] == ["smmu.itags"], both[0]["parameters"]
    same = json.loads(drydock("compare", tmp / "a", tmp / "a", "--json"))
    assert len(same) == 2 and not any(s["clear"] or s["by"] for c in same for g in c["groups"] for s in g["statistics"])


def refused(tmp):
    """What cannot be explained or compared is refused with the place and what to do."""
    small = ["-c", "end.plus=0ms", "-c", "software.reset.variant=M2"]
    drydock("run", SCENARIO, *small, "--no-report", "--events=off", "--out", tmp / "bare")
    assert not (tmp / "bare" / "report.html").exists() and not list((tmp / "bare").glob("*/*"))
    drydock("run", SCENARIO, *small, "--out", tmp / "full")
    bare, full = ((tmp / name / "summary.json").read_bytes() for name in ("bare", "full"))
    assert bare == full, "to watch a run has changed it"
    drydock("run", "platform/hazards/H-01.yaml", "--out", tmp / "h")
    for arguments, said in (
            (["explain", tmp / "nothing"], "there is no folder"),
            (["explain", tmp], "no summary.json"),
            (["explain", tmp / "bare"], "--no-report: run it again"),
            (["explain", tmp / "h", "--id", "INV-17"], "name the folder of one, expected one of none, R1"),
            (["explain", tmp / "h" / "none", "--id", "IVN-17"], "no id of a transaction; expected one such as INV-17"),
            (["explain", tmp / "h" / "none", "--id", "INV-999999"], "tells of no such transaction"),
            (["explain", tmp / "h" / "none", "--violation", "9"], "run none has 2 violations"),
            (["explain", tmp / "h" / "M2", "--violation", "1"], "run M2 has 0 violations"),
            (["explain", tmp / "h" / "none", "--id", "INV-1", "--slowest", "1"], "excludes"),
            (["explain", tmp / "h" / "none", "--out", "/proc/nowhere"], "cannot be written"),
            (["compare", tmp / "h" / "none"], "b is required"),
            (["compare", tmp / "h", tmp / "bare"], "--no-report: run it again"),
            (["compare", tmp / "h" / "none", tmp / "full"], "no transactions in common: none has "),
            (["compare", tmp / "h" / "none", tmp / "nothing"], "there is no folder"),
            (["run", SCENARIO, "--waves-of", "ep0", "--out", tmp / "no"], "no waveform is asked for"),
            (["run", SCENARIO, "--waves", "--waves-of", ",", "--out", tmp / "no"], "no name; expected instances"),
            (["run", SCENARIO, "--trace=5ms..1ms", "--out", tmp / "no"], "expected all, or a window")):
        error = drydock(*arguments, code=2)
        assert said in error, (arguments, error)
    assert not (tmp / "no").exists()
    (tmp / "h" / "none" / "profile.json").write_text("{\"drydock\":{}}")
    assert "damaged" in drydock("explain", tmp / "h" / "none", code=2)
    assert "damaged" in drydock("compare", tmp / "h" / "none", tmp / "h" / "M2", code=2)


with tempfile.TemporaryDirectory() as folder:
    globals()[CASE](pathlib.Path(folder))
