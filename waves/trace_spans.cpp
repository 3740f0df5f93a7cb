// SPDX-License-Identifier: Apache-2.0
// Transactions of a trace: async spans with their stages, arrows, TLPs.
#include "waves/field_text.h"
#include "waves/tlp_words.h"
#include "waves/trace_sink.h"
#include "waves/transaction_id.h"

namespace drydock::waves {
namespace {

using base::span_class;

/// Of which there are too many for a trace of a whole run.
constexpr bool is_bulk(span_class c) {
    return c == span_class::translation || c == span_class::dma;
}

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

void trace_sink::span_ended(const operation& o, base::ps now, const base::event* end) {
    const auto of = static_cast<span_class>(o.begin.a);
    if ((is_bulk(of) && !options_.everything) || !overlaps(o.begin.time, now)) return;
    const track at = file_.of(o.begin.where);
    const std::string_view category = id_word(of);
    std::string name = id_text(of, o.begin.span);
    if (o.begin.c != 0) (name += ' ') += device(o.begin.c);
    file_.begin('b', at, o.begin.time, name, category);
    file_.id(o.begin.span.value);
    file_.arg("id", id_text(of, o.begin.span));
    file_.arg("begin_ps", o.begin.time.count);
    if (o.begin.b != 0) file_.arg("parent", static_cast<std::int64_t>(o.begin.b));
    if (o.begin.d != 0) {
        std::string detail;
        append_hex(detail, o.begin.d);
        file_.arg("detail", detail);
    }
    file_.arg("took_ps", (now - o.begin.time).count);
    if (end != nullptr)
        file_.arg("result", static_cast<std::int64_t>(end->a));
    else
        file_.arg("open", "true");
    file_.end();
    stages(o, at, category);
    file_.begin('e', at, now, name, category);
    file_.id(o.begin.span.value);
    file_.end();
    if (of == span_class::atc_inv) flow(o);
}

void trace_sink::stages(const operation& o, track at, std::string_view category) {
    for (std::size_t i = 1; i < o.stages.size(); ++i) {
        const operation::boundary& from = o.stages[i - 1];
        const operation::boundary& to = o.stages[i];
        const std::string_view name =
            options_.stage_name != nullptr ? options_.stage_name(to.number) : std::string_view();
        if (name.empty() || to.after == from.after) continue;
        file_.begin('b', at, o.begin.time + base::ps{from.after}, name, category);
        file_.id(o.begin.span.value);
        file_.arg("ps", to.after - from.after);
        if (to.waited_for != base::no_span) {
            file_.arg("waited_for_span", static_cast<std::int64_t>(to.waited_for.value));
            if (const operation* other = under_way_.find(to.waited_for))
                file_.arg("waited_for",
                          id_text(static_cast<span_class>(other->begin.a), to.waited_for));
        }
        file_.end();
        file_.begin('e', at, o.begin.time + base::ps{to.after}, name, category);
        file_.id(o.begin.span.value);
        file_.end();
    }
}

/// Arrows bind to slices of threads, so each leg is one.
void trace_sink::flow(const operation& o) {
    const std::string id = id_text(span_class::atc_inv, o.begin.span);
    std::vector<std::pair<track, base::ps>> stops;
    for (const leg& l : legs) {
        const operation::boundary* from = find(o, l.from);
        const operation::boundary* to = find(o, l.to);
        if (from == nullptr || to == nullptr) break;
        const track at = file_.of(l.from == 0 ? o.begin.where : to->where);
        const base::ps since = o.begin.time + base::ps{from->after};
        file_.begin('X', at, since, id + " " + l.name, "INV");
        file_.duration(base::ps{to->after - from->after});
        file_.end();
        stops.emplace_back(at, since);
    }
    if (stops.size() < 2) return;
    for (std::size_t i = 0; i < stops.size(); ++i) {
        const bool last = i + 1 == stops.size();
        file_.begin(i == 0 ? 's'
                    : last ? 'f'
                           : 't',
                    stops[i].first, stops[i].second, "INV", "flow");
        file_.id(o.begin.span.value);
        if (last) file_.raw("bp", "\"e\"");
        file_.end();
    }
}

void trace_sink::tlp_sent(const base::event& e) {
    ++tlps_;
    if (!options_.everything) return;
    flight f{tlps_, e, {}};
    append_id(f.text, tlp_id_word, tlps_);
    append_hex(((f.text += ' ') += tlp_word(e.a)) += ' ', e.b);
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
    if (!overlaps(f.sent.time, e.time)) return;
    const track at = file_.of(e.where);
    file_.begin('b', at, f.sent.time, f.text, tlp_id_word);
    file_.id(f.number);
    if (e.what == base::kind::tlp_dropped) file_.arg("dropped", ctx_.probe.text_of(e.b));
    file_.arg("bytes", static_cast<std::int64_t>(f.sent.c));
    file_.arg("begin_ps", f.sent.time.count);
    file_.end();
    file_.begin('e', at, e.time, f.text, tlp_id_word);
    file_.id(f.number);
    file_.end();
}

}  // namespace drydock::waves
