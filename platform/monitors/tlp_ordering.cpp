// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/tlp_ordering.h"

#include <algorithm>

namespace drydock::monitors {
namespace {

// kind::tlp_queued, attributes
constexpr std::uint64_t posted = 0, non_posted = 1, completion = 2;
constexpr const char* class_names[] = {"posted TLP", "non-posted request", "completion"};

bool relaxed(std::uint64_t a) { return (a & 1) != 0; }
bool id_based(std::uint64_t a) { return (a & 2) != 0; }
std::uint64_t flow_class(std::uint64_t a) { return a >> 2 & 3; }
std::uint64_t channel(std::uint64_t a) { return a >> 4 & 7; }
bool has_data(std::uint64_t a) { return (a & 0x80) != 0; }
bool pasids_differ(std::uint64_t a, std::uint64_t b) {
    return (a & b & 0x100) != 0 && (a >> 12 & 0xfffff) != (b >> 12 & 0xfffff);
}
std::uint64_t completer(std::uint64_t a) { return a >> 32 & 0xffff; }
std::uint64_t requester(std::uint64_t ids) { return ids >> 16 & 0xffff; }

}  // namespace

tlp_ordering::tlp_ordering(reporter& r)
    : monitor("tlp_ordering", r,
              {base::kind::tlp_queued, base::kind::tlp_sent, base::kind::tlp_dropped}) {}

void tlp_ordering::on_event(const base::event& e) {
    if (e.what == base::kind::tlp_queued) {
        if (e.where >= queues_.size()) queues_.resize(e.where + 1);
        queues_[e.where].push_back({e.a, e.b, e.d, e.c});
    } else if (e.where < queues_.size()) {
        if (e.what == base::kind::tlp_sent)
            sent(e);
        else
            dropped(e);
    }
}

void tlp_ordering::sent(const base::event& e) {
    auto& queue = queues_[e.where];
    const auto mine = std::find_if(queue.begin(), queue.end(), [&](const waiting& w) {
        return w.type == e.a && w.address == e.b && w.ids == e.d;
    });
    if (mine == queue.end()) return;  // taken before anybody listened
    for (auto earlier = queue.begin(); earlier != mine; ++earlier)
        if (!may_pass(*mine, *earlier)) passed(e, *mine, *earlier);
    queue.erase(mine);
}

/// Its link fell, or it was lost on the way: then it had been sent already.
void tlp_ordering::dropped(const base::event& e) {
    auto& queue = queues_[e.where];
    const auto gone = std::find_if(queue.begin(), queue.end(),
                                   [&](const waiting& w) { return w.type == e.a && w.ids == e.d; });
    if (gone != queue.end()) queue.erase(gone);
}

bool tlp_ordering::may_pass(const waiting& later, const waiting& earlier) {
    const std::uint64_t l = later.attributes, p = earlier.attributes;
    if (channel(l) != channel(p)) return true;
    if (flow_class(p) == completion) return flow_class(l) != completion || later.ids != earlier.ids;
    if (flow_class(p) != posted) return true;
    const bool other = requester(later.ids) != requester(earlier.ids);
    switch (flow_class(l)) {
        case posted:
            return relaxed(l) || (id_based(l) && (other || pasids_differ(l, p)));
        case non_posted:
            return (has_data(l) && relaxed(l)) || (id_based(l) && other);
        default:
            return !has_data(l) || relaxed(l) ||
                   (id_based(l) && completer(l) != requester(earlier.ids));
    }
}

void tlp_ordering::passed(const base::event& e, const waiting& later, const waiting& earlier) {
    found(
        {e.where, flow_class(later.attributes) << 2 | flow_class(earlier.attributes)}, e.span, [&] {
            return finding{e.time,
                           e.span,
                           place(e.where),
                           rid(requester(later.ids)),
                           "TLPs pass each other only where the ordering rules allow it",
                           std::string("a ") + class_names[flow_class(later.attributes)] +
                               " passed an earlier " + class_names[flow_class(earlier.attributes)]};
        });
}

}  // namespace drydock::monitors
