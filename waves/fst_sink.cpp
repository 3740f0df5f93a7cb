// SPDX-License-Identifier: Apache-2.0
#include "waves/fst_sink.h"

#include <stdexcept>

#include "waves/field_text.h"
#include "waves/tlp_words.h"

namespace drydock::waves {
namespace {

using base::kind;

constexpr kind shown[] = {kind::span_begin,
                          kind::span_end,
                          kind::link_state,
                          kind::credit_stall,
                          kind::gerror,
                          kind::cerror,
                          kind::itag_taken,
                          kind::itag_retired,
                          kind::itag_timeout,
                          kind::itag_unexpected,
                          kind::event_recorded,
                          kind::event_lost,
                          kind::invalidate_ignored,
                          kind::function_state,
                          kind::error_logged,
                          kind::sw_point,
                          kind::sw_task,
                          kind::sw_irqs_off,
                          kind::sw_irqs_on,
                          kind::sw_interrupt,
                          kind::sw_warn,
                          kind::sw_log,
                          kind::sw_attach,
                          kind::sw_detach,
                          kind::sw_device_blocked,
                          kind::sw_poll_timeout,
                          kind::violation,
                          kind::action};
constexpr kind shown_tlps[] = {kind::tlp_sent, kind::tlp_arrived, kind::tlp_dropped};

}  // namespace

fst_sink::fst_sink(base::context& ctx, const std::filesystem::path& file, window window_shown,
                   const file_header& header, fst_options options)
    : ctx_(ctx),
      names_(header.names),
      options_(options),
      file_(file, header.version, header.identity),
      signals_(file_, window_shown) {
    for (const kind k : shown) ctx_.probe.subscribe(*this, k);
    if (options_.tlps)
        for (const kind k : shown_tlps) ctx_.probe.subscribe(*this, k);
}

fst_sink::~fst_sink() {
    if (!file_.is_open()) return;
    ctx_.probe.unsubscribe(*this);
    signals_.finish();
}

void fst_sink::close() {
    if (!file_.is_open()) return;
    ctx_.probe.unsubscribe(*this);
    signals_.finish();
    file_.close();
}

void fst_sink::on_event(const base::event& e) {
    switch (e.what) {
        case kind::tlp_sent:
        case kind::tlp_arrived:
        case kind::tlp_dropped:
        case kind::link_state:
        case kind::credit_stall:
            return link(e);
        case kind::gerror:
        case kind::itag_taken:
        case kind::itag_retired:
        case kind::itag_timeout:
            return smmu(e);
        case kind::span_begin:
        case kind::span_end:
            return spans(e);
        case kind::function_state:
            return signals_.set(signal_of(shows::state, e.where, place(e.where), "state"), e.time,
                                ctx_.probe.text_of(e.b));
        case kind::sw_point:
        case kind::sw_task:
        case kind::sw_irqs_off:
        case kind::sw_irqs_on:
        case kind::sw_interrupt:
        case kind::sw_device_blocked:
            return software(e);
        default:
            return log(e);
    }
}

fst_signals::signal fst_sink::signal_of(shows what, std::uint64_t key, std::string scope,
                                        std::string name, bool number) {
    fst_signals::signal& s = known_[key << 8 | static_cast<std::uint64_t>(what)];
    if (s == 0) s = signals_.add(std::move(scope), std::move(name), number) + 1;
    return s - 1;
}

fst_lanes& fst_sink::lanes_of(std::uint64_t what, base::place_id where, std::string_view name) {
    std::uint32_t& group = groups_[std::uint64_t{where} << 8 | what];
    if (group == 0) {
        lanes_.emplace_back(place(where), std::string(name), options_.lanes);
        group = static_cast<std::uint32_t>(lanes_.size());
    }
    return lanes_[group - 1];
}

void fst_sink::take(fst_lanes& lanes, std::uint64_t key, base::ps now) {
    if (!lanes.take(signals_, key, now, text_)) ++overflowed_;
}

void fst_sink::link(const base::event& e) {
    const auto group = static_cast<std::uint64_t>(shows::tlps);
    std::string& text = fresh();
    switch (e.what) {
        case kind::tlp_sent: {
            append_hex((text += tlp_word(e.a)) += ' ', e.b);
            append_unsigned(text += ' ', e.c);
            append_routing_id(text += "B ", e.d >> 16);
            append_unsigned(text += " tag ", e.d & 0xffff);
            return take(lanes_of(group, e.where, "tlp"), tlp_key(e), e.time);
        }
        case kind::tlp_arrived:
            lanes_of(group, e.where, "tlp").release(signals_, tlp_key(e), e.time);
            return;
        case kind::tlp_dropped:
            return log(e);
        case kind::link_state:
            return signals_.set(signal_of(shows::link, e.where, place(e.where), "link"), e.time,
                                ctx_.probe.text_of(e.a));
        default: {  // credit_stall
            static constexpr const char* names[] = {"stall_posted", "stall_non_posted",
                                                    "stall_completion"};
            if (e.a > 2) return;
            return signals_.set(signal_of(shows::stall, std::uint64_t{e.where} * 4 + e.a,
                                          place(e.where), names[e.a]),
                                e.time, e.b != 0 ? "no credits" : "");
        }
    }
}

void fst_sink::smmu(const base::event& e) {
    std::string& text = fresh();
    if (e.what == kind::gerror) {
        for (std::size_t bit = 0; bit < gerror_words.size(); ++bit) {
            if (((e.a ^ e.b) >> bit & 1) == 0) continue;
            if (!text.empty()) text += ' ';
            text += gerror_words[bit];
        }
        return signals_.set(signal_of(shows::gerror, e.where, place(e.where), "gerror"), e.time,
                            text);
    }
    fst_lanes& lanes =
        lanes_of(static_cast<std::uint64_t>(shows::invalidations), e.where, "invalidation");
    append_unsigned(text += "INV ", e.span.value);
    append_unsigned((text += ' ').append(device(e.b)) += " itag ", e.a);
    std::uint32_t& in_use = in_use_[e.where];
    if (e.what == kind::itag_taken) {
        ++in_use;
        take(lanes, e.a, e.time);
    } else {
        // A timed-out ITag is retired like any other; its last words stay.
        const bool lost = e.what == kind::itag_timeout;
        if (!lost && in_use > 0) --in_use;
        if (lost) text.replace(0, 3, "TIMEOUT");
        lanes.release(signals_, e.a, e.time, lost ? std::string_view(text) : std::string_view());
    }
    signals_.set_number(signal_of(shows::itags, e.where, place(e.where), "itags_in_use", true),
                        e.time, in_use);
}

void fst_sink::spans(const base::event& e) {
    if (e.what == kind::span_end) {
        if (const std::uint32_t* group = span_group_.find(e.span.value)) {
            lanes_[*group].release(signals_, e.span.value, e.time);
            span_group_.erase(e.span.value);
        }
        return;
    }
    const auto of = static_cast<base::span_class>(e.a);
    // Invalidations have lanes by ITag, DMA those of its TLPs; commands come and go within their
    // unmap.
    if (of != base::span_class::unmap && of != base::span_class::reset &&
        of != base::span_class::call && of != base::span_class::translation &&
        of != base::span_class::page_request)
        return;
    const std::uint64_t what = static_cast<std::uint64_t>(shows::spans) + e.a;
    fst_lanes& lanes = lanes_of(what, e.where, word(of));
    std::string& text = fresh();
    append_unsigned((text += word(of)) += ' ', e.span.value);
    if (e.c != 0) (text += ' ') += device(e.c);
    if (e.d != 0) append_hex(text += ' ', e.d);
    if (!lanes.take(signals_, e.span.value, e.time, text)) {
        ++overflowed_;
        return;
    }
    span_group_[e.span.value] = groups_[std::uint64_t{e.where} << 8 | what] - 1;
}

void fst_sink::software(const base::event& e) {
    const auto cpu = [&](shows what, const char* name) {
        return signal_of(what, e.a, "cpus.cpu" + std::to_string(e.a), name);
    };
    switch (e.what) {
        case kind::sw_irqs_off:
            return signals_.set(cpu(shows::irqs, "irqs"), e.time, "off");
        case kind::sw_irqs_on:
            return signals_.set(cpu(shows::irqs, "irqs"), e.time, "on");
        case kind::sw_interrupt:
            return signals_.set(
                cpu(shows::interrupt, "interrupt"), e.time,
                e.c != 0 ? std::string_view(ctx_.probe.text_of(e.b)) : std::string_view());
        case kind::sw_task: {
            base::place_id& running = running_[e.a];
            if (ctx_.probe.text_of(e.b) == "runs") {
                running = e.where + 1;
                return signals_.set(cpu(shows::task, "task"), e.time, place(e.where));
            }
            if (running != e.where + 1) return;  // another task's state: this CPU runs on
            running = 0;
            return signals_.set(cpu(shows::task, "task"), e.time, "");
        }
        case kind::sw_device_blocked:
            return signals_.set(
                signal_of(shows::blocked, e.a, "devices." + device(e.a), "software"), e.time,
                e.b != 0 ? "blocked" : "attached");
        default: {  // sw_point
            std::string& text = fresh();
            text += ctx_.probe.text_of(e.a);
            if (e.b != 0) (text += ' ') += device(e.b);
            return signals_.note(signal_of(shows::point, e.where, place(e.where), "point"), e.time,
                                 text);
        }
    }
}

void fst_sink::log(const base::event& e) {
    const base::kind_info& k = base::info(e.what);
    std::string& text = fresh();
    text += k.name;
    for (std::size_t i = 0; i < k.fields.size(); ++i) {
        if (k.formats[i] == '-') continue;
        ((text += ' ') += k.fields[i]) += '=';
        append_readable(text, ctx_.probe, names_, k.formats[i], field(e, i));
    }
    signals_.note(signal_of(shows::log, e.where, place(e.where), "log"), e.time, text);
    if (e.what == kind::tlp_dropped) {
        // What is lost on the way leaves its lane, if it ever had one.
        const auto group = static_cast<std::uint64_t>(shows::tlps);
        lanes_of(group, e.where, "tlp").release(signals_, tlp_key(e), e.time, "DROPPED");
    }
}

std::unique_ptr<sink> open_fst(base::context& ctx, const std::filesystem::path& file,
                               window shown_window, const file_header& header,
                               fst_options options) {
    if (options.lanes < 1 || options.lanes > 64)
        throw std::invalid_argument("waves: lanes: " + std::to_string(options.lanes) +
                                    " is not within 1..64");
    if (shown_window.from > shown_window.to)
        throw std::invalid_argument("waves: the window ends before it begins");
    return std::make_unique<fst_sink>(ctx, file, shown_window, header, options);
}

}  // namespace drydock::waves
