// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/invalidate_in_reset.h"

#include <algorithm>

namespace drydock::monitors {
namespace {

// Boundaries of an invalidation's stages.
constexpr std::uint64_t request_at_function = 8;
constexpr std::uint64_t completion_sent = 12;

}  // namespace

invalidate_in_reset::invalidate_in_reset(reporter& r)
    : monitor("invalidate_in_reset", r,
              {base::kind::function_state, base::kind::stage, base::kind::invalidate_ignored,
               base::kind::itag_taken, base::kind::itag_retired, base::kind::itag_timeout,
               base::kind::tlp_dropped}),
      ready_(r.probe().text("ready")),
      operational_(r.probe().text("operational")),
      dead_(r.probe().text("dead")) {}

void invalidate_in_reset::on_event(const base::event& e) {
    switch (e.what) {
        case base::kind::function_state:
            return function_state(e);
        case base::kind::stage:
            return stage(e);
        case base::kind::itag_taken:
            if (e.span != base::no_span)
                requests_[e.span.value] = {static_cast<std::uint16_t>(e.b), false};
            return;
        case base::kind::itag_retired:
        case base::kind::itag_timeout:
            return forget(e.span);
        case base::kind::invalidate_ignored: {
            const bool* r = in_reset_.find(e.a & 0xffff);
            if (r != nullptr && *r)
                hit(e.time, e.span, static_cast<std::uint16_t>(e.a), "ignored: " + text(e.b));
            return;
        }
        case base::kind::tlp_dropped: {
            // Only an Invalidate Request on its way down is known here by span and not yet arrived.
            const request* q = requests_.find(e.span.value);
            if (q != nullptr && !q->arrived)
                hit(e.time, e.span, q->function, "dropped: " + text(e.b));
            return;
        }
        default:
            return;
    }
}

void invalidate_in_reset::function_state(const base::event& e) {
    const auto function = static_cast<std::uint16_t>(e.a);
    const bool reset = e.b != ready_ && e.b != operational_ && e.b != dead_;
    in_reset_[function] = reset;
    if (!reset) return;
    for (const base::span_id span : arrived_) {
        const request* q = requests_.find(span.value);
        if (q != nullptr && q->function == function)
            hit(e.time, span, function, "lay unprocessed when it began");
    }
    std::erase_if(arrived_, [&](base::span_id s) {
        const request* q = requests_.find(s.value);
        return q == nullptr || q->function == function;
    });
}

void invalidate_in_reset::stage(const base::event& e) {
    if (e.a == request_at_function) {
        const auto function = static_cast<std::uint16_t>(e.c);
        if (request* q = requests_.find(e.span.value)) q->arrived = true;
        const bool* reset = in_reset_.find(function);
        if (reset != nullptr && *reset) return hit(e.time, e.span, function, "arrived");
        arrived_.push_back(e.span);
    } else if (e.a == completion_sent) {
        std::erase(arrived_, e.span);
    }
}

void invalidate_in_reset::forget(base::span_id span) {
    requests_.erase(span.value);
    std::erase(arrived_, span);
}

void invalidate_in_reset::hit(base::ps t, base::span_id span, std::uint16_t function,
                              std::string what) {
    // One request may both arrive and be ignored: it counts once.
    request* q = requests_.find(span.value);
    if (q != nullptr)
        requests_.erase(span.value);
    else if (span != base::no_span && span == last_)
        return;
    last_ = span;
    found({function, 0}, span, [&] {
        return finding{
            t,
            span,
            report().device_name(base::routing_id{function}),
            base::routing_id{function},
            "no Invalidate Request reaches or lies in a function or link that is in reset",
            "Invalidate Request " + what};
    });
}

}  // namespace drydock::monitors
