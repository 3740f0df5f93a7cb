// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "platform/monitors/monitor.h"

namespace drydock::monitors {

/// References are left at the end of the run: more than an object has when nothing is under way.
/// An object without references is gone and owes nothing.
class refcount_balance final : public monitor {
public:
    explicit refcount_balance(reporter& r);
    void finish(base::ps now) override;

private:
    struct object {
        std::uint64_t count = 0, rest = 0;
        base::ps since{};  // when it last left its rest
        base::span_id span{};
        base::place_id by{};
    };
    void on_event(const base::event& e) override;

    std::map<std::uint64_t, object> objects_;  // by name
};

}  // namespace drydock::monitors
