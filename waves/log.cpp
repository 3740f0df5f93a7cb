// SPDX-License-Identifier: Apache-2.0
#include "waves/log.h"

#include "waves/field_text.h"
#include "waves/flat_map.h"
#include "waves/transaction_id.h"

namespace drydock::waves {
namespace {

using base::kind;
using base::span_class;

constexpr kind of_interest[] = {
    kind::span_begin,      kind::span_end,        kind::link_state,     kind::link_error,
    kind::cerror,          kind::gerror,          kind::event_recorded, kind::event_lost,
    kind::itag_timeout,    kind::itag_unexpected, kind::function_state, kind::invalidate_ignored,
    kind::error_logged,    kind::sw_warn,         kind::sw_log,         kind::sw_call,
    kind::sw_return,       kind::sw_attach,       kind::sw_detach,      kind::sw_device_blocked,
    kind::sw_poll_timeout, kind::violation,       kind::action};

/// Too many to read: they are in the other files.
constexpr bool is_bulk(span_class c) {
    return c == span_class::translation || c == span_class::dma;
}

constexpr std::string_view plain = "\033[0m", dim = "\033[2m", red = "\033[1;31m",
                           yellow = "\033[33m", cyan = "\033[36m", magenta = "\033[35m";

constexpr std::string_view colour_of(kind k) {
    switch (k) {
        case kind::violation:
        case kind::itag_timeout:
        case kind::cerror:
        case kind::sw_warn:
            return red;
        case kind::error_logged:
        case kind::event_recorded:
        case kind::gerror:
        case kind::link_error:
        case kind::invalidate_ignored:
        case kind::sw_poll_timeout:
            return yellow;
        case kind::action:
            return cyan;
        case kind::function_state:
        case kind::link_state:
            return magenta;
        default:
            return "";
    }
}

/// "20.025493291 ms", all digits: whole picoseconds.
void append_time(std::string& to, base::ps t) {
    constexpr std::int64_t ps_per_ms = 1'000'000'000;
    append_decimal(to, t.count / ps_per_ms);
    std::string digits = std::to_string(ps_per_ms + t.count % ps_per_ms);
    digits[0] = '.';
    to.append(digits).append(" ms");
}

class log_sink final : public sink, base::observer {
public:
    log_sink(base::context& ctx, std::FILE* to, const file_header& header, log_options options)
        : ctx_(ctx), to_(to), names_(header.names), options_(std::move(options)) {
        for (const kind k : of_interest) ctx_.probe.subscribe(*this, k);
    }
    ~log_sink() override { ctx_.probe.unsubscribe(*this); }
    void close() override { ctx_.probe.unsubscribe(*this); }
    std::uint64_t overflowed() const override { return 0; }

private:
    struct open_span {
        base::event begin;
    };

    void on_event(const base::event& e) override {
        if (e.what == kind::span_begin) return begins(e);
        if (e.what == kind::span_end) return ends(e);
        const base::kind_info& k = base::info(e.what);
        head(e);
        id(e);
        words(k.name);
        for (std::size_t i = 0; i < k.fields.size(); ++i) {
            if (k.formats[i] == '-') continue;
            ((line_ += ' ') += k.fields[i]) += '=';
            append_readable(line_, ctx_.probe, names_, k.formats[i], field(e, i));
        }
        write(colour_of(e.what));
    }

    void begins(const base::event& e) {
        const auto of = static_cast<span_class>(e.a);
        open_[e.span.value] = {e};
        if (of != span_class::reset) return;
        head(e);
        id(e);
        words("begins ");
        device(e.c);
        write(magenta);
    }

    void ends(const base::event& e) {
        const open_span* found = open_.find(e.span.value);
        if (found == nullptr) return;
        const base::event begin = found->begin;
        const auto of = static_cast<span_class>(begin.a);
        if (of == span_class::reset || (options_.transactions && !is_bulk(of))) {
            head(e);
            id(e);
            device(begin.c);
            append_decimal(line_ += " took ", (e.time - begin.time).count);
            append_decimal(line_ += " ps, result ", static_cast<std::int64_t>(e.a));
            write(of == span_class::reset ? magenta : "");
        }
        open_.erase(e.span.value);
    }

    void head(const base::event& e) {
        line_.clear();
        if (!options_.run.empty()) (line_ += options_.run) += "  ";
        append_time(line_, e.time);
        (line_ += "  ") += ctx_.probe.name(e.where);
        line_ += "  ";
    }
    void id(const base::event& e) {
        if (e.what == kind::sw_call) {
            append_id(line_, call_id_word, ++calls_);
        } else if (const open_span* s = open_.find(e.span.value)) {
            append_id(line_, static_cast<span_class>(s->begin.a), e.span);
        } else {
            return;
        }
        line_ += "  ";
    }
    void words(std::string_view w) { line_ += w; }
    void device(std::uint64_t rid) {
        if (rid != 0) line_ += names_.name(base::routing_id{static_cast<std::uint16_t>(rid)});
    }
    void write(std::string_view colour) {
        const std::size_t time_end = line_.find(" ms") + 3;
        if (options_.colours) {
            if (!colour.empty()) line_.insert(time_end, colour), line_ += plain;
            line_.insert(0, dim);
            line_.insert(time_end + dim.size(), plain);
        }
        line_ += '\n';
        std::fwrite(line_.data(), 1, line_.size(), to_);
    }

    base::context& ctx_;
    std::FILE* to_;
    device_names names_;
    log_options options_;
    flat_map<std::uint64_t, open_span> open_;
    std::string line_;
    std::uint64_t calls_ = 0;
};

}  // namespace

std::unique_ptr<sink> open_log(base::context& ctx, std::FILE* to, const file_header& header,
                               log_options options) {
    return std::make_unique<log_sink>(ctx, to, header, std::move(options));
}

}  // namespace drydock::waves
