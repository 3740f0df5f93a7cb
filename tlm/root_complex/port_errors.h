// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "tlm/base/context.h"
#include "tlm/pcie/errors.h"
#include "tlm/pcie/link_error.h"

namespace drydock::root_complex {

/// Whom the error registers of a root port tell.
struct port_errors_owner {
    /// The condition of Root Error Status and Command goes from 0 to 1.
    virtual void root_error_interrupt() = 0;
    /// An own unmasked uncorrectable error. @return true: Downstream Port Containment takes it and
    /// decides about its message
    virtual bool may_contain(const pcie::logged_error& e) = 0;

protected:
    ~port_errors_owner() = default;
};

/// The error side of a root port: its own errors (AER), messages from below, Root Error Status and
/// Command, Secondary Status, system error (PCIe AER).
class port_errors {
public:
    port_errors(base::context& ctx, base::place_id place, base::routing_id id,
                pcie::config_space& space, port_errors_owner& owner);

    /// Detected by the port itself.
    void detect(pcie::error e, const pcie::tlp* t, bool advisory);
    void detect_correctable(unsigned bit, std::string_view text);
    /// Found by the port's link.
    void detect(pcie::link_error e);
    /// ERR_COR, ERR_NONFATAL or ERR_FATAL from below.
    void message(pcie::msg_code code, base::routing_id source);
    /// A message of the port itself; it counts like a received one.
    void own_message(pcie::msg_code code);
    /// System error, as SysError of RP PIO asks for it.
    void system_error() { ++system_errors_; }
    void config_written(std::uint16_t offset);
    void set_message_number(unsigned n);

    /// The condition of the interrupt.
    bool asks() const { return asked_; }
    std::uint64_t count() const { return count_; }
    std::uint64_t system_errors() const { return system_errors_; }

private:
    void record(pcie::msg_code code, base::routing_id source);
    void look();

    base::context& ctx_;
    base::place_id place_;
    base::routing_id id_;
    pcie::config_space& space_;
    port_errors_owner& owner_;
    bool asked_ = false;
    std::uint64_t count_ = 0, system_errors_ = 0;
};

}  // namespace drydock::root_complex
