"use strict";
/* Swim-lanes of CPUs, command queues and devices. */

const HELD = 1e8; // ps: one command at the head of the queue for longer is a stall
const LANE = 24; // px
const MARKS = {
    timeout: "timed out",
    ignored: "Invalidate Request ignored",
    violation: "violation",
    known_gap: "known gap",
    link: "link",
    action: "scenario",
};

/** [{name, kind, bars, activity, marks}] from top to bottom. */
function lanesOf(run) {
    const l = run.profile.lanes,
        lanes = [];
    const marked = device => l.marks.filter(m => m.device === device);
    for (const c of l.cpus) lanes.push({...c, kind: "cpu", marks: []});
    for (const q of l.queues) {
        const errors = l.errors.filter(e => e.name === q.name).flatMap(e => e.bars);
        lanes.push({...q, name: q.name + " queue", kind: "queue", errors, marks: []});
    }
    for (const d of l.devices) lanes.push({...d, kind: "device", marks: marked(d.name)});
    const others = l.marks.filter(m => !m.device);
    if (others.length > 0) lanes.push({name: "all", kind: "all", bars: [], marks: others});
    return lanes.filter(
        lane => lane.kind !== "cpu" || lane.bars.length > 0 || lane.activity.busy.some(b => b > 0),
    );
}

function barColour(p, lane, bar) {
    if (lane.kind === "cpu") return bar[1] > LONG ? p.red : p.busy;
    if (lane.kind === "queue") return bar[1] > HELD ? p.red : p.busy;
    return bar[2] === "blocked" ? p.amber : bar[2] === "reset" ? p.soft : p.c2;
}

function drawMark(c, p, kind, x, y, s) {
    c.fillStyle =
        kind === "known_gap" ? p.amber : kind === "action" || kind === "link" ? p.c0 : p.red;
    c.beginPath();
    if (kind === "timeout") {
        c.moveTo(x - s, y - s);
        c.lineTo(x + s, y - s);
        c.lineTo(x, y + s);
    } else if (kind === "ignored") {
        c.rect(x - s / 4, y - s, s / 2, 2 * s);
    } else {
        c.moveTo(x, y - s);
        c.lineTo(x + s, y);
        c.lineTo(x, y + s);
        c.lineTo(x - s, y);
    }
    c.fill();
}

/** The state's name in bars that have room for it. */
function labelStates(c, p, lane, x, top, height) {
    c.font = `${Math.round(height * 0.62)}px system-ui, sans-serif`;
    c.fillStyle = p.paper;
    c.textBaseline = "middle";
    for (const bar of lane.bars) {
        if (bar[2] === "reset" || bar[2] === "blocked") continue;
        const a = x(bar[0] / 1e9),
            b = x((bar[0] + bar[1]) / 1e9);
        if (b - a > c.measureText(bar[2]).width + 30) c.fillText(bar[2], a + 14, top + height / 2);
    }
}

function drawLane(u, p, lane, top, height) {
    const c = u.ctx,
        x = ms => u.valToPos(ms, "x", true);
    if (lane.activity && lane.kind !== "device") {
        const w = lane.activity.width_ps;
        c.fillStyle = p.busy;
        lane.activity.busy.forEach((busy, i) => {
            if (busy === 0) return;
            const a = Math.round(x((i * w) / 1e9)),
                b = Math.round(x(((i + 1) * w) / 1e9)),
                h = Math.max(1, height * Math.min(1, busy / w));
            c.fillRect(a, top + height - h, Math.max(b - a, 1), h);
        });
    }
    lane.bars.forEach(bar => {
        const a = x(bar[0] / 1e9),
            b = x((bar[0] + bar[1]) / 1e9);
        c.fillStyle = barColour(p, lane, bar);
        if (bar[2] === "blocked")
            c.fillRect(a, top + height * 0.75, Math.max(b - a, 1.5), height * 0.25);
        else if (bar[2] === "reset") c.fillRect(a, top, Math.max(b - a, 1.5), height * 0.2);
        else c.fillRect(a, top, Math.max(b - a, 1.5), height);
    });
    if (lane.kind === "device") labelStates(c, p, lane, x, top, height);
    for (const e of lane.errors || [])
        drawMark(c, p, "violation", x(e[0] / 1e9), top + height / 2, height / 4);
    for (const m of lane.marks)
        drawMark(c, p, m.kind, x(m.at_ps / 1e9), top + height / 2, height / 3);
}

function laneTip(lane, ms, perPixel) {
    const near = 5 * perPixel,
        text = [];
    for (const m of lane.marks)
        if (Math.abs(m.at_ps / 1e9 - ms) < near && text.length < 6)
            text.push(
                `${MARKS[m.kind]}${m.text ? ": " + m.text : ""}${m.more ? "\n  " + m.more : ""} at ${moment(m.at_ps)}`,
            );
    for (const e of lane.errors || [])
        if (Math.abs(e[0] / 1e9 - ms) < near)
            text.push(
                `command queue error at ${moment(e[0])}, acknowledged after ${shortTime(e[1])}`,
            );
    for (const b of lane.bars)
        if (b[0] / 1e9 - near < ms && ms < (b[0] + b[1]) / 1e9 + near && text.length < 6)
            text.push(
                `${b[2]}${b[3] ? " " + b[3] : ""}${b[4] ? " of " + b[4] : ""}: ${shortTime(b[1])} from ${moment(b[0])}`,
            );
    if (text.length === 0 && lane.activity && lane.kind !== "device") {
        const w = lane.activity.width_ps,
            busy = lane.activity.busy[Math.floor((ms * 1e9) / w)];
        if (busy)
            text.push(
                `${lane.kind === "cpu" ? "interrupts off" : "busy"} ${share(busy, w)} of the time`,
            );
    }
    return text.length ? `${lane.name}, ${ms.toFixed(3)} ms\n${text.join("\n")}` : "";
}

function swimLanes(place, run, time, left) {
    const lanes = lanesOf(run),
        n = lanes.length;
    if (n === 0) return;
    const draw = u =>
        clipped(u, () => {
            const p = palette(),
                row = u.bbox.height / n;
            drawShades(u, run, p);
            lanes.forEach((lane, i) => {
                drawLane(u, p, lane, u.bbox.top + i * row + row * 0.14, row * 0.72);
                u.ctx.fillStyle = p.line;
                u.ctx.fillRect(u.bbox.left, u.bbox.top + (i + 1) * row - 1, u.bbox.width, 1);
            });
        });
    const at = (u, x, y) => {
        const lane = lanes[Math.floor(y / (u.over.clientHeight / n))];
        return lane
            ? laneTip(
                  lane,
                  u.posToVal(x, "x"),
                  (u.scales.x.max - u.scales.x.min) / u.over.clientWidth,
              )
            : "";
    };
    time.members.push(
        plot(
            place,
            time.options({
                height: n * LANE + 56,
                padding: [0, 26, 0, 0],
                scales: {y: {range: [0, n]}},
                axes: [
                    axis({
                        label: "simulated time, ms",
                        labelSize: 16,
                        labelGap: 0,
                        size: 34,
                        labelFont: "12px system-ui, sans-serif",
                        values: timeTicks,
                    }),
                    axis({
                        size: left,
                        grid: {show: false},
                        ticks: {show: false},
                        gap: 4,
                        splits: () => lanes.map((_, i) => n - i - 0.5),
                        values: () => lanes.map(l => l.name),
                    }),
                ],
                series: [{}, {scale: "y", paths: () => null, points: {show: false}}],
                hooks: {draw: [draw]},
            }),
            [
                [time.from, time.until],
                [0, n],
            ],
            `Swim-lanes of run ${run.name}`,
            at,
        ),
    );
}
