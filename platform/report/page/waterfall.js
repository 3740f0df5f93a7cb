"use strict";
/* One transaction's stages, each where it lies in its time. */

function fallRow(name, from, took, whole, kind) {
    const bar = make("i");
    bar.style.left = (100 * from) / whole + "%";
    bar.style.width = (100 * took) / whole + "%";
    return make(
        "div",
        {class: "row " + kind, title: `${name}: ${shortTime(took)} (${share(took, whole)})`},
        make("span", {}, name),
        make("div", {class: "track"}, bar),
        make("span", {}, shortTime(took)),
    );
}

function fallRows(t, whole, offset, kind) {
    let at = offset;
    return (t.pieces || []).map(([name, took]) => {
        const row = fallRow(name, at, took, whole, kind + (took * 2 > whole ? " hot" : ""));
        at += took;
        return row;
    });
}

function waterfall(t, title) {
    const box = make("div", {class: "fall", "data-id": t.id});
    box.append(
        make("div", {class: "head"}, `${title}: ${t.id} of ${t.who}, ${shortTime(t.took_ps)}`),
        make(
            "div",
            {class: "soft"},
            `from ${moment(t.begin_ps)}${t.ended === "completed" ? "" : ", " + t.ended.replace("_", " ")}`,
        ),
    );
    box.append(...fallRows(t, t.took_ps, 0, ""));
    for (const part of t.parts || []) {
        box.append(
            make(
                "div",
                {class: "head"},
                `inside of it ${part.id}${part.ended === "completed" ? "" : ", " + part.ended.replace("_", " ")}, ${shortTime(part.took_ps)}`,
            ),
        );
        box.append(...fallRows(part, t.took_ps, part.begin_ps - t.begin_ps, "in"));
    }
    const waits = (t.waits || [])
        .filter(w => w.for)
        .sort((a, b) => b.took_ps - a.took_ps)
        .slice(0, 4);
    if (waits.length > 0)
        box.append(
            make(
                "ul",
                {},
                ...waits.map(w =>
                    make(
                        "li",
                        {},
                        `${w.id} waited ${shortTime(w.took_ps)} in ${w.stage} for ${w.for} of ${w.for_who}${w.for_operation ? " (" + w.for_operation + ")" : ""}`,
                    ),
                ),
            ),
        );
    return box;
}

/** What became of those that timed out. */
function lostTable(run) {
    const lost = run.profile.groups.filter(g => g.class === "atc_inv").flatMap(g => g.lost);
    if (lost.length === 0) return null;
    const time = (t, name) => (t.pieces.find(p => p[0] === name) || [0, 0])[1];
    return table(
        [
            "timed out",
            {text: "of", class: "left"},
            "from",
            "took",
            "lost",
            "error_restart",
            "sw_observe",
        ],
        lost.map(t => [
            t.id,
            {text: t.who, class: "left"},
            moment(t.begin_ps),
            shortTime(t.took_ps),
            ...["lost", "error_restart", "sw_observe"].map(n => shortTime(time(t, n))),
        ]),
        {class: "lost", "data-run": run.name},
    );
}

/** The worst unmap of a group beside a median one. */
function pair(group) {
    const two = make("div", {class: "two"}, waterfall(group.slowest[0], "worst"));
    if (group.typical) two.append(waterfall(group.typical, "median"));
    return two;
}

function waterfalls(place, run) {
    const groups = run.profile.groups
        .filter(g => g.class === "unmap" && g.slowest.length > 0)
        .sort((a, b) => b.slowest[0].took_ps - a.slowest[0].took_ps);
    const shown =
        groups.length > 0
            ? groups
            : run.profile.groups.filter(g => g.class === "atc_inv" && g.slowest.length > 0);
    if (shown.length === 0) return;
    place.append(
        make("h3", {}, `${run.name}: ${shown[0].who}`),
        pair(shown[0]),
        lostTable(run) || "",
    );
    for (const g of shown.slice(1, 6))
        place.append(
            make(
                "details",
                {},
                make(
                    "summary",
                    {},
                    `${run.name}: ${g.who}, longest ${shortTime(g.slowest[0].took_ps)}`,
                ),
                pair(g),
            ),
        );
}
