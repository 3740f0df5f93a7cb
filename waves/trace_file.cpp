// SPDX-License-Identifier: Apache-2.0
#include "waves/trace_file.h"

#include <algorithm>

#include "waves/field_text.h"

namespace drydock::waves {
namespace {

constexpr std::int64_t ps_per_us = 1'000'000;

/// Microseconds with six digits behind the point: whole picoseconds.
void append_us(std::string& to, std::int64_t ps) {
    append_decimal(to, ps / ps_per_us);
    char digits[8] = ".000000";
    std::int64_t rest = ps % ps_per_us;
    for (int i = 6; i > 0; --i, rest /= 10) digits[i] = static_cast<char>('0' + rest % 10);
    to.append(digits, 7);
}

}  // namespace

trace_file::trace_file(const std::filesystem::path& file, const base::probe& places,
                       std::string_view identity)
    : places_(places), out_(file) {
    out_.line().append("{\"displayTimeUnit\":\"ns\",\"otherData\":").append(identity);
    out_.line().append(",\"traceEvents\":[");
    out_.end_line();
}

trace_file::track trace_file::of(base::place_id p) {
    if (by_place_.size() <= p) by_place_.resize(places_.places());
    track& t = by_place_[p];
    if (t.thread == 0) {
        const std::string& name = places_.name(p);
        t = of(std::string_view(name).substr(0, name.find('.')), name);
    }
    return t;
}

trace_file::track trace_file::of(std::string_view process_name, std::string_view thread) {
    const std::uint32_t p = process(process_name);
    for (std::size_t i = 0; i < threads_.size(); ++i)
        if (threads_[i].first == p && threads_[i].second == thread)
            return {p, static_cast<std::uint32_t>(i + 1)};
    threads_.emplace_back(p, thread);
    const track t{p, static_cast<std::uint32_t>(threads_.size())};
    metadata("thread_name", t, thread);
    return t;
}

std::uint32_t trace_file::process(std::string_view name) {
    const auto found = std::find(processes_.begin(), processes_.end(), name);
    if (found != processes_.end())
        return static_cast<std::uint32_t>(found - processes_.begin() + 1);
    processes_.emplace_back(name);
    const auto p = static_cast<std::uint32_t>(processes_.size());
    metadata("process_name", {p, 0}, name);
    return p;
}

void trace_file::metadata(std::string_view what, track at, std::string_view name) {
    begin('M', at, base::ps{0}, what);
    arg("name", name);
    end();
}

void trace_file::key(std::string_view k) { out_.line().append(",\"").append(k).append("\":"); }

void trace_file::begin(char phase, track at, base::ps when, std::string_view name,
                       std::string_view category) {
    std::string& line = out_.line();
    if (!first_) line += ",\n";
    first_ = false;
    ((line += "{\"ph\":\"") += phase) += "\",\"pid\":";
    append_unsigned(line, at.process);
    append_unsigned(line += ",\"tid\":", at.thread);
    append_us(line += ",\"ts\":", when.count);
    key("name");
    out_.quoted(name);
    if (category.empty()) return;
    key("cat");
    out_.quoted(category);
}

void trace_file::duration(base::ps d) {
    key("dur");
    append_us(out_.line(), d.count);
}
void trace_file::id(std::uint64_t n) {
    key("id");
    append_unsigned(out_.line(), n);
}
void trace_file::raw(std::string_view k, std::string_view json) {
    key(k);
    out_.line() += json;
}

void trace_file::open_args() {
    out_.line() += in_args_ ? "," : ",\"args\":{";
    in_args_ = true;
}
void trace_file::arg(std::string_view k, std::string_view text) {
    open_args();
    out_.quoted(k);
    out_.line() += ':';
    out_.quoted(text);
}
void trace_file::arg(std::string_view k, std::int64_t number) {
    open_args();
    out_.quoted(k);
    append_decimal(out_.line() += ':', number);
}

void trace_file::end() {
    out_.line() += in_args_ ? "}}" : "}";
    in_args_ = false;
    out_.flush_if_full();
}

void trace_file::close() {
    if (!is_open()) return;
    out_.line() += "\n]}";
    out_.end_line();
    out_.close();
}

}  // namespace drydock::waves
