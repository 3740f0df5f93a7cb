// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tlm/base/context.h"
#include "tlm/pcie/errors.h"
#include "tlm/pcie/link_error.h"

namespace drydock::endpoint {

/// A function's own errors: registers by the rules of pcie/errors.h, the message to the root
/// complex, the probe, and a count of each.
class error_reporter {
public:
    struct messenger {
        virtual void send_error(pcie::msg_code code) = 0;

    protected:
        ~messenger() = default;
    };

    /// @param physical  of a virtual function: the PF's registers, which say what is told and how
    ///                  bad it is; null of any other
    error_reporter(base::context& ctx, base::place_id place, pcie::config_space& config,
                   pcie::config_space* physical, messenger& m);

    /// @param advisory  the requester is told by a completion, or the function goes on without harm
    /// @param t         the TLP at fault, for the header log; null if there is none
    void report(pcie::error error, bool advisory, const pcie::tlp* t, base::routing_id function);
    /// As report(), without the message: @return what would be sent
    std::optional<pcie::msg_code> log(pcie::error error, bool advisory, const pcie::tlp* t,
                                      base::routing_id function);
    /// The same for what the device's link finds.
    std::optional<pcie::msg_code> log(pcie::link_error error, base::routing_id function);
    /// Something that no register tells, for monitors: a rule that software broke.
    void note(std::string_view text, base::routing_id function, base::span_id span);

    std::uint64_t count(pcie::error error) const {
        return counts_[static_cast<std::size_t>(error)];
    }

private:
    std::optional<pcie::msg_code> log_virtual(pcie::error error, bool advisory);

    base::context& ctx_;
    base::place_id place_;
    pcie::config_space& config_;
    pcie::config_space* physical_;
    messenger& messenger_;
    std::array<std::uint64_t, 32> counts_{};
};

}  // namespace drydock::endpoint
