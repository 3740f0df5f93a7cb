// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "platform/monitors/monitor.h"
#include "waves/flat_map.h"

namespace drydock::monitors {

/// An Invalidate Request reaches, or lies unprocessed in, a function or link that is in reset.
/// A request is followed by its span: from ITag to function (boundary 8) to the completion's first
/// byte (boundary 12).
class invalidate_in_reset final : public monitor {
public:
    explicit invalidate_in_reset(reporter& r);

private:
    struct request {
        std::uint16_t function = 0;
        bool arrived = false;
    };
    void on_event(const base::event& e) override;
    void function_state(const base::event& e);
    void stage(const base::event& e);
    void hit(base::ps t, base::span_id span, std::uint16_t function, std::string what);
    void forget(base::span_id span);

    waves::flat_map<std::uint64_t, request> requests_;  // by span
    waves::flat_map<std::uint64_t, bool> in_reset_;     // by function
    std::vector<base::span_id> arrived_;                // unprocessed, at most the ITags
    base::span_id last_{};                              // request counted last
    std::uint32_t ready_, operational_, dead_;
};

}  // namespace drydock::monitors
