// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "platform/explain/charts.h"
#include "platform/report/format.h"

namespace drydock::explain {
namespace {

using json = nlohmann::json;

constexpr std::array participants{role::software, role::smmu, role::device};

std::string name_of(role r, const json& t) {
    if (r == role::software) return t.value("client", "software");
    const std::string device = t.value("device", "");
    if (r == role::device && !device.empty()) return device;
    return std::string(word(r));
}

/// The link is between the SMMU and the device; a chart has no lifeline for it.
role lifeline(role r) { return r == role::link ? role::smmu : r; }

void add_steps(std::vector<step>& to, const json& t) {
    const std::string of = t.at("class");
    std::int64_t at = t.at("begin_ps").get<std::int64_t>();
    for (const json& p : t.at("pieces")) {
        const std::string stage = p.at(0);
        const auto took = p.at(1).get<std::int64_t>();
        const stage_words& w = words_of(stage, of);
        at += took;
        if (took == 0 && w.from == w.to) continue;
        const bool lost = stage == "lost";
        step s{at, took, lifeline(w.from), lifeline(w.to), "", lost};
        s.text = w.from != w.to ? std::string(w.message)
                                : fmt::format("{}: {}", stage, std::string(w.what));
        to.push_back(std::move(s));
    }
}

/// A part replaces the stages in whose time it lies.
bool is_within(const json& t, std::int64_t from, std::int64_t until) {
    if (!t.contains("parts")) return false;
    return std::any_of(t.at("parts").begin(), t.at("parts").end(), [&](const json& p) {
        const auto begin = p.at("begin_ps").get<std::int64_t>();
        return begin <= from && until <= begin + p.at("took_ps").get<std::int64_t>();
    });
}

std::string escaped(const std::string& text) {
    std::string s;
    for (const char c : text)
        s += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
    return s;
}

}  // namespace

std::vector<step> sequence_of(const json& t) {
    std::vector<step> own, all;
    add_steps(own, t);
    for (const step& s : own)
        if (!is_within(t, s.at_ps - s.took_ps, s.at_ps)) all.push_back(s);
    if (t.contains("parts"))
        for (const json& part : t.at("parts")) add_steps(all, part);
    std::stable_sort(all.begin(), all.end(),
                     [](const step& a, const step& b) { return a.at_ps < b.at_ps; });
    return all;
}

std::string mermaid(const json& t) {
    // Mermaid ends a statement at a semicolon and takes "end" for a keyword.
    const auto plain = [](std::string s) {
        std::replace(s.begin(), s.end(), ';', ',');
        return s;
    };
    std::string s = "sequenceDiagram\n";
    for (const role r : participants)
        s += fmt::format("  participant {} as {}\n", word(r), name_of(r, t));
    s += fmt::format("  Note over {},{}: {}, {}, from {}\n", word(role::software),
                     word(role::device), t.value("id", ""), report::short_time(t.at("took_ps")),
                     report::moment(t.at("begin_ps")));
    for (const step& one : sequence_of(t)) {
        const std::string took = report::short_time(one.took_ps);
        if (one.from == one.to)
            s += fmt::format("  Note over {}: {} ({})\n", word(one.from), plain(one.text), took);
        else
            s += fmt::format("  {}->>{}: {} ({})\n", word(one.from), word(one.to), plain(one.text),
                             took);
        if (one.lost)
            s += fmt::format("  {}--x{}: no answer\n", word(role::device), word(role::smmu));
    }
    return s;
}

std::string sequence_svg(const json& t) {
    const std::vector<step> steps = sequence_of(t);
    constexpr int left = 190, lane = 250, row = 34, top = 92;
    const int height = top + row * static_cast<int>(steps.size()) + 34,
              width = left + lane * 2 + 420;
    const auto x = [&](role r) {
        return left + lane * (r == role::software ? 0 : r == role::smmu ? 1 : 2);
    };
    std::string s = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" "
        "font-family=\"DejaVu Sans, sans-serif\" font-size=\"12\">\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n"
        "<style>.t{{paint-order:stroke;stroke:#fff;stroke-width:5px}}</style>\n"
        "<defs><marker id=\"a\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"8\" "
        "markerHeight=\"8\" orient=\"auto-start-reverse\"><path d=\"M0 0L10 5L0 10z\" "
        "fill=\"#1c2024\"/></marker></defs>\n"
        "<text x=\"14\" y=\"24\" font-size=\"15\" font-weight=\"bold\">{2}</text>\n",
        width, height,
        escaped(fmt::format("{} of {}: {}, from {}", t.value("id", ""), t.value("who", ""),
                            report::short_time(t.at("took_ps")),
                            report::moment(t.at("begin_ps")))));
    for (const role r : participants)
        s += fmt::format(
            "<text x=\"{0}\" y=\"58\" text-anchor=\"middle\" font-weight=\"bold\">{1}</text>\n"
            "<line x1=\"{0}\" y1=\"66\" x2=\"{0}\" y2=\"{2}\" stroke=\"#9aa5b1\"/>\n",
            x(r), escaped(name_of(r, t)), height - 14);
    int y = top;
    const auto whole = t.at("took_ps").get<std::int64_t>();
    for (const step& one : steps) {
        const bool most = one.took_ps * 4 > whole;
        const char* ink = one.lost || most ? "#c62828" : "#1c2024";
        s += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#5b6570\">{}</text>\n",
                         left - 60, y + 4, report::moment(one.at_ps));
        const std::string label =
            escaped(fmt::format("{} ({})", one.text, report::short_time(one.took_ps)));
        if (one.from == one.to)
            s += fmt::format(
                "<rect x=\"{}\" y=\"{}\" width=\"8\" height=\"18\" fill=\"{}\"/>\n"
                "<text x=\"{}\" y=\"{}\" fill=\"{}\" class=\"t\">{}</text>\n",
                x(one.from) - 4, y - 9, most || one.lost ? "#c62828" : "#7f93a8", x(one.from) + 10,
                y + 4, ink, label);
        else
            s += fmt::format(
                "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"1.4\" "
                "marker-end=\"url(#a)\"/>\n"
                "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"{}\" "
                "class=\"t\">{}</text>\n",
                x(one.from), y + 6, x(one.to), y + 6, ink, (x(one.from) + x(one.to)) / 2, y, ink,
                label);
        y += row;
    }
    return s + "</svg>\n";
}

}  // namespace drydock::explain
