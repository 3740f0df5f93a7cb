// SPDX-License-Identifier: Apache-2.0
#include "waves/save_file.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>
#include <vector>

namespace drydock::waves {
namespace {

constexpr base::ps shown_whole{2'000'000'000};  // a wave file up to this long is shown whole
constexpr base::ps before_mark{40'000'000}, shown_part{100'000'000};
constexpr double view_pixels = 1100;  // of the usual window
constexpr double zoom_pixels = 200;   // GTKWave: a pixel is 2^-zoom / 200 time units
constexpr std::size_t named_markers = 26;

/// Whether name is the pattern; what the first star stands for.
bool matches(std::string_view pattern, std::string_view name, std::string& first) {
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) return pattern == name;
    if (name.substr(0, star) != pattern.substr(0, star)) return false;
    const std::string_view rest = pattern.substr(star + 1);
    const std::size_t dot = std::min(name.find('.', star), name.size());
    for (std::size_t end = star + 1; end <= dot; ++end) {
        std::string inner;
        if (!matches(rest, name.substr(end), inner)) continue;
        first = std::string(name.substr(star, end - star));
        return true;
    }
    return false;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
        text.replace(at, what.size(), by);
    return text;
}

/// How the signals below it are drawn, until said otherwise.
struct drawing {
    std::string flags, filter, colour;
};

constexpr std::string_view condition = "[if] ";

class expansion {
public:
    explicit expansion(const wave_index& index) : index_(index) {}

    void line(const std::string& l) {
        if (l.starts_with("[*]")) return;
        if (l.starts_with(condition)) {
            wanted_ = wanted_ && known(l.substr(condition.size()));
            return;
        }
        if (l.starts_with("-")) {
            group_ = l;
        } else if (l.starts_with("@")) {
            drawn_ = {l, "", ""};
        } else if (l.starts_with("^")) {
            drawn_.filter = l;
        } else if (l.starts_with("[color]")) {
            drawn_.colour = l;
        } else if (!l.empty()) {
            signals(l);
            drawn_.colour.clear();
        }
    }
    /// Empty if the file has none of its signals, or none of those without which it is not wanted.
    std::string text() const { return wanted_ ? text_ : std::string(); }

private:
    bool known(std::string_view pattern) const {
        return std::any_of(index_.signals.begin(), index_.signals.end(), [&](const auto& name) {
            std::string first;
            return matches(pattern, std::string_view(name).substr(0, name.find(' ')), first);
        });
    }
    void signals(const std::string& l) {
        std::string alias, pattern = l;
        if (l.starts_with("+{")) {
            const std::size_t end = l.find("} ");
            if (end == std::string::npos) return;
            alias = l.substr(2, end - 2);
            pattern = l.substr(end + 2);
        }
        for (const std::string& name : index_.signals) {
            // GTKWave's name of a vector has the range without a blank.
            const std::string bare = name.substr(0, name.find(' '));
            std::string first;
            if (!matches(pattern, bare, first)) continue;
            heading();
            add(drawn_.flags);
            add(drawn_.filter);
            add(drawn_.colour);
            const std::string shown = replaced(name, " ", "");
            add(alias.empty() ? shown : "+{" + replaced(alias, "$1", first) + "} " + shown);
        }
    }
    void heading() {
        if (group_.empty()) return;
        add("@200");
        add(group_);
        group_.clear();
    }
    void add(const std::string& l) {
        if (!l.empty()) (text_ += l) += '\n';
    }

    const wave_index& index_;
    std::string text_, group_;
    drawing drawn_;
    bool wanted_ = true;
};

/// Where the view begins, how much it shows, and the markers. Their names are short: those that
/// stand close overlap, and the signals of the scope `markers` say it all.
std::string position(const wave_index& index) {
    std::vector<wave_index::mark> marks = index.violations;
    for (wave_index::mark& m : marks) m.text = "violation";
    for (const wave_index::mark& m : index.faults) marks.push_back({m.time, "fault"});
    if (marks.size() > named_markers) marks.resize(named_markers);
    base::ps from = index.begin, length = index.end - index.begin;
    if (length > shown_whole) {
        length = shown_part;
        if (!marks.empty()) from = std::max(index.begin, marks.front().time - before_mark);
    }
    const double zoom =
        -std::log2(std::max(1.0, static_cast<double>(length.count) * zoom_pixels / view_pixels));
    std::string text = "[timestart] " + std::to_string(from.count) + "\n";
    char number[32];
    std::snprintf(number, sizeof number, "*%.6f", zoom);
    text += number;
    text += " " + std::to_string(marks.empty() ? from.count : marks.front().time.count);
    for (std::size_t m = 0; m < named_markers; ++m)
        text += " " + (m < marks.size() ? std::to_string(marks[m].time.count) : "-1");
    text += '\n';
    for (std::size_t m = 0; m < marks.size(); ++m)
        (((text += "[markername] ") += static_cast<char>('A' + m)) += ' ') += marks[m].text + "\n";
    return text;
}

}  // namespace

std::optional<std::string> save_file(std::string_view view, const wave_index& index,
                                     const std::string& wave_name, const std::string& save_name) {
    expansion traces(index);
    std::istringstream lines{std::string(view)};
    for (std::string l; std::getline(lines, l);) traces.line(l);
    const std::string shown = traces.text();
    if (shown.empty()) return std::nullopt;
    return "[dumpfile] \"" + wave_name + "\"\n[savefile] \"" + save_name + "\"\n" +
           position(index) +
           "[size] 1600 1000\n[pos] -1 -1\n[sst_width] 200\n[signals_width] 300\n"
           "[sst_expanded] 0\n" +
           shown + "[pattern_trace] 1\n[pattern_trace] 0\n";
}

}  // namespace drydock::waves
