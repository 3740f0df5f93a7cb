// SPDX-License-Identifier: Apache-2.0
#include "waves/trace_sink.h"

#include "waves/field_text.h"
#include "waves/transaction_id.h"

namespace drydock::waves {
namespace {

using base::kind;

constexpr kind shown_always[] = {
    kind::span_begin, kind::span_end, kind::stage, kind::itag_taken, kind::itag_retired,
    kind::register_write, kind::command_done, kind::atc_fill, kind::atc_invalidated,
    kind::function_state, kind::link_state, kind::sw_call, kind::sw_return, kind::sw_task,
    kind::sw_irqs_off, kind::sw_irqs_on, kind::sw_interrupt,
    // instants
    kind::cerror, kind::gerror, kind::event_recorded, kind::itag_timeout, kind::itag_unexpected,
    kind::invalidate_ignored, kind::error_logged, kind::link_error, kind::sw_warn, kind::sw_log,
    kind::sw_device_blocked, kind::sw_poll_timeout, kind::violation, kind::action,
    // their number
    kind::tlp_sent};
constexpr kind shown_of_the_wire[] = {kind::tlp_arrived, kind::tlp_dropped, kind::credit_consumed,
                                      kind::credit_returned};

}  // namespace

trace_sink::trace_sink(base::context& ctx, const std::filesystem::path& file, window shown,
                       const file_header& header, trace_options options)
    : ctx_(ctx),
      names_(header.names),
      options_(std::move(options)),
      file_(file, ctx.probe, header.identity),
      ring_(shown),
      counters_(ctx.probe, file_, options_.gauges) {
    for (const kind k : shown_always) ctx_.probe.subscribe(*this, k);
    if (options_.wire)
        for (const kind k : shown_of_the_wire) ctx_.probe.subscribe(*this, k);
}

trace_sink::~trace_sink() {
    if (!file_.is_open()) return;
    finish();
    try {
        file_.close();
    } catch (const std::exception&) {  // who wants to know calls close()
    }
}

void trace_sink::close() {
    if (!file_.is_open()) return;
    finish();
    file_.close();
}

/// What is still open at the end is shown as far as it came.
void trace_sink::finish() {
    ctx_.probe.unsubscribe(*this);
    ring_.drain([this](const base::event& e) { show(e); });
    for (const operation* o : under_way_.all()) span_ended(*o, last_, nullptr);
    for (auto& [thread, at] : slices_) change(at.first, last_, "");
    for (const auto& [key, flights] : flying_)
        for (const flight& f : flights) write(f, last_, "");
    for (auto& [where, calls] : open_calls_)
        while (!calls.empty()) {
            const open_call innermost = calls.back();
            calls.pop_back();
            close_call(innermost, last_, nullptr);
        }
}

void trace_sink::on_event(const base::event& e) {
    if (!ring_.waiting()) return show(e);
    ring_.keep(e, [this](const base::event& old) { show(old); });
    if (e.what != kind::violation || e.d != 0) return;
    ring_.violation(e.time);
    ring_.drain([this](const base::event& kept) { show(kept); });
}

void trace_sink::show(const base::event& e) {
    last_ = e.time;
    counters_.on_event(e, inside(e.time));
    switch (e.what) {
        case kind::span_begin:
            return span_began(e);
        case kind::stage:
            return under_way_.stage(e);
        case kind::span_end:
            if (const operation* o = under_way_.find(e.span)) {
                span_ended(*o, e.time, &e);
                under_way_.end(e.span);
            }
            return;
        case kind::tlp_sent:
            return tlp_sent(e);
        case kind::tlp_arrived:
        case kind::tlp_dropped:
            return tlp_gone(e);
        case kind::function_state:
            return change(file_.of(e.where), e.time, ctx_.probe.text_of(e.b));
        case kind::link_state:
            return change(file_.of(e.where), e.time, "link " + ctx_.probe.text_of(e.a));
        case kind::sw_call:
        case kind::sw_return:
            return call(e);
        case kind::sw_task:
        case kind::sw_irqs_off:
        case kind::sw_irqs_on:
        case kind::sw_interrupt:
            return software(e);
        default:
            return instant(e);
    }
}

void trace_sink::change(track at, base::ps now, std::string_view name) {
    slice& s = slices_.try_emplace(at.thread, at, slice{}).first->second.second;
    if (!s.name.empty() && overlaps(s.since, now)) {
        file_.begin('X', at, s.since, s.name);
        file_.duration(now - s.since);
        file_.end();
    }
    s.name = name;
    s.since = now;
}

void trace_sink::software(const base::event& e) {
    const std::string cpu = "cpu" + std::to_string(e.a);
    switch (e.what) {
        case kind::sw_irqs_off:
            return change(file_.of("cpus", cpu + " irqs off"), e.time, "irqs off");
        case kind::sw_irqs_on:
            return change(file_.of("cpus", cpu + " irqs off"), e.time, "");
        case kind::sw_interrupt:
            return change(file_.of("cpus", cpu + " interrupt"), e.time,
                          e.c != 0 ? ctx_.probe.text_of(e.b) : "");
        default: {  // sw_task
            const track at = file_.of("cpus", cpu);
            const std::string& task = ctx_.probe.name(e.where);
            if (ctx_.probe.text_of(e.b) == "runs") return change(at, e.time, task);
            const auto running = slices_.find(at.thread);
            if (running != slices_.end() && running->second.second.name == task)
                change(at, e.time, "");
        }
    }
}

/// Calls of one task nest.
void trace_sink::call(const base::event& e) {
    std::vector<open_call>& calls = open_calls_[e.where];
    if (e.what == kind::sw_call) {
        calls.push_back({e, ++calls_, false});
    } else {
        if (calls.empty()) return;
        const open_call ended = calls.back();
        calls.pop_back();
        return close_call(ended, e.time, &e);
    }
    if (!inside(e.time)) return;
    for (open_call& c : calls)
        if (!std::exchange(c.written, true)) write(c);
}

void trace_sink::write(const open_call& c) {
    file_.begin('B', file_.of(c.begin.where), c.begin.time, ctx_.probe.text_of(c.begin.a), "CALL");
    std::string id;
    append_id(id, call_id_word, c.number);
    file_.arg("id", id);
    if (c.begin.b != 0) file_.arg("device", device(c.begin.b));
    file_.end();
}

void trace_sink::close_call(open_call c, base::ps now, const base::event* end) {
    if (!c.written && !overlaps(c.begin.time, now)) return;
    if (!c.written) {
        // Began before the window, as did those around it: they come first.
        for (open_call& outer : open_calls_[c.begin.where])
            if (!std::exchange(outer.written, true)) write(outer);
        write(c);
    }
    // Perfetto does without a name, speedscope ends nothing without it.
    file_.begin('E', file_.of(c.begin.where), now, ctx_.probe.text_of(c.begin.a));
    if (end != nullptr && end->c != 0) file_.arg("result", static_cast<std::int64_t>(end->c));
    if (end == nullptr) file_.arg("open", "true");
    file_.end();
}

/// Everything else is a mark: a violation across all of the trace, the rest on its thread.
void trace_sink::instant(const base::event& e) {
    const base::kind_info& k = base::info(e.what);
    const bool counted_only = e.what == kind::itag_taken || e.what == kind::itag_retired ||
                              e.what == kind::register_write || e.what == kind::command_done ||
                              e.what == kind::atc_fill || e.what == kind::atc_invalidated ||
                              e.what == kind::credit_consumed || e.what == kind::credit_returned;
    if (counted_only || !inside(e.time)) return;
    std::string name(k.name);
    if (e.what == kind::itag_timeout)
        name = "TIMEOUT " + id_text(base::span_class::atc_inv, e.span);
    if (e.what == kind::violation) name = "violation " + ctx_.probe.text_of(e.a);
    if (e.what == kind::action) name = ctx_.probe.text_of(e.a) + " " + ctx_.probe.text_of(e.b);
    file_.begin('i', file_.of(e.where), e.time, name, k.name);
    if (e.what == kind::violation) file_.raw("s", "\"g\"");
    for (std::size_t i = 0; i < k.fields.size(); ++i) {
        if (k.formats[i] == '-') continue;
        std::string text;
        append_readable(text, ctx_.probe, names_, k.formats[i], field(e, i));
        file_.arg(k.fields[i], text);
    }
    file_.arg("ps", e.time.count);
    file_.end();
}

std::unique_ptr<sink> open_trace(base::context& ctx, const std::filesystem::path& file,
                                 window shown, const file_header& header, trace_options options) {
    return std::make_unique<trace_sink>(ctx, file, shown, header, std::move(options));
}

}  // namespace drydock::waves
