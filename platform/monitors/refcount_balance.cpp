// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/refcount_balance.h"

namespace drydock::monitors {

refcount_balance::refcount_balance(reporter& r)
    : monitor("refcount_balance", r, {base::kind::sw_refcount}) {}

void refcount_balance::on_event(const base::event& e) {
    object& o = objects_[e.a];
    if (o.count <= o.rest && e.b > e.c) o.since = e.time, o.span = e.span, o.by = e.where;
    o.count = e.b;
    o.rest = e.c;
}

void refcount_balance::finish(base::ps) {
    for (const auto& [name, o] : objects_) {
        if (o.count <= o.rest) continue;
        found({name, 0}, o.span, [&, n = name, obj = o] {
            return finding{obj.since,
                           obj.span,
                           text(n),
                           {},
                           "every reference taken is given back",
                           text(n) + " has " + std::to_string(obj.count) + " references, " +
                               std::to_string(obj.rest) + " at rest; taken by " + place(obj.by)};
        });
    }
}

}  // namespace drydock::monitors
