"use strict";
/* Puts the page together from the data inside of it. */

function section(page, id, title, lead) {
    const s = make("section", {id}, make("h2", {}, title));
    if (lead) s.append(make("p", {class: "soft"}, lead));
    page.append(s);
    return s;
}

function build(data) {
    const page = document.getElementById("page"),
        runs = data.runs,
        d = data.drydock,
        all = runs.length + data.more;
    const full = runs.filter(r => r.profile),
        shown = full.length > 0 ? full : runs.slice(0, 8);
    document.title = `${d.scenario}: Drydock report`;
    page.append(
        make("h1", {}, d.scenario),
        make(
            "p",
            {class: "soft"},
            `drydock ${d.version}, seed ${d.seed}, sha256 ${d.scenario_sha256.slice(0, 16)}, ${all} run${all > 1 ? "s" : ""}`,
        ),
    );
    for (const r of runs) page.append(said(r));
    if (data.more > 0)
        page.append(
            make(
                "p",
                {},
                `and ${data.more} more run${data.more > 1 ? "s" : ""} in summary.json, ${data.more_unexpected} of them not as expected`,
            ),
        );
    if (full.length < runs.length && full.length > 0)
        page.append(
            make(
                "p",
                {class: "soft"},
                `In full: ${full.map(r => r.name).join(", ")}. The others are in summary.json and their own folders.`,
            ),
        );

    for (const note of d.notes || []) page.append(make("p", {class: "soft"}, "note: " + note));
    const nav = make("nav");
    page.append(nav);
    if (full.length > 0)
        timelines(
            section(
                page,
                "time",
                "Over time",
                "Per run, all on one time axis: how long unmaps took, and what CPUs, command queue and devices did.",
            ),
            full,
        );
    const who = section(page, "blame", "Who waited for whom");
    for (const r of shown) who.append(make("h3", {}, r.name), blame(r));
    if (full.length > 0) {
        const falls = section(
            page,
            "falls",
            "The worst and the median unmap",
            "Each bar lies where the stage lies in the transaction's time; red: more than half of it. `drydock explain` tells any of them in words.",
        );
        for (const r of full) waterfalls(falls, r);
        distributions(
            section(
                page,
                "distributions",
                "Distributions",
                "How many are at or below which duration; the scale below counts nines.",
            ),
            full,
        );
    }
    if (data.comparisons.length > 0) {
        const s = section(
            page,
            "comparisons",
            "What changed",
            "Against the first run. The interval holds the change in 95 % of 1000 resamplings by blocks of time; coloured where it excludes no change.",
        );
        for (const c of data.comparisons) s.append(comparison(c));
    }
    section(page, "summary", "Numbers", "As in summary.json.").append(numbers(shown));
    section(page, "rules", "Monitors and known gaps").append(monitors(runs));
    if (data.parameters.length + data.settings.length > 0)
        section(
            page,
            "machine",
            "Parameters",
            "What the scenario sets, then the parameters of the machine; each with where its value comes from.",
        ).append(settings(data.settings), parameters(data.parameters));
    const again = section(page, "again", "To repeat it");
    again.append(make("pre", {}, d.command));
    if (runs.length > 1)
        again.append(
            make(
                "details",
                {},
                make("summary", {}, "one run alone"),
                make("pre", {}, runs.map(r => r.command).join("\n")),
            ),
        );
    // Of what no run has there is no section.
    for (const s of page.querySelectorAll("section"))
        if ([...s.children].every(c => c.matches("h2, h2 + p.soft"))) s.remove();
    for (const s of page.querySelectorAll("section"))
        nav.append(make("a", {href: "#" + s.id}, s.querySelector("h2").textContent), " ");
    document.documentElement.dataset.ready = charts.length;
}

build(JSON.parse(document.getElementById("data").textContent));
