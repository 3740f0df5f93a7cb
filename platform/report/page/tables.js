"use strict";
/* The numbers: verdicts, percentiles, blame, monitors, parameters, what changed. */

function tone(run) {
    if (run.verdict !== "as_expected") return "red";
    return run.outcome === "violations" ? "red" : "green";
}

function said(run) {
    return make(
        "div",
        {class: "said " + tone(run), "data-run": run.name},
        make("span", {class: "soft"}, run.name + " "),
        make("span", {class: "verdict " + tone(run)}, run.words),
        make("b", {class: "sentence"}, run.sentence || run.words),
    );
}

function numbers(runs) {
    const rows = [];
    const row = (name, of) => rows.push([name, ...runs.map(r => of(r))]);
    const time = (r, path) => {
        const v = path
            .split("/")
            .reduce((j, k) => (j === undefined || j === null ? undefined : j[k]), r);
        return v === undefined ? "-" : {text: shortTime(v), ps: v};
    };
    row("simulated", r => time(r, "sim_time_ps"));
    for (const of of ["invalidation", "unmap", "translation", "page_request"]) {
        if (!runs.some(r => r.latency && r.latency[of] && r.latency[of].count > 0)) continue;
        row({text: of.replace("_", " ") + "s completed", class: "left"}, r =>
            grouped(r.latency[of].count),
        );
        if (of === "invalidation")
            row("  timed out", r => ({
                text: grouped(r.latency[of].timeouts),
                class: r.latency[of].timeouts > 0 ? "red" : undefined,
            }));
        for (const p of ["p50", "p90", "p99", "p999", "p9999", "max"])
            row("  " + (p === "p999" ? "p99.9" : p === "p9999" ? "p99.99" : p), r =>
                time(r, `latency/${of}/${p}_ps`),
            );
    }
    const clients = [...new Set(runs.flatMap(r => Object.keys(r.clients || {})))];
    for (const c of clients)
        for (const op of ["unmap", "dma"]) {
            if (!runs.some(r => r.clients[c] && r.clients[c][op])) continue;
            row(`${op}s of ${c}: done / due / missed`, r =>
                r.clients[c] && r.clients[c][op]
                    ? `${grouped(r.clients[c][op].done)} / ${grouped(r.clients[c][op].due)} / ${grouped(r.clients[c][op].missed)}`
                    : "-",
            );
        }
    return table(["", ...runs.map(r => r.name)], rows, {id: "numbers"});
}

function blame(run) {
    const rows = run.blame || [];
    if (rows.length === 0)
        return make("p", {class: "soft"}, `${run.name}: nobody waited for another.`);
    const most = Math.max(...rows.map(b => b.total_ps));
    const head = [
        {text: "who waited", class: "left"},
        {text: "for", class: "left"},
        {text: "stage", class: "left"},
        "times",
        "in total",
        "longest",
        "",
    ];
    const part = some =>
        table(
            head,
            some.map(b => {
                const bar = make("i");
                bar.style.width = Math.max(0.5, (100 * b.total_ps) / most) + "%";
                return [
                    b.waiter,
                    {text: b.waited_for, class: "left"},
                    {text: b.stage, class: "left"},
                    grouped(b.count),
                    {text: shortTime(b.total_ps), ps: b.total_ps},
                    {text: shortTime(b.max_ps), ps: b.max_ps},
                    {text: bar, class: "bar"},
                ];
            }),
            {class: "blame", "data-run": run.name},
        );
    const box = make("div", {}, part(rows.slice(0, 8)));
    if (rows.length > 8)
        box.append(
            make(
                "details",
                {},
                make("summary", {}, `${rows.length - 8} more`),
                part(rows.slice(8)),
            ),
        );
    return box;
}

function monitors(runs) {
    const rows = [];
    for (const r of runs) {
        const put = (list, label, tint) =>
            (list || []).forEach(v =>
                rows.push([
                    r.name,
                    {text: label, class: "left " + tint},
                    {text: v.monitor, class: "left"},
                    {text: v.device || "-", class: "left"},
                    moment(v.time_ps),
                    grouped(v.count),
                    {text: v.rule + (v.text ? ": " + v.text : ""), class: "left wrap"},
                ]),
            );
        put(r.violations, "broken", "red");
        put(r.gaps, "known gap", "amber");
        for (const e of r.expectations || [])
            if (!e.ok)
                rows.push([
                    r.name,
                    {text: "NOT as expected", class: "left red"},
                    {text: e.name, class: "left"},
                    {text: "-", class: "left"},
                    "-",
                    "-",
                    {text: `should be ${e.expected}, is ${e.actual}`, class: "left"},
                ]);
    }
    if (rows.length === 0) return make("p", {}, "All monitors were silent in every run.");
    return table(
        [
            "run",
            {text: "class", class: "left"},
            {text: "monitor", class: "left"},
            {text: "where", class: "left"},
            "first at",
            "times",
            {text: "what", class: "left"},
        ],
        rows,
        {id: "monitors"},
    );
}

/** What differs from its default at once, the rest behind a click. */
function withDefaults(id, head, list, row) {
    const changed = list.filter(p => p.origin !== "default" || p.others),
        rest = list.filter(p => p.origin === "default" && !p.others);
    const box = make("div", {id}, changed.length > 0 ? table(head, changed.map(row)) : "");
    if (rest.length > 0)
        box.append(
            make(
                "details",
                {},
                make("summary", {}, `${rest.length} more have their default`),
                table(head, rest.map(row)),
            ),
        );
    return box;
}

/** A value, and where another run has another. */
function valueText(p) {
    const text = v => (typeof v === "string" ? v : JSON.stringify(v));
    const others = Object.entries(p.others || {}).map(([run, v]) => `; ${text(v)} in ${run}`);
    return {text: text(p.value) + others.join(""), class: "left wrap"};
}

const leftHead = names => names.map(text => ({text, class: "left"}));

function settings(list) {
    return withDefaults("settings", leftHead(["setting", "value", "origin"]), list, s => [
        make("code", {}, s.path),
        valueText(s),
        {text: s.origin, class: "left wrap"},
    ]);
}

function parameters(list) {
    const head = leftHead(["parameter", "value", "unit", "origin", "default", "what it is"]);
    return withDefaults("parameters", head, list, p => [
        make("code", {}, p.name),
        valueText(p),
        {text: p.unit, class: "left"},
        {text: p.origin, class: "left"},
        {text: String(p.default), class: "left"},
        {text: p.description, class: "left wrap"},
    ]);
}

function fromStages(stages) {
    const all = stages.reduce((sum, s) => sum + s.by, 0),
        before = stages.reduce((sum, s) => sum + s.a, 0);
    if (Math.abs(all) * 200 < before) return "";
    return stages
        .filter(s => s.by !== 0 && Math.abs(s.by) * 20 >= Math.abs(stages[0].by))
        .slice(0, 3)
        .map(s => `${change(s.by)} in ${s.stage}`)
        .join(", ");
}

function comparison(c) {
    const box = make("div", {class: "comparison"}, make("h3", {}, `${c.a} → ${c.b}`));
    const rows = [];
    for (const g of c.groups) {
        const mean = fromStages(g.stages_mean),
            slow = fromStages(g.stages_slowest);
        for (const s of g.statistics) {
            if (!["mean", "p50", "p99", "max"].includes(s.name)) continue;
            const tint = !s.clear ? "" : s.by > 0 ? "red" : "green";
            rows.push([
                s.name === "mean" ? `${g.class} of ${g.who}` : "",
                {text: s.name, class: "left"},
                shortTime(s.a),
                shortTime(s.b),
                {text: s.by === 0 ? "0" : change(s.by), class: tint},
                s.low === null ? "-" : `${change(s.low)} .. ${change(s.high)}`,
                {
                    text:
                        s.name === "mean"
                            ? mean
                            : s.name === "p99" && slow
                              ? `slowest 1%: ${slow}`
                              : "",
                    class: "left wrap",
                },
            ]);
        }
    }
    box.append(
        table(["", "", c.a, c.b, "change", "95% interval", {text: "from", class: "left"}], rows),
    );
    return box;
}
