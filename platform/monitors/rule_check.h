// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "platform/monitors/monitor.h"
#include "waves/flat_map.h"

namespace drydock::monitors {

/// Rules that today's software breaks in every variant; class known_gap.
///  H-66  PASID Enable is written while ATS Enable is 1 (PCIe: undefined): done() turns ATS on
///  before
///        pci_restore_state turns PASID on. Told by the function (kind::error_logged with the text
///        `pasid_enable_text`) or by config_written().
///  H-67  An Invalidate Request reaches a function between d4 (done returned) and s (state
///  restored):
///        just out of reset, its ATC may not be up.
class rule_check final : public monitor {
public:
    /// What a function logs when it sees H-66.
    static constexpr std::string_view pasid_enable_text =
        "PASID Enable changed while ATS Enable is set";

    explicit rule_check(reporter& r);

    /// For builders that watch configuration space: PASID Control was written and changed PASID
    /// Enable.
    void pasid_enable_changed(base::routing_id function, bool ats_enabled, base::ps now,
                              base::span_id span);

private:
    void on_event(const base::event& e) override;
    void h66(base::routing_id function, base::ps t, base::span_id span);
    void h67(std::uint64_t function, const base::event& e);

    waves::flat_map<std::uint64_t, bool> between_d4_and_s_;
    std::uint64_t open_ = 0;
    std::uint32_t d4_, s_, pasid_text_;
};

}  // namespace drydock::monitors
