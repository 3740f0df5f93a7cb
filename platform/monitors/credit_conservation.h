// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "platform/monitors/monitor.h"

namespace drydock::monitors {

/// Flow-control credits (PCIe 2.6.1): a sender never uses more than it was given, and no more comes
/// back than was used. Per link direction, virtual channel and class; what comes before the first
/// use advertises, as a link tells it at the start and after each training (UINT32_MAX: infinite).
/// A link that goes down starts anew.
class credit_conservation final : public monitor {
public:
    explicit credit_conservation(reporter& r);

private:
    static constexpr std::size_t classes = 3;  // posted, non-posted, completion
    struct account {
        std::uint64_t advertised = 0;
        std::uint64_t in_use = 0;
        bool infinite = false;
    };
    struct direction {
        bool used = false;
        bool advertised = false;
        account header, data;
    };
    void on_event(const base::event& e) override;
    void consumed(const base::event& e, direction& d);
    void returned(const base::event& e, direction& d);
    void link_changed(const base::event& e);
    void wrong(const base::event& e, std::uint64_t detail, std::string what);

    using by_class = std::array<direction, classes>;
    std::vector<std::vector<by_class>> links_;  ///< by virtual channel and direction's place
};

}  // namespace drydock::monitors
