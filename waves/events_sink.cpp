// SPDX-License-Identifier: Apache-2.0
#include "waves/events_sink.h"

#include "waves/field_text.h"
#include "waves/transaction_id.h"

namespace drydock::waves {
namespace {

constexpr std::string_view level_word(base::event_level l) {
    return l == base::event_level::life     ? "life"
           : l == base::event_level::detail ? "detail"
                                            : "tlp";
}
/// One line each at level life.
bool is_routine(const operation& o) {
    const auto c = static_cast<base::span_class>(o.begin.a);
    return c == base::span_class::unmap || c == base::span_class::atc_inv ||
           c == base::span_class::page_request;
}
/// Always in full.
constexpr bool is_episode(base::span_class c) {
    return c == base::span_class::reset || c == base::span_class::call;
}

}  // namespace

events_sink::events_sink(base::context& ctx, const std::filesystem::path& file,
                         base::event_level level, const file_header& header)
    : ctx_(ctx), level_(level), out_(file) {
    out_.line().append("{\"drydock\":").append(header.identity).append(",\"level\":\"");
    out_.line().append(level_word(level)).append("\",\"unit\":{\"t\":\"ps\"},\"ids\":{");
    for (unsigned c = 1; c <= static_cast<unsigned>(base::span_class::reset); ++c) {
        if (c != 1) out_.line() += ',';
        out_.quoted(word(static_cast<base::span_class>(c)));
        out_.line() += ':';
        out_.quoted(id_word(static_cast<base::span_class>(c)));
    }
    out_.line().append("}}");
    out_.end_line();
    for (const base::kind_info& k : base::kind_table)
        if (k.level <= level) ctx_.probe.subscribe(*this, k.what);
}

events_sink::~events_sink() {
    if (!out_.is_open()) return;
    ctx_.probe.unsubscribe(*this);
    write_open_operations();
}

void events_sink::close() {
    if (!out_.is_open()) return;
    ctx_.probe.unsubscribe(*this);
    write_open_operations();
    out_.close();
}

void events_sink::on_event(const base::event& e) {
    last_ = e.time;
    if (level_ != base::event_level::life || !fold(e)) write(e);
}

/// Level life: true if the event is part of an operation's one line, or left out.
bool events_sink::fold(const base::event& e) {
    switch (e.what) {
        case base::kind::span_begin:
            if (is_episode(static_cast<base::span_class>(e.a))) return false;
            under_way_.begin(e);
            return true;
        case base::kind::stage:
            under_way_.stage(e);
            return true;
        case base::kind::span_end:
            if (const operation* o = under_way_.find(e.span)) {
                if (is_routine(*o)) write_operation(*o, e.time, &e);
                under_way_.end(e.span);
                return true;
            }
            return false;
        case base::kind::sync_done:
            return true;
        case base::kind::sw_point:
        case base::kind::sw_call:
        case base::kind::sw_return:
            return under_way_.find(e.span) != nullptr;
        default:
            return false;
    }
}

void events_sink::head(base::ps t, std::string_view kind, base::place_id where,
                       base::span_id span) {
    append_decimal(out_.line().append("{\"t\":"), t.count);
    out_.line().append(",\"kind\":\"").append(kind).append("\",\"where\":");
    out_.quoted(ctx_.probe.name(where));
    append_unsigned(out_.line().append(",\"span\":"), span.value);
}

void events_sink::key(std::string_view name) {
    out_.line().append(",\"").append(name).append("\":");
}

void events_sink::value(char format, std::uint64_t v) {
    std::string& line = out_.line();
    switch (format) {
        case 'x':
            line += '"';
            append_hex(line, v);
            line += '"';
            return;
        case 'r':
            line += '"';
            append_routing_id(line, v);
            line += '"';
            return;
        case 's':
            return out_.quoted(ctx_.probe.text_of(v));
        case 'w':
            return out_.quoted(ctx_.probe.name(static_cast<base::place_id>(v)));
        case 'c':
            return out_.quoted(word(static_cast<base::span_class>(v)));
        default:
            return append_decimal(line, static_cast<std::int64_t>(v));
    }
}

void events_sink::write(const base::event& e) {
    const base::kind_info& k = base::info(e.what);
    head(e.time, k.name, e.where, e.span);
    for (std::size_t i = 0; i < k.fields.size(); ++i) {
        if (k.formats[i] == '-') continue;
        key(k.fields[i]);
        value(k.formats[i], field(e, i));
    }
    out_.line() += '}';
    out_.end_line();
}

void events_sink::write_operation(const operation& o, base::ps now, const base::event* end) {
    const base::kind_info& k = base::info(base::kind::span_begin);
    head(now, word(static_cast<base::span_class>(o.begin.a)), o.begin.where, o.begin.span);
    for (std::size_t i = 1; i < k.fields.size(); ++i) {
        if (k.formats[i] == '-' || (k.formats[i] == 'p' && field(o.begin, i) == 0)) continue;
        key(k.fields[i]);
        value(k.formats[i], field(o.begin, i));
    }
    if (end != nullptr) {
        key("result");
        append_decimal(out_.line(), static_cast<std::int64_t>(end->a));
    } else {
        out_.line().append(",\"open\":true");
    }
    const std::int64_t accounted = write_stages(o);
    if (accounted != (now - o.begin.time).count) {
        key("took");
        append_decimal(out_.line(), (now - o.begin.time).count);
    }
    out_.line() += '}';
    out_.end_line();
}

std::int64_t events_sink::write_stages(const operation& o) {
    if (o.stages.empty()) return -1;
    const std::uint32_t first = o.stages.front().number;
    const std::int64_t begin = o.stages.front().after;
    if (first % 16 != 0) {  // where its class does not begin
        key("first");
        append_unsigned(out_.line(), first);
    }
    std::string& line = out_.line().append(",\"stages\":[");
    std::int64_t before = begin;
    for (std::size_t i = 1; i < o.stages.size(); ++i) {
        if (i > 1) line += ',';
        for (std::uint32_t skipped = o.stages[i - 1].number + 1; skipped < o.stages[i].number;
             ++skipped)
            line.append("null,");
        append_decimal(line, o.stages[i].after - before);
        before = o.stages[i].after;
    }
    line += ']';
    return begin == 0 ? before : -1;
}

void events_sink::write_open_operations() {
    for (const operation* o : under_way_.all())
        if (is_routine(*o)) write_operation(*o, last_, nullptr);
}

std::unique_ptr<sink> open_events(base::context& ctx, const std::filesystem::path& file,
                                  base::event_level level, const file_header& header) {
    return std::make_unique<events_sink>(ctx, file, level, header);
}

}  // namespace drydock::waves
