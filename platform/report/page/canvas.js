"use strict";
/* What all charts share: colours of the theme, the tooltip, size, zoom over one time axis. */

const charts = []; // every uPlot on the page, with what redraws it

function colour(name) {
    return getComputedStyle(document.documentElement)
        .getPropertyValue("--" + name)
        .trim();
}
/** Reads the theme once per drawing. */
function palette() {
    const p = {};
    for (const n of [
        "paper",
        "ink",
        "soft",
        "line",
        "red",
        "amber",
        "green",
        "shade",
        "busy",
        "c0",
        "c1",
        "c2",
        "c3",
        "c4",
        "c5",
        "c6",
        "c7",
    ])
        p[n] = colour(n);
    p.series = i => p["c" + (i % 8)];
    return p;
}

function tip(event, text) {
    const box = document.getElementById("tip");
    box.hidden = !text;
    if (!text) return;
    box.textContent = text;
    const w = box.offsetWidth,
        h = box.offsetHeight;
    box.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - w - 6)) + "px";
    box.style.top =
        (event.clientY + 18 + h > innerHeight ? event.clientY - h - 12 : event.clientY + 18) + "px";
}

/** Shows what `at(u, x, y)` says of a place of the plotting area, in CSS pixels. */
function hover(u, at) {
    u.over.addEventListener("mousemove", e => {
        const r = u.over.getBoundingClientRect();
        tip(e, at(u, e.clientX - r.left, e.clientY - r.top));
    });
    u.over.addEventListener("mouseleave", () => tip(null, ""));
}

/** A chart as wide as its place, drawn again when that changes. */
function plot(place, options, data, label, at) {
    const box = make("div", {class: "chart", role: "img", "aria-label": label});
    place.append(box);
    const width = () => Math.max(240, Math.floor(box.clientWidth));
    const u = new uPlot({...options, width: width(), legend: {show: false}}, data, box);
    if (at) hover(u, at);
    charts.push(u);
    new ResizeObserver(() => {
        if (width() !== u.width) u.setSize({width: width(), height: u.height});
    }).observe(box);
    return u;
}

function axis(extra) {
    return {
        stroke: () => colour("soft"),
        grid: {stroke: () => colour("line"), width: 1},
        ticks: {stroke: () => colour("line"), width: 1},
        font: "12px system-ui, sans-serif",
        ...extra,
    };
}

/** A log scale of durations: lines and words at powers of ten alone. */
function durations(size) {
    const decades = (u, splits) =>
        splits.map(v => (Number.isInteger(Math.round(Math.log10(v) * 1e6) / 1e6) ? v : null));
    return axis({
        size,
        filter: decades,
        values: (u, s) => s.map(v => (v === null ? "" : shortTime(v))),
        grid: {stroke: () => colour("line"), width: 1, filter: decades},
        ticks: {show: false},
    });
}

/** Milliseconds, with as many digits as the ticks' distance needs. */
function timeTicks(u, splits) {
    const step = splits.length > 1 ? splits[1] - splits[0] : 1;
    let digits = 0;
    while (digits < 9 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6)
        digits++;
    return splits.map(v => v.toFixed(digits));
}

/** Charts that show one stretch of time together: a zoom of one is a zoom of all. */
class TimeAxis {
    constructor(from, until) {
        this.from = from;
        this.until = until;
        this.members = [];
        this.busy = false;
    }
    options(extra) {
        const self = this;
        return {
            ...extra,
            scales: {
                x: {
                    time: false,
                    range: (u, min, max) => [
                        min === null ? self.from : min,
                        max === null ? self.until : max,
                    ],
                },
                ...extra.scales,
            },
            cursor: {
                sync: {key: "time", setSeries: false},
                drag: {x: true, y: false, setScale: true},
                points: {show: false},
                y: false,
            },
            hooks: {
                ...extra.hooks,
                setScale: [
                    (u, key) => {
                        if (key === "x") self.follow(u);
                    },
                ],
            },
        };
    }
    follow(u) {
        if (this.busy) return;
        this.busy = true;
        const {min, max} = u.scales.x;
        for (const m of this.members)
            if (m !== u && (m.scales.x.min !== min || m.scales.x.max !== max))
                m.setScale("x", {min, max});
        this.busy = false;
    }
}

function redrawAll() {
    for (const u of charts) u.redraw(false, true);
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
/* On paper the colours are those for light, and what was zoomed stays so. */
addEventListener("beforeprint", () => {
    document.documentElement.classList.add("print");
    redrawAll();
});
addEventListener("afterprint", () => {
    document.documentElement.classList.remove("print");
    redrawAll();
});
