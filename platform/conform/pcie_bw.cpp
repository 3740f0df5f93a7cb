// SPDX-License-Identifier: Apache-2.0
#include "platform/conform/pcie_bw.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "platform/scenario/nearest.h"
#include "platform/scenario/place.h"

namespace drydock::conform {
namespace {

struct field {
    std::string_view text;
    int column;  // from 1
};

std::vector<field> split(std::string_view line) {
    std::vector<field> fields;
    for (std::size_t at = 0;;) {
        const std::size_t comma = std::min(line.find(',', at), line.size());
        std::size_t begin = at, end = comma;
        while (begin < end && line[begin] == ' ') ++begin;
        while (end > begin && line[end - 1] == ' ') --end;
        fields.push_back({line.substr(begin, end - begin), static_cast<int>(begin) + 1});
        if (comma == line.size()) return fields;
        at = comma + 1;
    }
}

enum column : std::size_t { gen, lanes, mps, mrrs, rcb, payload, write, read, columns };
constexpr std::array<std::string_view, columns> names{"gen",        "lanes",     "mps_bytes",
                                                      "mrrs_bytes", "rcb_bytes", "payload_bytes",
                                                      "write_gbps", "read_gbps"};

/// A table being read: where each column stands.
class reader {
public:
    reader(const std::string& file, std::string_view head) : file_(file) {
        place_.fill(std::numeric_limits<std::size_t>::max());
        const std::vector<field> fields = split(head);
        for (std::size_t i = 0; i < fields.size(); ++i) {
            const auto known = std::find(names.begin(), names.end(), fields[i].text);
            if (known != names.end()) place_[static_cast<std::size_t>(known - names.begin())] = i;
        }
        for (std::size_t c = 0; c < columns; ++c)
            if (place_[c] == std::numeric_limits<std::size_t>::max()) {
                std::vector<std::string> present;
                present.reserve(fields.size());
                for (const field& f : fields) present.emplace_back(f.text);
                throw scenario::bad_input(
                    {file_, 1, 1},
                    fmt::format("no column '{}'; expected a first line that names {}{}", names[c],
                                fmt::join(names, ", "),
                                scenario::did_you_mean(std::string(names[c]), present)));
            }
    }

    bandwidth_row row(std::string_view line, int number) const {
        const std::vector<field> fields = split(line);
        const auto of = [&](column c) {
            if (place_[c] >= fields.size())
                throw scenario::bad_input({file_, number, static_cast<int>(line.size()) + 1},
                                          fmt::format("the line ends before column '{}'; expected "
                                                      "{} fields",
                                                      names[c], place_[c] + 1));
            return fields[place_[c]];
        };
        bandwidth_row r;
        r.what.gen = whole(of(gen), number, "gen", 1, 6, "gen1..gen6");
        r.what.lanes = whole(of(lanes), number, "x", 1, 32, "x1..x32");
        check_link(r.what, of(lanes), number);
        r.what.max_payload = power(of(mps), number, 128, 4096);
        r.what.max_read_request = power(of(mrrs), number, 128, 4096);
        r.what.completion_boundary = power(of(rcb), number, 64, 128);
        r.what.bytes = whole(of(payload), number, "", 1, 65536, "1..65536 bytes");
        r.write_gbps = rate(of(write), number);
        r.read_gbps = rate(of(read), number);
        return r;
    }

private:
    [[noreturn]] void refuse(const field& f, int line, std::string_view expected) const {
        throw scenario::bad_input({file_, line, f.column},
                                  fmt::format("'{}'; expected {}", f.text, expected));
    }
    unsigned whole(const field& f, int line, std::string_view prefix, unsigned least, unsigned most,
                   std::string_view expected) const {
        std::string_view digits = f.text;
        if (!digits.starts_with(prefix)) refuse(f, line, expected);
        digits.remove_prefix(prefix.size());
        unsigned n = 0;
        const auto [end, error] = std::from_chars(digits.begin(), digits.end(), n);
        if (error != std::errc() || end != digits.end() || n < least || n > most)
            refuse(f, line, expected);
        return n;
    }
    unsigned power(const field& f, int line, unsigned least, unsigned most) const {
        const std::string expected = fmt::format("a power of two from {} to {}", least, most);
        const unsigned n = whole(f, line, "", least, most, expected);
        if ((n & (n - 1)) != 0) refuse(f, line, expected);
        return n;
    }
    double rate(const field& f, int line) const {
        double n = 0;
        const auto [end, error] = std::from_chars(f.text.data(), f.text.data() + f.text.size(), n);
        if (error != std::errc() || end != f.text.data() + f.text.size() || !(n > 0) ||
            !std::isfinite(n))
            refuse(f, line, "a rate in Gb/s above 0");
        return n;
    }
    void check_link(const transfer& t, const field& f, int line) const {
        try {
            pcie::check_link(t.gen, t.lanes);
        } catch (const std::invalid_argument& e) {
            refuse(f, line, e.what());
        }
    }

    const std::string& file_;
    std::array<std::size_t, columns> place_{};
};

double error_of(double simulated, double table) { return 100 * (simulated - table) / table; }

}  // namespace

std::vector<bandwidth_row> parse_bandwidth_table(std::string_view text, const std::string& file) {
    std::vector<bandwidth_row> rows;
    std::optional<reader> r;
    int number = 0;
    while (!text.empty()) {
        ++number;
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        if (!r)
            r.emplace(file, line);
        else if (line.find_first_not_of(' ') != std::string_view::npos)
            rows.push_back(r->row(line, number));
    }
    if (rows.empty())
        throw scenario::bad_input({file, std::max(number, 1), 1},
                                  "no rows; expected a line with names and one for each transfer");
    return rows;
}

bandwidth_verdict compare_bandwidth(const std::vector<bandwidth_row>& rows) {
    std::vector<transfer> transfers;
    for (const auto accounting :
         {pcie::dllp_accounting::pcie_bench, pcie::dllp_accounting::mechanistic})
        for (const bandwidth_row& r : rows) {
            transfers.push_back(r.what);
            transfers.back().accounting = accounting;
        }
    const std::vector<bandwidth> simulated = measure(transfers);
    bandwidth_verdict v;
    v.text = fmt::format(
        "{:<10} {:>5} {:>5} {:>6}  {:>9} {:>9} {:>7}  {:>9} {:>9} {:>7}  {:>11} {:>11}\n", "link",
        "MPS", "MRRS", "bytes", "write", "table", "error", "read", "table", "error", "mech. write",
        "mech. read");
    double sum = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const bandwidth_row& r = rows[i];
        const bandwidth& s = simulated[i];
        const bandwidth& m = simulated[rows.size() + i];
        const double w = error_of(s.write_gbps, r.write_gbps),
                     d = error_of(s.read_gbps, r.read_gbps);
        const bool ok = std::abs(w) <= v.row_limit && std::abs(d) <= v.row_limit;
        ++(ok ? v.passed : v.failed);
        sum += std::abs(w) + std::abs(d);
        v.text += fmt::format(
            "{:<10} {:>5} {:>5} {:>6}  {:>9.3f} {:>9.3f} {:>+6.2f}%  {:>9.3f} {:>9.3f} {:>+6.2f}%"
            "  {:>11.3f} {:>11.3f}{}\n",
            fmt::format("gen{} x{}", r.what.gen, r.what.lanes), r.what.max_payload,
            r.what.max_read_request, r.what.bytes, s.write_gbps, r.write_gbps, w, s.read_gbps,
            r.read_gbps, d, m.write_gbps, m.read_gbps, ok ? "" : "  FAILED");
    }
    v.mean_error = sum / static_cast<double>(2 * rows.size());
    v.text += fmt::format(
        "rates in Gb/s; mean error {:.2f}% (limit {}%), {} passed, {} failed "
        "(limit {}% a row)\n",
        v.mean_error, v.mean_limit, v.passed, v.failed, v.row_limit);
    return v;
}

}  // namespace drydock::conform
