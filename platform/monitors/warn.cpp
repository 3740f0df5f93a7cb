// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/warn.h"

namespace drydock::monitors {

warn::warn(reporter& r) : monitor("warn", r, {base::kind::sw_warn}) {}

void warn::on_event(const base::event& e) {
    const base::routing_id function = rid(e.b);
    found({function.value, e.a}, e.span, [&] {
        return finding{e.time,
                       e.span,
                       function.value != 0 ? report().device_name(function) : place(e.where),
                       function,
                       "software does not WARN",
                       text(e.a)};
    });
}

}  // namespace drydock::monitors
