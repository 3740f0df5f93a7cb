// SPDX-License-Identifier: Apache-2.0
// Transactions of a trace: async spans with their stages, arrows, TLPs.
#include "waves/field_text.h"
#include "waves/tlp_words.h"
#include "waves/trace_sink.h"
#include "waves/transaction_id.h"

namespace drydock::waves {
namespace {

using base::span_class;

/// Group of lanes of a link's TLPs, beside those of the span classes.
constexpr std::uint64_t tlp_lanes = 0xff;

/// Where an invalidation's arrow stops: from boundary to boundary, at the place that tells the
/// latter. Command written, fetched and decoded, processed by the ATC, matched.
struct leg {
    std::uint32_t from, to;
    const char* name;
};
constexpr leg legs[] = {{0, 2, "issue"}, {3, 5, "fetch"}, {9, 10, "invalidate"}, {13, 14, "match"}};

const operation::boundary* find(const operation& o, std::uint32_t number) {
    for (const operation::boundary& b : o.stages)
        if (b.number == number) return &b;
    return nullptr;
}

}  // namespace

void trace_sink::span_began(const base::event& e) {
    under_way_.begin(e);
    // Those of one class, place and function share lanes.
    lane_of_[e.span.value] = lanes_.take(std::uint64_t{e.where} << 24 | (e.c & 0xffff) << 8 | e.a);
}

std::string trace_sink::id_of(base::span_id s) const {
    const operation* o = under_way_.find(s);
    return o == nullptr ? std::string() : id_text(static_cast<span_class>(o->begin.a), s);
}

void trace_sink::open_lane(std::uint32_t process, std::string_view word, trace_lanes::lane l,
                           base::ps at, const std::string& track_name) {
    if (!lanes_.is_new(l)) return;
    file_.begin_async('n', process, word, l, at, track_name);
    file_.end();
}

void trace_sink::span_ended(const operation& o, base::ps now, const base::event* end) {
    const trace_lanes::lane l = lane_of_[o.begin.span.value];
    lane_of_.erase(o.begin.span.value);
    lanes_.give_back(l);
    if (!overlaps(o.begin.time, now)) return;
    const auto of = static_cast<span_class>(o.begin.a);
    const std::string_view word = id_word(of);
    const std::uint32_t process = file_.of(o.begin.where).process;
    const std::string whose = o.begin.c != 0 ? " " + device(o.begin.c) : "";
    open_lane(process, word, l, o.begin.time, std::string(word) + whose);
    file_.begin_async('b', process, word, l, o.begin.time, id_text(of, o.begin.span) + whose);
    transaction_args(o, now, end);
    file_.end();
    stages(o, process, word, l);
    file_.begin_async('e', process, word, l, now, "");
    file_.end();
    if (of == span_class::atc_inv) arrows(o);
}

void trace_sink::transaction_args(const operation& o, base::ps now, const base::event* end) {
    file_.arg("ps", (now - o.begin.time).count);
    const base::span_id parent{static_cast<std::uint32_t>(o.begin.b)};
    if (const std::string id = id_of(parent); !id.empty()) file_.arg("part_of", id);
    if (o.begin.d != 0) {
        std::string detail;
        append_hex(detail, o.begin.d);
        file_.arg("detail", detail);
    }
    if (end == nullptr)
        file_.arg("open", "true");
    else if (end->a != 0)
        file_.arg("result", static_cast<std::int64_t>(end->a));
}

void trace_sink::stages(const operation& o, std::uint32_t process, std::string_view word,
                        trace_lanes::lane l) {
    for (std::size_t i = 1; i < o.stages.size(); ++i) {
        const operation::boundary& from = o.stages[i - 1];
        const operation::boundary& to = o.stages[i];
        const std::string_view name =
            options_.stage_name != nullptr ? options_.stage_name(to.number) : std::string_view();
        if (name.empty() || to.after == from.after) continue;
        file_.begin_async('b', process, word, l, o.begin.time + base::ps{from.after}, name);
        file_.arg("ps", to.after - from.after);
        if (to.waited_for != base::no_span) {
            const std::string id = id_of(to.waited_for);
            file_.arg("waited_for", id.empty() ? std::to_string(to.waited_for.value) : id);
        }
        file_.end();
        file_.begin_async('e', process, word, l, o.begin.time + base::ps{to.after}, "");
        file_.end();
    }
}

/// A thread of the place on which this leg overlaps no other.
trace_sink::track trace_sink::leg_track(base::place_id where, base::ps from, base::ps to) {
    std::vector<leg_thread>& threads = legs_[where];
    for (leg_thread& t : threads)
        if (t.until <= from) {
            t.until = to;
            return t.at;
        }
    const std::string& place = ctx_.probe.name(where);
    const std::string name =
        place + " INV" + (threads.empty() ? "" : " " + std::to_string(threads.size()));
    threads.push_back({file_.of(place.substr(0, place.find('.')), name), to});
    return threads.back().at;
}

/// Arrows lead from slice to slice of threads, so each leg is one.
void trace_sink::arrows(const operation& o) {
    const std::string id = id_text(span_class::atc_inv, o.begin.span);
    std::size_t reached = 0;
    for (const leg& l : legs) {
        if (find(o, l.from) == nullptr || find(o, l.to) == nullptr) break;
        ++reached;
    }
    for (std::size_t i = 0; i < reached; ++i) {
        const operation::boundary* from = find(o, legs[i].from);
        const operation::boundary* to = find(o, legs[i].to);
        const base::ps since = o.begin.time + base::ps{from->after};
        const base::ps until = o.begin.time + base::ps{to->after};
        const track at = leg_track(legs[i].from == 0 ? o.begin.where : to->where, since, until);
        file_.begin('X', at, since, id + " " + legs[i].name, "INV");
        file_.duration(until - since);
        if (reached > 1) file_.arrow(o.begin.span.value, i != 0, i + 1 != reached);
        file_.end();
    }
}

void trace_sink::tlp_sent(const base::event& e) {
    ++tlps_;
    if (!options_.wire) return;
    flight f{e, {}, lanes_.take(std::uint64_t{e.where} << 24 | tlp_lanes)};
    append_tlp(f.text, tlps_, e.a, e.b);
    if (const operation* o = under_way_.find(e.span))
        append_id(f.text += ' ', static_cast<span_class>(o->begin.a), e.span);
    flying_[{e.where, e.a << 32 ^ e.d}].push_back(std::move(f));
}

void trace_sink::tlp_gone(const base::event& e) {
    const auto queue = flying_.find({e.where, e.a << 32 ^ e.d});
    if (queue == flying_.end()) return;
    const flight f = std::move(queue->second.front());
    queue->second.pop_front();
    if (queue->second.empty()) flying_.erase(queue);
    lanes_.give_back(f.lane);
    write(f, e.time, e.what == base::kind::tlp_dropped ? ctx_.probe.text_of(e.b) : "");
}

void trace_sink::write(const flight& f, base::ps until, std::string_view lost) {
    if (!overlaps(f.sent.time, until)) return;
    const std::uint32_t process = file_.of(f.sent.where).process;
    open_lane(process, tlp_id_word, f.lane, f.sent.time,
              std::string(tlp_id_word).append(" ").append(ctx_.probe.name(f.sent.where)));
    file_.begin_async('b', process, tlp_id_word, f.lane, f.sent.time, f.text);
    if (!lost.empty()) file_.arg("dropped", lost);
    file_.arg("bytes", static_cast<std::int64_t>(f.sent.c));
    file_.end();
    file_.begin_async('e', process, tlp_id_word, f.lane, until, "");
    file_.end();
}

}  // namespace drydock::waves
