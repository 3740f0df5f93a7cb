// SPDX-License-Identifier: Apache-2.0
#include "waves/trace_file.h"

#include "waves/field_text.h"

namespace drydock::waves {
namespace {

constexpr std::int64_t ps_per_us = 1'000'000;

/// Microseconds with up to six digits behind the point: whole picoseconds.
void append_us(std::string& to, std::int64_t ps) {
    append_decimal(to, ps / ps_per_us);
    std::int64_t rest = ps % ps_per_us;
    if (rest == 0) return;
    char digits[8] = ".000000";
    std::size_t used = 7;
    for (int i = 6; i > 0; --i, rest /= 10) digits[i] = static_cast<char>('0' + rest % 10);
    while (digits[used - 1] == '0') --used;
    to.append(digits, used);
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
    if (by_place_[p].thread == 0) {
        const std::string& name = places_.name(p);
        by_place_[p] = of(std::string_view(name).substr(0, name.find('.')), name);
    }
    return by_place_[p];
}

trace_file::track trace_file::of(std::string_view process_name, std::string_view thread) {
    const std::uint32_t p = process(process_name);
    for (const named& t : threads_)
        if (t.at.process == p && t.name == thread) return t.at;
    threads_.push_back({std::string(thread), {p, ++numbers_}});
    const track at = threads_.back().at;
    metadata("thread_name", at, thread);
    return at;
}

std::uint32_t trace_file::process(std::string_view name) {
    for (const named& p : processes_)
        if (p.name == name) return p.at.process;
    processes_.push_back({std::string(name), {++numbers_, 0}});
    const track at = processes_.back().at;
    metadata("process_name", at, name);
    return at.process;
}

void trace_file::metadata(std::string_view what, track at, std::string_view name) {
    std::string& line = open('M', at.process);
    if (at.thread != 0) append_unsigned(line += ",\"tid\":", at.thread);
    key("name");
    out_.quoted(what);
    arg("name", name);
    end();
}

void trace_file::key(std::string_view k) { out_.line().append(",\"").append(k).append("\":"); }

std::string& trace_file::open(char phase, std::uint32_t process) {
    std::string& line = out_.line();
    if (!first_) line += ",\n";
    first_ = false;
    ((line += "{\"ph\":\"") += phase) += '"';
    append_unsigned(line += ",\"pid\":", process);
    return line;
}

void trace_file::begin(char phase, track at, base::ps when, std::string_view name,
                       std::string_view category) {
    std::string& line = open(phase, at.process);
    if (at.thread != 0) append_unsigned(line += ",\"tid\":", at.thread);
    append_us(line += ",\"ts\":", when.count);
    if (!name.empty()) {
        key("name");
        out_.quoted(name);
    }
    if (category.empty()) return;
    key("cat");
    out_.quoted(category);
}

void trace_file::begin_async(char phase, std::uint32_t process, std::string_view category,
                             std::uint32_t id, base::ps when, std::string_view name) {
    std::string& line = open(phase, process);
    key("cat");
    out_.quoted(category);
    append_unsigned(line += ",\"id\":", id);
    append_us(line += ",\"ts\":", when.count);
    if (name.empty()) return;
    key("name");
    out_.quoted(name);
}

void trace_file::duration(base::ps d) {
    key("dur");
    append_us(out_.line(), d.count);
}
void trace_file::arrow(std::uint64_t number, bool from, bool on) {
    key("bind_id");
    std::string& line = out_.line();
    append_hex(line += '"', number);
    line += '"';
    if (from) raw("flow_in", "true");
    if (on) raw("flow_out", "true");
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
