// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/use_after_free.h"

namespace drydock::monitors {

use_after_free::use_after_free(reporter& r)
    : monitor("use_after_free", r, {base::kind::sw_object}) {}

void use_after_free::on_event(const base::event& e) {
    constexpr std::uint64_t used = 1;  // kind::sw_object, state
    if (e.b != used) return;
    found({e.a, 0}, e.span, [&] {
        return finding{e.time,
                       e.span,
                       text(e.a),
                       {},
                       "no object is used after its release",
                       text(e.a) + " was used by " + place(e.where) + " after its release"};
    });
}

}  // namespace drydock::monitors
