// SPDX-License-Identifier: Apache-2.0
#include "waves/fst_sink.h"

#include <algorithm>
#include <stdexcept>

#include "waves/field_text.h"

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
                          kind::sw_call,
                          kind::sw_return,
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
      ring_(window_shown),
      signals_(file_, ring_.shown(), options_.instances) {
    for (const kind k : shown) ctx_.probe.subscribe(*this, k);
    if (options_.tlps)
        for (const kind k : shown_tlps) ctx_.probe.subscribe(*this, k);
}

fst_sink::~fst_sink() {
    if (file_.is_open()) finish();
}

void fst_sink::close() {
    if (!file_.is_open()) return;
    finish();
    file_.close();
}

void fst_sink::finish() {
    ctx_.probe.unsubscribe(*this);
    ring_.drain([this](const record& r) { take(r); });
    signals_.finish();
}

void fst_sink::on_event(const base::event& e) {
    if (!ring_.waiting()) return show(e);
    ring_.keep({e.time, e}, [this](const record& r) { take(r); });
    if (e.what != kind::violation || e.d != 0) return;
    ring_.violation(e.time);
    signals_.show(ring_.shown());
    ring_.drain([this](const record& r) { take(r); });
}

void fst_sink::take(const record& r) {
    if (r.own == 0)
        show(r.event);
    else
        show(own_[r.own - 1], r.time, r.value);
}

void fst_sink::show(const base::event& e) {
    signals_.reached(e.time);
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
            return signals_.state(signal_of(shows::state, e.where, place(e.where), "state"), e.time,
                                  ctx_.probe.text_of(e.b));
        case kind::sw_point:
        case kind::sw_task:
        case kind::sw_irqs_off:
        case kind::sw_irqs_on:
        case kind::sw_interrupt:
        case kind::sw_device_blocked:
            return software(e);
        case kind::sw_call:
        case kind::sw_return:
            return call(e);
        case kind::violation:
            log(e);
            return markers(e);
        case kind::action:
            return markers(e);
        default:
            return log(e);
    }
}

// -- signals of a block's own ---------------------------------------------------------------------

base::signal_recorder::signal fst_sink::add(std::string_view scope, std::string_view name,
                                            unsigned bits,
                                            std::span<const std::string_view> words) {
    own_signal s;
    s.at = signals_.add(std::string(scope), std::string(name),
                        words.empty() ? fst_signals::form::bits : fst_signals::form::text, bits);
    s.bits = bits;
    s.words.assign(words.begin(), words.end());
    own_.push_back(std::move(s));
    return static_cast<signal>(own_.size() - 1);
}

void fst_sink::set(signal s, base::ps now, std::span<const std::uint32_t> value) {
    if (!file_.is_open()) return;
    if (!ring_.waiting()) return show(own_[s], now, value);
    ring_.keep({now, {}, s + 1, {value.begin(), value.end()}},
               [this](const record& r) { take(r); });
}

bool fst_sink::recording(base::ps now) const {
    return file_.is_open() && (ring_.waiting() || now <= ring_.shown().to);
}

void fst_sink::show(const own_signal& s, base::ps now, std::span<const std::uint32_t> value) {
    if (!s.words.empty()) {
        if (value[0] < s.words.size()) return signals_.state(s.at, now, s.words[value[0]]);
        append_unsigned(fresh(), value[0]);
        return signals_.state(s.at, now, text_);
    }
    fresh().assign(s.bits, '0');
    for (unsigned bit = 0; bit < s.bits && bit / 32 < value.size(); ++bit)
        if ((value[bit / 32] >> bit % 32 & 1) != 0) text_[s.bits - 1 - bit] = '1';
    signals_.set(s.at, now, text_);
}

fst_signals::signal fst_sink::signal_of(shows what, std::uint64_t key, std::string scope,
                                        std::string name, fst_signals::form f) {
    fst_signals::signal& s = known_[key << 8 | static_cast<std::uint64_t>(what)];
    if (s == 0) s = signals_.add(std::move(scope), std::move(name), f) + 1;
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

std::unique_ptr<sink> open_fst(base::context& ctx, const std::filesystem::path& file,
                               window shown_window, const file_header& header,
                               fst_options options) {
    if (options.lanes < 1 || options.lanes > 64)
        throw std::invalid_argument("waves: lanes: " + std::to_string(options.lanes) +
                                    " is not within 1..64");
    if (shown_window.from > shown_window.to ||
        (shown_window.at_violation && shown_window.from > base::ps{0}))
        throw std::invalid_argument("waves: the window ends before it begins");
    return std::make_unique<fst_sink>(ctx, file, shown_window, header, options);
}

}  // namespace drydock::waves
