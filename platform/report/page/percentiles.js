"use strict";
/* Latency distributions: percentile from left to right on a scale of nines, duration on a log scale. */

const NINES = ["0", "90%", "99%", "99.9%", "99.99%", "99.999%", "99.9999%"];

/** From how many nines on a duration holds; the last until there is no more. */
function curve(group) {
    const points = [];
    let below = 0;
    for (const [ps, n] of group.bins || []) {
        points.push([-Math.log10(1 - below / group.count), Math.max(ps, 1)]);
        below += n;
    }
    if (points.length)
        points.push([Math.max(Math.log10(group.count), 0.3), points[points.length - 1][1]]);
    return points;
}

/** Several curves on the union of their x. */
function joined(curves) {
    const xs = [...new Set(curves.flatMap(c => c.map(p => p[0])))].sort((a, b) => a - b);
    return [
        xs,
        ...curves.map(c => {
            let i = 0;
            return xs.map(x => {
                if (c.length === 0 || x > c[c.length - 1][0]) return null;
                while (i + 1 < c.length && c[i + 1][0] <= x) i++;
                return c[i][1];
            });
        }),
    ];
}

const TITLES = {
    unmap: "Unmaps, per client",
    atc_inv: "Completed invalidations, per device",
    translation: "Translations, per device",
    page_request: "Page requests, per device",
};

function distribution(place, runs, of) {
    const series = runs.flatMap((run, r) =>
        run.profile.groups
            .filter(g => g.class === of && g.count > 0)
            .map(g => ({run, r, g, curve: curve(g)})),
    );
    if (series.length === 0) return;
    const names = [...new Set(series.map(s => s.g.who))];
    const style = s => ({colour: names.indexOf(s.g.who) + names.length * s.r});
    const most = Math.max(...series.map(s => s.g.max_ps)),
        least = Math.min(...series.flatMap(s => s.curve.map(p => p[1])));
    const low = 10 ** Math.floor(Math.log10(least)),
        high = 10 ** Math.ceil(Math.log10(most * 1.01));
    const figure = make("figure", {"data-class": of});
    place.append(make("h3", {}, TITLES[of] || of), figure);
    figure.append(
        legend(
            series.map(s => [
                `var(--c${style(s).colour % 8})`,
                `${s.g.who}, ${s.run.name} (${grouped(s.g.count)})`,
            ]),
        ),
    );
    const data = joined(series.map(s => s.curve));
    const at = (u, x) => {
        const nines = u.posToVal(x, "x"),
            i = data[0].findIndex(v => v > nines);
        const k = i < 0 ? data[0].length - 1 : Math.max(0, i - 1);
        const percent = 100 * (1 - 10 ** -nines);
        return (
            `${percent.toFixed(Math.max(0, Math.ceil(nines)))}% are at or below\n` +
            series
                .map((s, n) =>
                    data[n + 1][k] === null
                        ? null
                        : `${shortTime(data[n + 1][k])}  ${s.g.who}, ${s.run.name}`,
                )
                .filter(t => t)
                .join("\n")
        );
    };
    plot(
        figure,
        {
            height: 240,
            padding: [8, 26, 0, 0],
            scales: {
                x: {time: false, range: (u, min, max) => [Math.max(0, min), max]},
                y: {distr: 3, log: 10, range: [low, high]},
            },
            cursor: {drag: {x: true, y: false}, points: {show: false}, y: false},
            axes: [axis({incrs: [1], values: (u, s) => s.map(v => NINES[v] || "")}), durations(74)],
            series: [
                {},
                ...series.map(s => ({
                    stroke: () => colour("c" + (style(s).colour % 8)),
                    width: 1.6,
                    dash: s.r % 2 ? [6, 3] : undefined,
                    points: {show: false},
                    paths: uPlot.paths.stepped({align: 1}),
                })),
            ],
        },
        data,
        TITLES[of] || of,
        at,
    );
}

function distributions(place, runs) {
    for (const of of ["unmap", "atc_inv", "translation", "page_request"])
        distribution(place, runs, of);
}
