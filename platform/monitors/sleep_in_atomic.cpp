// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/sleep_in_atomic.h"

namespace drydock::monitors {

sleep_in_atomic::sleep_in_atomic(reporter& r)
    : monitor("sleep_in_atomic", r, {base::kind::sw_might_sleep}) {}

void sleep_in_atomic::on_event(const base::event& e) {
    if (e.c == 0) return;
    found({e.b, e.a}, e.span, [&] {
        return finding{e.time,
                       e.span,
                       place(e.b),
                       {},
                       "nothing that may sleep is called in atomic context",
                       text(e.a) + " may sleep"};
    });
}

}  // namespace drydock::monitors
