"use strict";
/* Per run: unmap latency as dots on a log scale, and swim-lanes of CPUs, command queues and devices. */

const LONG = 1e9; // ps: interrupts off, or an unmap, for longer is a stall

/** States of a device that are shaded over the whole panel. */
function shades(run) {
    return run.profile.lanes.devices.flatMap(d =>
        d.bars
            .filter(b => b[2] !== "blocked" && b[2] !== "reset")
            .map(b => ({
                from: b[0] / 1e9,
                until: (b[0] + b[1]) / 1e9,
                text: b[2] + " of " + d.name,
            })),
    );
}

function drawShades(u, run, p) {
    u.ctx.fillStyle = p.shade;
    for (const s of shades(run)) {
        const a = u.valToPos(s.from, "x", true),
            b = u.valToPos(s.until, "x", true);
        u.ctx.fillRect(a, u.bbox.top, Math.max(b - a, 1), u.bbox.height);
    }
}

/** Draws inside of the plotting area only. */
function clipped(u, draw) {
    u.ctx.save();
    u.ctx.beginPath();
    u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    u.ctx.clip();
    draw();
    u.ctx.restore();
}

function dotsOf(run) {
    const all = [];
    run.profile.groups
        .filter(g => g.class === "unmap")
        .forEach((g, i) => {
            if (!g.dots) return;
            const exact = new Set();
            for (const t of g.slowest) {
                all.push({
                    x: t.begin_ps / 1e9,
                    y: t.took_ps,
                    n: 1,
                    series: i,
                    who: g.who,
                    id: t.id,
                    open: t.ended === "open",
                });
                exact.add(t.begin_ps);
            }
            for (const [column, lowest, n] of g.dots.of)
                all.push({
                    x: ((column + 0.5) * g.dots.width_ps) / 1e9,
                    y: lowest * 1.06,
                    n,
                    series: i,
                    who: g.who,
                });
        });
    return all.filter(d => d.y > 0);
}

/** The decades that hold the unmaps of all runs, so that they can be held against each other. */
function decades(runs) {
    let least = Infinity,
        most = 0;
    for (const run of runs)
        for (const d of dotsOf(run)) {
            least = Math.min(least, d.y);
            most = Math.max(most, d.y);
        }
    return [10 ** Math.floor(Math.log10(least)), 10 ** Math.ceil(Math.log10(most * 1.01))];
}

function latencyDots(place, run, time, [low, high], left) {
    const dots = dotsOf(run),
        unmaps = run.profile.groups.filter(g => g.class === "unmap");
    if (dots.length === 0) return;
    place.append(legend(unmaps.map((g, i) => [`var(--c${i % 8})`, `unmaps of ${g.who}`])));
    const draw = u =>
        clipped(u, () => {
            const p = palette(),
                c = u.ctx,
                ratio = devicePixelRatio;
            drawShades(u, run, p);
            for (const d of dots) {
                const x = u.valToPos(d.x, "x", true),
                    y = u.valToPos(d.y, "y", true);
                c.fillStyle = d.y > LONG ? p.red : p.series(d.series);
                c.globalAlpha = d.id ? 1 : 0.55;
                c.beginPath();
                c.arc(x, y, ratio * (d.id ? 3 : 1.4 + 0.35 * Math.log2(d.n)), 0, 7);
                c.fill();
                if (d.id && d.y > LONG) {
                    // it lasted so long
                    c.globalAlpha = 0.5;
                    c.fillRect(x, y - ratio, u.valToPos(d.x + d.y / 1e9, "x", true) - x, 2 * ratio);
                }
            }
            c.globalAlpha = 1;
        });
    const at = (u, x, y) => {
        let best = null,
            distance = 14;
        for (const d of dots) {
            const off = Math.hypot(u.valToPos(d.x, "x") - x, u.valToPos(d.y, "y") - y);
            if (off < distance || (off === distance && d.id)) [best, distance] = [d, off];
        }
        if (!best) return "";
        return best.id
            ? `${best.id} of ${best.who}\n${shortTime(best.y)}${best.open ? ", open at the end" : ""}, from ${best.x.toFixed(6)} ms`
            : `${grouped(best.n)} unmap${best.n > 1 ? "s" : ""} of ${best.who}\nabout ${shortTime(best.y)}, near ${best.x.toFixed(3)} ms`;
    };
    time.members.push(
        plot(
            place,
            time.options({
                height: 200,
                padding: [8, 26, 6, 0],
                scales: {y: {distr: 3, log: 10, range: [low, high]}},
                axes: [axis({show: false}), durations(left)],
                series: [{}, {scale: "y", paths: () => null, points: {show: false}}],
                hooks: {draw: [draw]},
            }),
            [
                [time.from, time.until],
                [low, high],
            ],
            `Latency of the unmaps of run ${run.name} over time`,
            at,
        ),
    );
}

function timelines(place, runs) {
    const from = Math.min(...runs.map(r => r.profile.began_ps)),
        until = Math.max(...runs.map(r => r.profile.ended_ps));
    const time = new TimeAxis(from / 1e9, until / 1e9);
    place.append(
        make(
            "p",
            {class: "soft screen"},
            "Drag to zoom all of them, double-click to see all again; rest on something to read it.",
        ),
    );
    const scale = decades(runs),
        longest = Math.max(8, ...runs.flatMap(r => lanesOf(r).map(l => l.name.length)));
    const left = Math.min(160, 16 + 7 * longest);
    for (const run of runs) {
        const figure = make("figure", {"data-run": run.name});
        place.append(make("h3", {}, run.name + ": " + run.words), figure);
        latencyDots(figure, run, time, scale, left);
        swimLanes(figure, run, time, left);
    }
    place.append(
        legend([
            [
                "var(--red)",
                "stall: interrupts off or an unmap over 1 ms, a command over 0.1 ms at the queue's head",
            ],
            ["var(--shade)", "a device is in reset"],
            ["var(--busy)", "share of time busy"],
            ["var(--amber)", "blocked by the IOMMU"],
        ]),
        make(
            "p",
            {class: "soft"},
            "Triangle: an invalidation timed out. Line: an Invalidate Request was ignored. Diamond: a violation, an error of the command queue or (blue) a step of the scenario.",
        ),
    );
}
