// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "platform/monitors/hardware_view.h"
#include "platform/monitors/monitor.h"

namespace drydock::monitors {

/// STE and CD differ from the core's view (blocked means the blocking domain) while no attach holds
/// a group mutex; ATS Enable differs from ats_enabled at p4, d4 and s and outside of resets.
/// Looks when a group mutex is given back, at p4, d4, s, and at the end. The core's view is what
/// software says by sw_view and sw_device_blocked. A domain's translation table is the one that its
/// first attach wrote.
class sw_hw_domain_mismatch final : public monitor {
public:
    explicit sw_hw_domain_mismatch(reporter& r);
    /// Without a view nothing is judged. The caller keeps it alive.
    void connect(hardware_view* hardware) { hardware_ = hardware; }
    void finish(base::ps now) override;

private:
    enum class domain_type : std::uint8_t { none, blocked, identity, paging };
    struct attachment {
        std::uint64_t domain = 0;
        domain_type type = domain_type::none;
    };
    struct device {
        attachment rid;
        std::map<std::uint32_t, attachment> pasids;
        bool blocked = false;
        std::uint64_t blocked_by = 0;  // domain; 0: transactions are aborted
        bool in_reset = false;         // r0 .. s
        bool no_link = false;
    };
    void on_event(const base::event& e) override;
    void attach(const base::event& e);
    void view(const base::event& e);
    void point(const base::event& e);
    void unlocked(const base::event& e);
    void check(std::uint16_t function, const device& d, base::ps t, base::span_id span, bool ats);
    void check_translation(std::uint16_t function, const device& d, const ste_view& ste, base::ps t,
                           base::span_id span);
    void check_table(std::uint16_t function, std::uint32_t ssid, const attachment& a, base::ps t,
                     base::span_id span);
    void check_ats(std::uint16_t function, const device& d, const ste_view& ste, base::ps t,
                   base::span_id span);
    void differs(std::uint16_t function, std::uint64_t rule, base::ps t, base::span_id span,
                 std::string what);
    bool is_group_mutex(std::uint64_t lock) const;

    hardware_view* hardware_ = nullptr;
    std::map<std::uint16_t, device> devices_;
    std::map<std::uint64_t, std::uint64_t> table_of_;  // domain -> TTB0
    int group_mutexes_held_ = 0;
    std::uint32_t p4_, d4_, r0_, s_, link_down_, blocked_, identity_, none_;
};

}  // namespace drydock::monitors
