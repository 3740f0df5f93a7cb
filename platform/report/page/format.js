"use strict";
/* How times, counts and pieces of HTML are written; as the terminal writes them. */

function grouped(n) {
    return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** With so many decimals; a tie goes to the even neighbour, as the terminal rounds. */
function fixed(v, digits) {
    const scaled = v * 10 ** digits,
        low = Math.floor(scaled);
    const tie = scaled - low === 0.5 && Number.isInteger(v * 2 ** (digits + 1));
    return tie && low % 2 === 0 ? (low / 10 ** digits).toFixed(digits) : v.toFixed(digits);
}

/** Three digits and a unit: "1.52 us"; what rounds to 1000 is one of the next. */
function shortTime(ps) {
    if (ps === 0) return "0";
    const sign = ps < 0 ? "-" : "",
        size = Math.abs(ps);
    for (const [name, unit] of [
        ["s", 1e12],
        ["ms", 1e9],
        ["us", 1e6],
        ["ns", 1e3],
        ["ps", 1],
    ]) {
        const v = size / unit;
        if (v < 0.9995 && unit !== 1) continue;
        return sign + fixed(v, unit === 1 || v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2) + " " + name;
    }
    return ps + " ps";
}

function change(ps) {
    return (ps > 0 ? "+" : "") + shortTime(ps);
}
function moment(ps) {
    return (ps / 1e9).toFixed(6) + " ms";
}
function share(part, whole) {
    return whole ? ((100 * part) / whole).toFixed(1) + "%" : "-";
}

/** An element with text, children and attributes: make("td", {class: "left"}, "text", other). */
function make(tag, attributes, ...children) {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(attributes || {}))
        if (v !== undefined) e.setAttribute(k, v);
    for (const c of children) if (c !== null && c !== undefined) e.append(c);
    return e;
}

/** Rows of cells; a cell is text, an element, or {text, class, ps}, where text may be an element. */
function table(head, rows, attributes) {
    const cell = (tag, c) =>
        c instanceof Node
            ? make(tag, {}, c)
            : typeof c === "object" && c !== null
              ? make(tag, {class: c.class, "data-ps": c.ps}, c.text)
              : make(tag, {}, c === null || c === undefined ? "-" : String(c));
    const t = make("table", attributes);
    t.append(make("thead", {}, make("tr", {}, ...head.map(c => cell("th", c)))));
    t.append(make("tbody", {}, ...rows.map(r => make("tr", {}, ...r.map(c => cell("td", c))))));
    return make("div", {class: "scroll"}, t);
}

function legend(entries) {
    return make(
        "div",
        {class: "legend"},
        ...entries.map(([colour, text]) => {
            const i = make("i");
            i.style.background = colour;
            return make("span", {}, i, text);
        }),
    );
}
