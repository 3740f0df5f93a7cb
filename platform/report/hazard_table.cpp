// SPDX-License-Identifier: Apache-2.0
#include "platform/report/hazard_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <vector>

#include "platform/report/format.h"
#include "platform/report/text_table.h"

namespace drydock::report {
namespace {

using json = nlohmann::json;

/// Variants in the order in which they were published; others follow as they come.
constexpr std::array<std::string_view, 20> published{"none", "R1", "R2", "R3", "R4", "R5", "M1",
                                                     "N1",   "N2", "N3", "N4", "N6", "M2", "M3",
                                                     "off",  "Q1", "Q2", "Q3", "Q4", "Q5"};

std::string text_of(const json& j, const char* key) { return j.value(key, std::string()); }
bool as_expected(const json& cell) { return cell.value("as_expected", false); }
bool differs_from_sheet(const json& cell) { return cell.contains("sheet"); }

/// The first axis has the columns, what the others say is part of the row's name.
std::string columns_of(const json& hazard) {
    static const std::array<std::string_view, 2> usual{"software.quarantine",
                                                       "software.reset.variant"};
    const json& axes = hazard.at("cells").front().at("axes");
    for (const std::string_view path : usual)
        if (axes.contains(path)) return std::string(path);
    return axes.empty() ? "" : axes.items().begin().key();
}

std::string row_name(const json& cell, const std::string& columns) {
    std::string name = text_of(cell, "id");
    for (const auto& [path, value] : cell.at("axes").items())
        if (path != columns && value != "none") name += " " + value.get<std::string>();
    return name;
}

struct place_of_cells {
    std::vector<const json*> cells;  ///< one per order
};
using row = std::map<std::string, place_of_cells>;

/// "hit", "clean", "hit/clean" by order; ! not as expected, * not as the source says.
cell shown(const place_of_cells& p) {
    std::vector<std::string> words;
    bool unexpected = false, explained = false, hit = false;
    for (const json* c : p.cells) {
        const std::string result = text_of(*c, "result");
        const std::string word = result == "unreachable" ? "n/r" : result;
        if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
        unexpected = unexpected || !as_expected(*c);
        explained = explained || differs_from_sheet(*c);
        hit = hit || result == "hit";
    }
    std::string text;
    for (const std::string& w : words) text += (text.empty() ? "" : "/") + w;
    if (unexpected) return {text + "!", colour::yellow};
    return {text + (explained ? "*" : ""), hit ? colour::red : colour::green};
}

/// One table; rows in the hazards' order.
std::string table_of(const std::string& columns, const json& hazards, bool coloured) {
    std::vector<std::string> names, variants;
    std::map<std::string, row> rows;
    const auto note = [](std::vector<std::string>& all, const std::string& one) {
        if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
    };
    for (const json& h : hazards) {
        if (columns_of(h) != columns) continue;
        for (const json& c : h.at("cells")) {
            const std::string name = row_name(c, columns);
            const std::string variant =
                columns.empty() ? "result" : c.at("axes").at(columns).get<std::string>();
            note(names, name);
            note(variants, variant);
            rows[name][variant].cells.push_back(&c);
        }
    }
    std::stable_sort(variants.begin(), variants.end(), [](const auto& a, const auto& b) {
        return std::find(published.begin(), published.end(), a) <
               std::find(published.begin(), published.end(), b);
    });
    text_table t(coloured);
    std::vector<cell> head{{columns.empty() ? "hazard" : columns, colour::bold}};
    for (const std::string& v : variants) head.push_back({v, colour::bold});
    t.row(std::move(head));
    for (const std::string& name : names) {
        std::vector<cell> line{{name}};
        for (const std::string& v : variants) {
            const auto at = rows[name].find(v);
            line.push_back(at == rows[name].end() ? cell{".", colour::dim} : shown(at->second));
        }
        t.row(std::move(line));
    }
    return t.text();
}

std::string name_of(const json& c) {
    return text_of(c, "id") + " " + text_of(c, "variant") +
           (text_of(c, "order").empty() ? "" : " " + text_of(c, "order"));
}

/// One line or more for each cell that is meant; nothing if none is.
template <class Meant, class Say>
std::string section(const json& result, const std::string& heading, Meant meant, Say say) {
    std::string lines;
    for (const json& h : result.at("hazards"))
        for (const json& c : h.at("cells"))
            if (meant(c)) lines += "  " + say(c) + "\n";
    return lines.empty() ? "" : "\n" + heading + "\n" + lines;
}

std::string reasons(const json& c) {
    std::string s;
    for (const json& why : c.at("why")) s += (s.empty() ? "" : "; ") + why.get<std::string>();
    return s;
}

}  // namespace

hazard_summary sum_up(const json& result) {
    hazard_summary s;
    for (const json& h : result.at("hazards")) {
        ++s.hazards;
        for (const json& c : h.at("cells")) {
            ++s.cells;
            const std::string r = text_of(c, "result");
            s.hit += r == "hit" ? 1 : 0;
            s.clean += r == "clean" ? 1 : 0;
            s.partial += r == "partial" ? 1 : 0;
            s.unreachable += r == "unreachable" ? 1 : 0;
            s.unexpected += as_expected(c) ? 0 : 1;
            s.not_the_sheet += as_expected(c) && differs_from_sheet(c) ? 1 : 0;
        }
    }
    return s;
}

json to_json(const hazard_summary& s) {
    return {{"hazards", s.hazards},
            {"cells", s.cells},
            {"hit", s.hit},
            {"clean", s.clean},
            {"partial", s.partial},
            {"unreachable", s.unreachable},
            {"unexpected", s.unexpected},
            {"explained", s.not_the_sheet}};
}

std::string hazard_table(const json& result, const hazard_summary& s, bool coloured) {
    std::vector<std::string> tables;
    for (const json& h : result.at("hazards")) {
        const std::string columns = columns_of(h);
        if (std::find(tables.begin(), tables.end(), columns) == tables.end())
            tables.push_back(columns);
    }
    std::string text;
    for (const std::string& columns : tables)
        text += table_of(columns, result.at("hazards"), coloured) + "\n";
    text += fmt::format(
        "{} hazards, {} cells: {} hit, {} clean, {} partial, {} unreachable; {} "
        "not as expected, {} explained\n",
        s.hazards, grouped(static_cast<std::int64_t>(s.cells)), s.hit, s.clean, s.partial,
        s.unreachable, s.unexpected, s.not_the_sheet);
    text += section(
        result, "not as expected (!)", [](const json& c) { return !as_expected(c); },
        [](const json& c) {
            return fmt::format("{}: {}, expected {}: {}\n    {}", name_of(c), text_of(c, "result"),
                               text_of(c, "expected"), reasons(c), text_of(c, "command"));
        });
    text += section(
        result, "not as the source says (*)",
        [](const json& c) { return as_expected(c) && differs_from_sheet(c); },
        [](const json& c) {
            return fmt::format("{}: {} instead of {}: {}", name_of(c), text_of(c, "result"),
                               text_of(c, "sheet"), text_of(c, "explain"));
        });
    text += section(
        result, "hits, each with the command that replays it",
        [](const json& c) { return text_of(c, "result") == "hit"; },
        [](const json& c) { return text_of(c, "command") + " --waves"; });
    return text;
}

}  // namespace drydock::report
