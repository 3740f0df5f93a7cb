// SPDX-License-Identifier: Apache-2.0
// Which event becomes which signal.
#include "waves/field_text.h"
#include "waves/fst_sink.h"
#include "waves/tlp_words.h"
#include "waves/transaction_id.h"

namespace drydock::waves {

using base::kind;

void fst_sink::link(const base::event& e) {
    const auto group = static_cast<std::uint64_t>(shows::tlps);
    switch (e.what) {
        case kind::tlp_sent:
            return tlp_sent(e);
        case kind::tlp_arrived:
            lanes_of(group, e.where, "tlp").release(signals_, tlp_key(e), e.time);
            return;
        case kind::tlp_dropped:
            return log(e);
        case kind::link_state:
            return signals_.state(signal_of(shows::link, e.where, place(e.where), "link"), e.time,
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

/// "TLP 812 MWr 0x4000 256B ep0 tag 3 DMA 77": with the transaction that it belongs to.
void fst_sink::tlp_sent(const base::event& e) {
    std::string& text = fresh();
    append_tlp(text, ++tlps_, e.a, e.b);
    append_unsigned(text += ' ', e.c);
    (text += "B ") += device(e.d >> 16);
    append_unsigned(text += " tag ", e.d & 0xffff);
    if (const base::span_class* of = span_class_.find(e.span.value))
        append_id(text += ' ', *of, e.span);
    take(lanes_of(static_cast<std::uint64_t>(shows::tlps), e.where, "tlp"), tlp_key(e), e.time);
}

void fst_sink::smmu(const base::event& e) {
    std::string& text = fresh();
    if (e.what == kind::gerror) {
        for (std::size_t bit = 0; bit < gerror_words.size(); ++bit) {
            if (((e.a ^ e.b) >> bit & 1) == 0) continue;
            if (!text.empty()) text += ' ';
            text += gerror_words[bit];
        }
        return signals_.state(signal_of(shows::gerror, e.where, place(e.where), "gerror"), e.time,
                              text);
    }
    fst_lanes& lanes =
        lanes_of(static_cast<std::uint64_t>(shows::invalidations), e.where, "invalidation");
    // A timed-out ITag is retired like any other; its last words stay.
    const bool lost = e.what == kind::itag_timeout;
    if (lost) text += "TIMEOUT ";
    append_id(text, base::span_class::atc_inv, e.span);
    append_unsigned((text += ' ').append(device(e.b)) += " itag ", e.a);
    std::uint32_t& in_use = in_use_[e.where];
    if (e.what == kind::itag_taken) {
        ++in_use;
        take(lanes, e.a, e.time);
    } else {
        if (!lost && in_use > 0) --in_use;
        lanes.release(signals_, e.a, e.time, lost ? std::string_view(text) : std::string_view());
    }
    signals_.set_number(
        signal_of(shows::itags, e.where, place(e.where), "itags_in_use", fst_signals::form::number),
        e.time, in_use);
}

void fst_sink::spans(const base::event& e) {
    if (e.what == kind::span_end) {
        const base::span_class* of = span_class_.find(e.span.value);
        if (of == nullptr) return;
        if (const std::uint32_t* group = span_group_.find(e.span.value)) {
            // An unmap's result is its class; of the others all but 0 is a failure.
            std::string& text = fresh();
            if (e.a != 0 && *of != base::span_class::unmap) {
                append_id(text, *of, e.span);
                append_decimal(text += " result ", static_cast<std::int64_t>(e.a));
            }
            lanes_[*group].release(signals_, e.span.value, e.time, text);
            span_group_.erase(e.span.value);
        }
        span_class_.erase(e.span.value);
        return;
    }
    const auto of = static_cast<base::span_class>(e.a);
    span_class_[e.span.value] = of;
    // Invalidations have lanes by ITag, DMA those of its TLPs; commands come and go within their
    // unmap.
    if (of != base::span_class::unmap && of != base::span_class::reset &&
        of != base::span_class::call && of != base::span_class::translation &&
        of != base::span_class::page_request)
        return;
    const std::uint64_t what = static_cast<std::uint64_t>(shows::spans) + e.a;
    fst_lanes& lanes = lanes_of(what, e.where, word(of));
    std::string& text = fresh();
    append_id(text, of, e.span);
    if (e.c != 0) (text += ' ') += device(e.c);
    if (e.d != 0) append_hex(text += ' ', e.d);
    if (!lanes.take(signals_, e.span.value, e.time, text)) {
        ++overflowed_;
        return;
    }
    span_group_[e.span.value] = groups_[std::uint64_t{e.where} << 8 | what] - 1;
}

/// Calls of one task nest; of the same function the innermost returns first, which shows alike.
void fst_sink::call(const base::event& e) {
    fst_lanes& lanes = lanes_of(static_cast<std::uint64_t>(shows::calls), e.where, "call");
    const std::uint64_t key = e.a << 16 | (e.b & 0xffff);
    std::string& text = fresh();
    if (e.what == kind::sw_call) {
        append_id(text, call_id_word, ++calls_);
        (text += ' ') += ctx_.probe.text_of(e.a);
        if (e.b != 0) (text += ' ') += device(e.b);
        return take(lanes, key, e.time);
    }
    if (e.c != 0) {
        text += ctx_.probe.text_of(e.a);
        append_decimal(text += " returned ", static_cast<std::int64_t>(e.c));
    }
    lanes.release(signals_, key, e.time, text);
}

/// What the scenario did, and the first violation that decides the outcome.
void fst_sink::markers(const base::event& e) {
    const auto mark = [&](std::uint64_t which, const char* name) {
        signals_.note(signal_of(shows::marker, which, "markers", name), e.time, text_);
    };
    std::string& text = fresh();
    if (e.what == kind::violation) {
        if (e.d != 0 || violated_) return;
        violated_ = true;
        (text += ctx_.probe.text_of(e.a)) += ' ';
        (text += device(e.b)) += ": ";
        text += ctx_.probe.text_of(e.c);
        return mark(0, "first_violation");
    }
    const std::string& verb = ctx_.probe.text_of(e.a);
    ((text += verb) += ' ') += ctx_.probe.text_of(e.b);
    if (verb == "inject" || verb == "fail") mark(1, "fault");
    mark(2, "timeline");
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
            return signals_.state(
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
        lanes_of(group, e.where, "tlp").release(signals_, tlp_key(e), e.time, "DROPPED " + text);
    }
}

}  // namespace drydock::waves
