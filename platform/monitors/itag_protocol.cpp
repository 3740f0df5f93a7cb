// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/itag_protocol.h"

namespace drydock::monitors {

itag_protocol::itag_protocol(reporter& r)
    : monitor("itag_protocol", r,
              {base::kind::itag_taken, base::kind::itag_retired, base::kind::itag_timeout,
               base::kind::itag_unexpected}) {}

void itag_protocol::on_event(const base::event& e) {
    if (e.what == base::kind::itag_unexpected)
        return wrong(e, e.b, 0, "Invalidate Completion that nobody waits for: " + text(e.c));
    tracker& t = trackers_[e.where];
    if (e.a >= itags) return wrong(e, e.b, 1, "ITag " + std::to_string(e.a));
    switch (e.what) {
        case base::kind::itag_taken:
            return taken(e, t);
        case base::kind::itag_timeout:
            return timed_out(e, t);
        default:
            return retired(e, t);
    }
}

void itag_protocol::taken(const base::event& e, tracker& t) {
    owner& o = t.owners[e.a];
    if (o.taken && !o.lost) wrong(e, e.b, 2, "ITag " + std::to_string(e.a) + " is taken twice");
    if (!o.taken) ++t.in_use;
    o = {true, false, static_cast<std::uint16_t>(e.b), e.span};
    count(e, t);
}

bool itag_protocol::owned(const base::event& e, const owner& o) {
    if (!o.taken) {
        wrong(e, e.b, 3, "ITag " + std::to_string(e.a) + " comes free without an owner");
        return false;
    }
    if (o.function != static_cast<std::uint16_t>(e.b))
        wrong(e, e.b, 4,
              "ITag " + std::to_string(e.a) + " of " + report().device_name(rid(o.function)) +
                  " is closed by another function");
    return true;
}

/// Free from now on, or with the itag_retired that follows.
void itag_protocol::timed_out(const base::event& e, tracker& t) {
    owner& o = t.owners[e.a];
    if (owned(e, o)) o.lost = true;
}

void itag_protocol::retired(const base::event& e, tracker& t) {
    owner& o = t.owners[e.a];
    if (!owned(e, o)) return;
    o = {};
    --t.in_use;
    count(e, t);
}

void itag_protocol::count(const base::event& e, tracker& t) {
    const std::uint64_t total = t.in_use + e.c;
    if (t.total == 0)
        t.total = total;
    else if (t.total != total)
        wrong(e, e.b, 5,
              std::to_string(t.in_use) + " in use and " + std::to_string(e.c) + " free of " +
                  std::to_string(t.total));
}

void itag_protocol::wrong(const base::event& e, std::uint64_t function, std::uint64_t detail,
                          std::string what) {
    found({function & 0xffff, detail}, e.span, [&] {
        return finding{
            e.time,
            e.span,
            report().device_name(rid(function)),
            rid(function),
            "an ITag has one owner, comes free by its completion or timeout and is never lost",
            std::move(what)};
    });
}

}  // namespace drydock::monitors
